//! A process that is killed while it rebuilds a table leaves the old one or the new one, and all rows.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use migration::SchemaManager;
use migration::schema::{big_integer, change_table, rename_column, string};
use sea_orm_migration::sea_orm::DbErr;

use crate::harness::{Backend::Sqlite, Database, FAMILY};

const ROWS: &str =
    "WITH RECURSIVE n (n) AS (SELECT 4 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
    INSERT INTO task (id, title, minutes) SELECT n, 't', '' || n FROM n";
const VARIABLE: &str = "GARBOARD_TEST_KILLED";
const RENAMES: &str = "GARBOARD_TEST_RENAMES";

fn change() -> migration::schema::Change {
    change_table("task").column(string("title", 9)).column(big_integer("minutes").null())
}

/// What the killed process runs; nothing unless it is told of a database.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how a test speaks to its process")]
async fn worker() {
    let Ok(url) = std::env::var(VARIABLE) else { return };
    let url = url.parse().expect("the test names a database");
    let connection = workflow::scratch::connect(&url).await.expect("it can be reached");
    let manager = SchemaManager::new(&connection);
    if std::env::var_os(RENAMES).is_some() {
        return renames(&manager).await.expect("the columns are renamed");
    }
    change().apply(&manager).await.expect("the table is changed");
}

async fn renames(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    rename_column(manager, "step", "task_id", "job_id").await?;
    rename_column(manager, "task", "title", "name").await
}

fn start(database: &Database, variables: &[(&str, &str)]) -> Child {
    let mut worker = Command::new(std::env::current_exe().expect("this program has a path"));
    worker.args(["--exact", "kill::worker"]).env(VARIABLE, database.url().reveal());
    worker.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
    worker.spawn().expect("the process starts")
}

#[tokio::test]
async fn killed_at_any_time() {
    let database = Database::new(Sqlite, FAMILY).await;
    database.execute("PRAGMA journal_mode = WAL").await.expect("a journal");
    database.execute(ROWS).await.expect("rows");
    let back = || {
        let old = change_table("task").column(string("title", 5));
        old.column(migration::schema::text("minutes").null())
    };
    let began = Instant::now();
    assert!(start(&database, &[]).wait().expect("the process ends").success());
    let whole = began.elapsed();

    let mut changed = 0;
    for part in 1..=10 {
        database.apply(back()).await.expect("back");
        let mut worker = start(&database, &[]);
        tokio::time::sleep((whole * part / 10).saturating_sub(Duration::from_millis(5))).await;
        worker.kill().expect("the process can be killed");
        worker.wait().expect("the process ends");

        let connection = database.reconnect().await;
        connection.close().await.expect("it closes");
        let types = database
            .rows("SELECT lower(type) FROM pragma_table_info('task') WHERE name = 'minutes'")
            .await;
        assert!(["text", "integer"].contains(&types.concat().as_str()), "{types:?}");
        changed += usize::from(types.concat() == "integer");
        let counts =
            "SELECT (SELECT count(*) FROM task) || ' ' || (SELECT count(*) FROM detail) || ' ' ||
            (SELECT count(*) FROM sqlite_schema WHERE tbl_name LIKE '\\_rebuild%' ESCAPE '\\')";
        assert_eq!(database.rows(counts).await, ["20000 3 0"]);
        assert_eq!(
            database.rows("SELECT integrity_check FROM pragma_integrity_check").await,
            ["ok"]
        );
    }
    assert!(changed < 10, "no process was killed in time");
    database.remove().await;
}

#[tokio::test]
async fn renames_that_were_killed_are_finished_by_the_next_run() {
    let database = Database::new(Sqlite, FAMILY).await;
    database.execute("PRAGMA journal_mode = WAL").await.expect("a journal");
    database.execute(ROWS).await.expect("rows");
    let manager = SchemaManager::new(&database.connection);
    let back = async || {
        rename_column(&manager, "task", "name", "title").await.expect("back");
        rename_column(&manager, "step", "job_id", "task_id").await.expect("back");
    };
    let mut states = Vec::new();
    let began = Instant::now();
    assert!(start(&database, &[(RENAMES, "1")]).wait().expect("the process ends").success());
    let whole = began.elapsed();
    states.push(database.catalog().await);
    rename_column(&manager, "task", "name", "title").await.expect("halfway back");
    states.push(database.catalog().await);
    back().await;
    states.push(database.catalog().await);

    let mut done = 0;
    for part in 1..=10 {
        let mut worker = start(&database, &[(RENAMES, "1")]);
        tokio::time::sleep((whole * part / 10).saturating_sub(Duration::from_millis(5))).await;
        worker.kill().expect("the process can be killed");
        worker.wait().expect("the process ends");
        let found = database.catalog().await;
        assert!(states.contains(&found), "{found:?}");
        done += usize::from(Some(&found) == states.first());

        renames(&manager).await.expect("the next run");
        assert_eq!(Some(&database.catalog().await), states.first());
        let counts = "SELECT (SELECT count(*) FROM task) || ' ' || (SELECT count(*) FROM detail)";
        assert_eq!(database.rows(counts).await, ["20000 3"]);
        back().await;
    }
    assert!(done < 10, "no process was killed in time");
    database.remove().await;
}
