//! A process that is killed while it rebuilds a table leaves the old one or the new one, and all rows.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use migration::SchemaManager;
use migration::schema::{big_integer, change_table, string};

use crate::harness::{Backend::Sqlite, Database, FAMILY};

const ROWS: &str =
    "WITH RECURSIVE n (n) AS (SELECT 4 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
    INSERT INTO task (id, title, minutes) SELECT n, 't', '' || n FROM n";
const VARIABLE: &str = "GARBOARD_TEST_KILLED";

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
    change().apply(&SchemaManager::new(&connection)).await.expect("the table is changed");
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
    let start = || {
        let mut worker = Command::new(std::env::current_exe().expect("this program has a path"));
        worker.args(["--exact", "kill::worker"]).env(VARIABLE, database.url().reveal());
        worker.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the process starts")
    };
    let began = Instant::now();
    assert!(start().wait().expect("the process ends").success());
    let whole = began.elapsed();

    let mut changed = 0;
    for part in 1..=10 {
        database.apply(back()).await.expect("back");
        let mut worker = start();
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
