//! A change gives the same entities on both databases.

use migration::SchemaManager;
use migration::schema::{
    Cascade, Restrict, SetNull, add_column, big_integer, change_table, drop_column, rename_column,
    rename_table, string, table, text, timestamp, uuid,
};

use sea_orm_migration::sea_orm::DbErr;
use workflow::entities::{Entities, generate};

use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    Database,
};

#[tokio::test]
async fn both_databases_generate_alike() {
    let (sqlite, postgres) = (entities(Sqlite).await, entities(Postgres).await);

    let diff = sqlite.diff(&postgres);
    assert!(diff.is_empty(), "{diff}");
}

async fn entities(backend: Backend) -> Entities {
    let database = Database::new(backend, &[]).await;
    let manager = SchemaManager::new(&database.connection);
    let columns = [
        uuid("author_id").references("person", Cascade),
        uuid("reviewer_id"),
        uuid("translator_id").null(),
        string("title", 20),
        string("pages", 10).null(),
        text("blurb").unique(),
    ];
    table("person", [string("name", 20)]).create(&manager).await.expect("a table");
    table("book", columns).create(&manager).await.expect("a table");
    let editor = || uuid("editor_id").references("person", SetNull).null();
    let maker = || uuid("maker_id").references("person", SetNull).null();
    add_column(&manager, "book", editor()).await.expect("a column");
    add_column(&manager, "book", maker()).await.expect("a column");

    let change = change_table("book")
        .column(uuid("translator_id").references("person", Restrict).unique())
        .reference("reviewer_id", "person", SetNull)
        .nullable("reviewer_id")
        .not_null("pages")
        .column_from(big_integer("pages"), "CAST(pages AS bigint)")
        .column_from(timestamp("blurb").null(), "CAST(NULL AS timestamptz)")
        .drop_unique(["blurb"])
        .unique(["title", "pages"]);
    database.apply(change).await.expect("the table is changed");
    drop_column(&manager, "book", maker()).await.expect("the column is dropped");

    let entities = generate(&database.connection).await.expect("the generator runs");
    database.remove().await;
    entities
}

/// Three keys of each table to one, in whichever order they are made and get their names.
#[tokio::test]
async fn the_order_of_keys_is_that_of_their_names() {
    let (sqlite, postgres) = (books(Sqlite).await, books(Postgres).await);

    let diff = sqlite.diff(&postgres);
    assert!(diff.is_empty(), "{diff}");
}

async fn books(backend: Backend) -> Entities {
    let database = Database::new(backend, &[]).await;
    let manager = SchemaManager::new(&database.connection);
    table("person", []).create(&manager).await.expect("a table");
    for (outer, added) in ["a_id", "m_id", "z_id"].into_iter().enumerate() {
        let names = [None, Some("aa_id"), Some("mm_id"), Some("zz_id")];
        for (inner, renamed) in names.into_iter().enumerate() {
            let name = ["book", "volume"].map(|name| format!("{name}_{outer}_{inner}"));
            let [name, other] = name.map(|name| &*name.leak());
            book(&manager, name, added, (outer + inner) % 2 == 0)
                .await
                .expect("a table of three keys");
            if let Some(to) = renamed {
                rename_column(&manager, name, "c_id", to).await.expect("it is renamed");
            }
            if inner > 1 {
                rename_table(&manager, name, other).await.expect("it is renamed");
            }
        }
    }
    rename_table(&manager, "person", "human").await.expect("it is renamed");
    let entities = generate(&database.connection).await.expect("the generator runs");
    database.remove().await;
    entities
}

async fn book(
    manager: &SchemaManager<'_>,
    name: &'static str,
    added: &'static str,
    in_one_step: bool,
) -> Result<(), DbErr> {
    let key = |name| uuid(name).references("person", SetNull).null();
    table(name, [key("c_id"), key("t_id"), string("note", 9)]).create(manager).await?;
    if in_one_step {
        add_column(manager, name, key(added)).await?;
        return change_table(name).nullable("note").apply(manager).await;
    }
    add_column(manager, name, uuid(added).null()).await?;
    change_table(name).reference(added, "person", SetNull).index([added]).apply(manager).await
}
