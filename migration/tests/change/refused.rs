//! What SQLite would lose rows or meaning by is refused, and leaves everything as it was.

use migration::SchemaManager;
use migration::schema::{change_table, string};
use rstest::rstest;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectOptions, DbBackend, TransactionTrait};
use workflow::recorder::{Direction, record_one};

use crate::harness::{Backend::Sqlite, Database, FAMILY};

#[rstest]
#[case::view("CREATE VIEW other AS SELECT minutes FROM task", "other")]
#[case::trigger(
    "CREATE TRIGGER other AFTER DELETE ON flag BEGIN UPDATE task SET minutes = 'x'; END",
    "other"
)]
#[case::own_trigger(
    "CREATE TRIGGER other AFTER UPDATE OF minutes ON task BEGIN SELECT 1; END",
    "minutes"
)]
#[case::computed("ALTER TABLE task ADD COLUMN other AS (minutes || '!')", "minutes")]
#[case::key("CREATE TABLE other (task_title text REFERENCES task (minutes))", "")]
#[tokio::test]
async fn what_others_need_is_not_dropped(#[case] other: &str, #[case] told: &str) {
    let database = Database::new(Sqlite, FAMILY).await;
    database.execute(other).await.expect(other);

    let error = database.refusal(change_table("task").drop_column("minutes")).await;

    assert!(error.contains(told), "{error}");
    database.remove().await;
}

#[tokio::test]
async fn a_view_that_was_broken_before_is_no_reason() {
    let database = Database::new(Sqlite, FAMILY).await;
    database.execute("CREATE VIEW other AS SELECT a FROM nowhere").await.expect("a view");

    database.apply(change_table("task").nullable("title")).await.expect("it is changed");
    database.remove().await;
}

#[tokio::test]
async fn inside_a_transaction_a_table_with_children_is_refused_and_another_is_not() {
    let database = Database::new(Sqlite, FAMILY).await;
    #[expect(clippy::disallowed_methods, reason = "as a migration runs")]
    let tx = database.connection.begin().await.expect("a transaction");
    let manager = SchemaManager::new(&tx);

    let error = change_table("task").nullable("title").apply(&manager).await.expect_err("refused");
    change_table("pin").nullable("task_id").apply(&manager).await.expect("nothing refers to pins");
    change_table("pin")
        .reference("id", "owner", migration::schema::Cascade)
        .apply(&manager)
        .await
        .expect_err("no such owner");
    tx.commit().await.expect("what was done is kept");

    assert!(
        error.to_string().contains("in detail, ")
            || error.to_string().contains("flag, pin, step, task"),
        "{error}"
    );
    assert!(error.to_string().contains("use_transaction()"), "{error}");
    assert!(database.table("pin").await.column("task_id").is_some_and(|column| column.nullable));
    assert_eq!(database.rows("SELECT count(*) || '' FROM detail").await, ["3"]);
    assert_eq!(
        (database.pragma("foreign_keys").await, database.pragma("legacy_alter_table").await),
        (1, 0)
    );
    database.remove().await;
}

#[tokio::test]
async fn a_pool_of_several_connections_is_refused() {
    let database = Database::new(Sqlite, FAMILY).await;
    let mut options = ConnectOptions::new(database.url().reveal());
    options.max_connections(2);
    let pool = sea_orm::Database::connect(options).await.expect("it can be reached");

    let change = change_table("task").nullable("title");
    let error = change.apply(&SchemaManager::new(&pool)).await.expect_err("refused");

    assert!(error.to_string().contains("max_connections(1)"), "{error}");
    pool.close().await.expect("it closes");
    database.remove().await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let database = Database::new(Sqlite, FAMILY).await;
    database.execute("CREATE VIRTUAL TABLE words USING fts5(x)").await.expect("a virtual table");

    for (change, told) in [
        (change_table("nothing").nullable("x"), "no table nothing"),
        (change_table("words").nullable("x"), "words is no table that can be rebuilt"),
        (change_table("task").column(string("nothing", 3)), "no column nothing"),
        (change_table("task").nullable("title").drop_check("titel"), "no constraint ck_task_titel"),
        (change_table("task").nullable("title").check("x", "nothing > 1"), "nothing"),
    ] {
        let error = database.refusal(change).await;
        assert!(error.contains(told), "{error}");
    }
    database.remove().await;
}

struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m1"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").nullable("title").unique(["title"]).apply(manager).await
    }
}

#[rstest]
#[case(DbBackend::Sqlite, &[
    r#"/* by a rebuild of the table: ALTER TABLE "task" ALTER COLUMN "title" DROP NOT NULL */"#,
    r#"/* by a rebuild of the table: CREATE UNIQUE INDEX IF NOT EXISTS "uq_task_title" ON "task" ("title") */"#,
])]
#[case(DbBackend::Postgres, &[
    r#"ALTER TABLE "task" ALTER COLUMN "title" DROP NOT NULL"#,
    r#"CREATE UNIQUE INDEX IF NOT EXISTS "uq_task_title" ON "task" ("title")"#,
])]
#[tokio::test]
async fn a_plan_says_what_would_be_done(#[case] backend: DbBackend, #[case] told: &[&str]) {
    let script = record_one(&Migration, backend, Direction::Up).await;

    let without = |statement: &&String| !statement.starts_with("PRAGMA");
    assert_eq!(script.statements.iter().filter(without).collect::<Vec<_>>(), told);
    assert_eq!((script.broken, script.in_transaction), (None, backend == DbBackend::Postgres));
}
