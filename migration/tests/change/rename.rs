//! What is renamed is as if it had had the new name from its beginning.

use migration::SchemaManager;
use migration::schema::{
    Cascade, Restrict, SetNull, big_integer, change_table, one_of, rename_column, rename_table,
    string, table, uuid,
};
use rstest::rstest;
use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, TransactionTrait},
};
use workflow::{
    catalog::Catalog,
    recorder::{Direction, record_one},
};

use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    Database, FAMILY,
};
use crate::together::migrated;

/// The names that differ between one database and another.
#[derive(Clone, Copy)]
struct Names {
    task: &'static str,
    title: &'static str,
    owner: &'static str,
    parent: &'static str,
}

const NAMES: Names = Names { task: "task", title: "title", owner: "owner_id", parent: "parent_id" };

/// Tables with everything that is named after another thing.
async fn tables(manager: &SchemaManager<'_>, names: Names) -> Result<(), DbErr> {
    let Names { task, title, owner, parent } = names;
    table("person", [string("name", 20)]).create(manager).await?;
    let columns = [
        string(title, 20).unique().lower_case(),
        uuid(owner).references("person", Restrict),
        uuid(parent).references(task, Cascade).null(),
        uuid("reviewer_id").references("person", SetNull).null(),
        one_of("state", &["open", "done"]).default("open"),
        big_integer("item_count").default(1_i64).between(0, 9),
        big_integer("count").default(1_i64).between(0, 9),
    ];
    let columns = table(task, columns).unique([owner, title]).unique(["state", title, "count"]);
    columns.index(["count", title]).index([title, parent, "item_count"]).create(manager).await?;
    change_table(task).check("both", "count <= item_count").apply(manager).await?;
    table("step", [uuid("task_id").references(task, Cascade)]).create(manager).await
}

async fn with_tables(backend: Backend, names: Names) -> Database {
    let database = Database::new(backend, &[]).await;
    let manager = SchemaManager::new(&database.connection);
    tables(&manager, names).await.expect("the tables are made");
    database
}

async fn built(backend: Backend, names: Names) -> Catalog {
    let database = with_tables(backend, names).await;
    let catalog = database.catalog().await;
    database.remove().await;
    catalog
}

/// A person, a task with another below it, each with a step.
async fn fill(database: &Database, backend: Backend) {
    let id = |number: u8| match backend {
        Sqlite => format!("x'{number:032x}'"),
        Postgres => format!("'{number:032x}'"),
    };
    let (one, two, times) =
        (id(1), id(2), "'2026-01-01 00:00:00.000000+00:00', '2026-01-01 00:00:00.000000+00:00'");
    for sql in [
        format!("INSERT INTO person VALUES ({one}, 'Ada', {times})"),
        format!(
            "INSERT INTO task VALUES ({one}, 'one', {one}, NULL, {one}, 'open', 2, 1, {times})"
        ),
        format!(
            "INSERT INTO task VALUES ({two}, 'two', {one}, {one}, NULL, 'done', 3, 2, {times})"
        ),
        format!("INSERT INTO step VALUES ({one}, {one}, {times}), ({two}, {two}, {times})"),
    ] {
        database.execute(&sql).await.expect(&sql);
    }
}

#[rstest]
#[case::unique_and_in_many("title", "name", Names { title: "name", ..NAMES })]
#[case::a_word_of_sql("title", "order", Names { title: "order", ..NAMES })]
#[case::of_any_letters("title", "Ü 'b' [c", Names { title: "Ü 'b' [c", ..NAMES })]
#[case::refers("owner_id", "a_id", Names { owner: "a_id", ..NAMES })]
#[case::refers_to_itself("parent_id", "above", Names { parent: "above", ..NAMES })]
#[tokio::test]
async fn a_column_has_another_name(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] from: &'static str,
    #[case] to: &'static str,
    #[case] names: Names,
) {
    let database = with_tables(backend, NAMES).await;
    fill(&database, backend).await;
    let (before, wanted) = (database.catalog().await, built(backend, names).await);
    let manager = SchemaManager::new(&database.connection);

    for run in ["first", "second"] {
        let renamed = rename_column(&manager, "task", from, to).await;
        renamed.unwrap_or_else(|error| panic!("{run} run: {error}"));
        assert_eq!(database.catalog().await, wanted, "{run} run");
    }

    assert_eq!(wanted.fingerprint(), database.catalog().await.fingerprint());
    let rows = "SELECT (SELECT count(*) FROM task) || ' ' || (SELECT count(*) FROM step)";
    assert_eq!(database.rows(rows).await, ["2 2"]);
    let title = names.title;
    let titles = format!("SELECT \"{title}\" FROM task ORDER BY id");
    assert_eq!(database.rows(&titles).await, ["one", "two"]);
    for refused in [format!("UPDATE task SET \"{title}\" = 'A'"), "DELETE FROM person".to_owned()] {
        database.execute(&refused).await.expect_err(&refused);
    }
    for run in ["first", "second"] {
        let renamed = rename_column(&manager, "task", to, from).await;
        renamed.unwrap_or_else(|error| panic!("{run} run back: {error}"));
        assert_eq!(database.catalog().await, before, "{run} run back");
    }
    assert_eq!(database.rows(rows).await, ["2 2"]);
    database.execute("DELETE FROM task WHERE count = 1").await.expect("the upper task goes");
    assert_eq!(database.rows(rows).await, ["0 0"]);
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_table_has_another_name(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values("task_item", "order", "Ü 'b' [c")] to: &'static str,
) {
    let database = with_tables(backend, NAMES).await;
    fill(&database, backend).await;
    let before = database.catalog().await;
    let wanted = built(backend, Names { task: to, ..NAMES }).await;
    let manager = SchemaManager::new(&database.connection);

    for run in ["first", "second"] {
        let renamed = rename_table(&manager, "task", to).await;
        renamed.unwrap_or_else(|error| panic!("{run} run: {error}"));
        assert_eq!(database.catalog().await, wanted, "{run} run");
    }

    let rows =
        format!("SELECT (SELECT count(*) FROM \"{to}\") || ' ' || (SELECT count(*) FROM step)");
    assert_eq!(database.rows(&rows).await, ["2 2"]);
    for run in ["first", "second"] {
        let renamed = rename_table(&manager, to, "task").await;
        renamed.unwrap_or_else(|error| panic!("{run} run back: {error}"));
        assert_eq!(database.catalog().await, before, "{run} run back");
    }
    rename_table(&manager, "task", to).await.expect("it is renamed");
    let gone = format!("DELETE FROM \"{to}\" WHERE count = 1");
    database.execute(&gone).await.expect("the upper task goes");
    assert_eq!(database.rows(&rows).await, ["0 0"]);
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn what_was_written_by_hand_follows_too(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = Database::new(backend, FAMILY).await;
    if backend == Sqlite {
        for sql in [
            "CREATE TABLE log (line text)",
            "CREATE TRIGGER task_old AFTER UPDATE OF note ON task WHEN old.note <> new.note BEGIN INSERT INTO log VALUES (old.note); END",
            "CREATE TRIGGER step_gone AFTER DELETE ON step BEGIN UPDATE task SET note = 'gone' WHERE id = old.task_id; END",
        ] {
            database.execute(sql).await.expect(sql);
        }
    }
    database
        .execute("CREATE INDEX ix_task_note ON task (note) WHERE note <> ''")
        .await
        .expect("an index");

    migrated(backend, &database.connection, async |manager| {
        rename_column(manager, "task", "note", "remark").await?;
        rename_column(manager, "task", "title", "name").await?;
        rename_column(manager, "owner", "id", "number").await?;
        rename_table(manager, "task", "job").await?;
        change_table("job").not_null("name").apply(manager).await
    })
    .await
    .expect("everything is renamed");

    let job = database.table("job").await;
    assert_eq!(
        job.indexes.keys().collect::<Vec<_>>(),
        ["ix_job_open", "ix_job_parent_id", "ix_job_remark", "uq_job_title_lower"]
    );
    assert_eq!(
        job.constraints.keys().collect::<Vec<_>>(),
        ["ck_job_name", "fk_job_parent_id", "pk_job"]
    );
    assert_eq!(database.rows("SELECT count(*) || '' FROM open_child").await, ["1"]);
    database.execute("INSERT INTO job (id, name) VALUES (4, 'longer')").await.expect_err("a check");
    database.execute("UPDATE job SET remark = 'y' WHERE id = 2").await.expect("it is written");
    database.execute("DELETE FROM step WHERE id = 2").await.expect("it goes");
    if backend == Sqlite {
        assert_eq!(database.rows("SELECT line FROM log").await, ["x", "y"]);
    }
    database.execute("DELETE FROM flag").await.expect("they go");
    database.execute("DELETE FROM pin").await.expect("it goes");
    database.execute("DELETE FROM job WHERE id = 1").await.expect("it goes");
    assert_eq!(database.rows("SELECT count(*) || '' FROM step").await, ["0"]);
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_renamed_stays(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = Database::new(backend, FAMILY).await;
    let sql = "CREATE INDEX ix_step_task ON step (task_id)";
    database.execute(sql).await.expect("an index");
    database.apply(change_table("task").check("own", "id <> 99")).await.expect("a constraint");
    let before = database.catalog().await;
    let manager = SchemaManager::new(&database.connection);

    for (table, from, to, told) in [
        ("nothing", "x", "y", "no table nothing"),
        ("task", "nothing", "other", "no column nothing"),
        ("task", "title", "note", "a column title and a column note"),
        ("task", "title", "title", "a column title and a column title"),
        ("task", "title", "own", "ck_task_own"),
        ("task", "parent_id", "open", "ix_task_open"),
    ] {
        let error = rename_column(&manager, table, from, to).await.expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
        assert_eq!(database.catalog().await, before, "{told}");
    }
    for (from, to, told) in [
        ("nothing", "x", "no table nothing"),
        ("task", "step", "a table task and a table step"),
        ("task", "open_task", "open_task"),
        ("task", "ix_step_task", "ix_step_task"),
    ] {
        let error = rename_table(&manager, from, to).await.expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
        assert_eq!(database.catalog().await, before, "{told}");
    }
    database.remove().await;
}

#[tokio::test]
async fn a_view_that_would_not_work_is_in_the_way() {
    let database = Database::new(Sqlite, FAMILY).await;
    let before = database.everything().await;
    let manager = SchemaManager::new(&database.connection);

    let renamed = rename_column(&manager, "task", "parent_id", "above").await;

    let error = renamed.expect_err("open_child asks for parent_id").to_string();
    assert!(error.contains("open_child"), "{error}");
    assert_eq!(database.everything().await, before);
    database.remove().await;
}

#[tokio::test]
async fn inside_a_transaction_rows_of_children_are_safe() {
    let database = Database::new(Sqlite, FAMILY).await;
    let before = database.everything().await;
    #[expect(clippy::disallowed_methods, reason = "as a migration runs")]
    let tx = database.connection.begin().await.expect("a transaction");
    let manager = SchemaManager::new(&tx);

    let of_column = rename_column(&manager, "task", "title", "name").await.expect_err("refused");
    let of_table = rename_table(&manager, "task", "job").await.expect_err("refused");
    rename_column(&manager, "pin", "task_id", "job_id").await.expect("nothing refers to pins");
    rename_column(&manager, "pin", "job_id", "task_id").await.expect("nothing refers to pins");
    tx.commit().await.expect("what was done is kept");

    for error in [of_column, of_table] {
        assert!(error.to_string().contains("use_transaction()"), "{error}");
    }
    let unquoted =
        |all: Vec<String>| all.into_iter().map(|line| line.replace('"', "")).collect::<Vec<_>>();
    assert_eq!(unquoted(database.everything().await), unquoted(before));
    assert_eq!(database.rows("SELECT count(*) || '' FROM detail").await, ["3"]);
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
        rename_column(manager, "task", "title", "name").await?;
        rename_table(manager, "task", "job").await
    }
}

#[rstest]
#[tokio::test]
async fn a_plan_says_what_is_renamed(
    #[values(DbBackend::Sqlite, DbBackend::Postgres)] backend: DbBackend,
) {
    let script = record_one(&Migration, backend, Direction::Up).await;

    let is_query = |statement: &&String| statement.starts_with("SELECT 1 ");
    let said: Vec<_> = script.statements.iter().filter(|one| !is_query(one)).collect();
    assert_eq!(
        said,
        [
            r#"ALTER TABLE "task" RENAME COLUMN "title" TO "name" /* and with it the names of its constraints and indexes */"#,
            r#"ALTER TABLE "task" RENAME TO "job" /* and with it the names of its constraints and indexes */"#,
        ]
    );
    assert_eq!((script.broken, script.in_transaction), (None, backend == DbBackend::Postgres));
}
