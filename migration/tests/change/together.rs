//! Several steps as one.

use migration::{
    SchemaManager,
    schema::{Cascade, all_or_nothing, change_table, drop_column, drop_table, string, table, uuid},
};
use rstest::rstest;
use sea_orm_migration::{
    SchemaManagerConnection,
    sea_orm::{DatabaseConnection, DbErr, TransactionTrait},
};

use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    Database, FAMILY,
};

#[expect(clippy::disallowed_methods, reason = "as SeaORM begins it")]
/// As a migration that leaves `use_transaction` as it is gets its manager.
pub(crate) async fn migrated(
    backend: Backend,
    connection: &DatabaseConnection,
    steps: impl AsyncFn(&SchemaManager<'_>) -> Result<(), DbErr>,
) -> Result<(), DbErr> {
    if backend == Sqlite {
        return all_or_nothing(&SchemaManager::new(connection), &steps).await;
    }
    let tx = connection.begin().await?;
    let connection = SchemaManagerConnection::Transaction(&tx);
    match all_or_nothing(&SchemaManager::new(connection), &steps).await {
        Ok(()) => tx.commit().await,
        Err(error) => tx.rollback().await.and(Err(error)),
    }
}

#[rstest]
#[tokio::test]
async fn a_change_beside_other_steps_keeps_every_row_or_does_nothing(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let database = Database::new(backend, FAMILY).await;
    let before = database.catalog().await;
    let label = || table("label", [string("name", 10)]);
    let steps = async |manager: &SchemaManager<'_>| {
        label().create(manager).await?;
        change_table("task").no_default("note").not_null("title").apply(manager).await?;
        let step = uuid("label_id").null().references("label", Cascade);
        migration::schema::add_column(manager, "step", step.clone()).await?;
        change_table("task").check("note", "note <> title").apply(manager).await?;
        drop_column(manager, "step", step).await
    };
    let fails = async |manager: &SchemaManager<'_>| {
        steps(manager).await?;
        change_table("task").not_null("note").apply(manager).await
    };
    let failed = migrated(backend, &database.connection, fails).await;
    assert!(failed.is_err(), "two tasks have no note");
    assert_eq!(database.catalog().await, before);
    migrated(backend, &database.connection, steps).await.expect("every row fits");
    let after = database.catalog().await;
    assert!(after.tables.contains_key("label"));
    for (table, rows) in
        [("task", "3"), ("step", "3"), ("detail", "3"), ("flag", "2"), ("pin", "1")]
    {
        let count = database.rows(&format!("SELECT count(*) || '' FROM {table}")).await;
        assert_eq!(count, [rows], "{table}");
    }
    if backend == Sqlite {
        assert_eq!(
            database.rows("SELECT foreign_keys || '' FROM pragma_foreign_keys").await,
            ["1"]
        );
    }
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_table_that_rows_refer_to_is_not_dropped(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = Database::new(backend, FAMILY).await;
    let before = database.catalog().await;
    let drop = async |manager: &SchemaManager<'_>| drop_table(manager, "task").await;
    let error = migrated(backend, &database.connection, drop).await.expect_err("steps refer to it");
    if backend == Sqlite {
        assert!(
            error.to_string().contains("rows would refer to rows that there are not"),
            "{error}"
        );
    }
    assert_eq!(database.catalog().await, before);
    assert_eq!(database.rows("SELECT count(*) || '' FROM step").await, ["3"]);
    database.remove().await;
}
