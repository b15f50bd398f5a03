//! Nothing is left of a database that is reset.

use rstest::rstest;
use workflow::Project;
use workflow::catalog::Catalog;
use workflow::report::Report;
use workflow::reset::{ResetArguments, drop_everything, reset};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};
use crate::seed::tables;

#[rstest]
#[case(Sqlite, &[
    "CREATE VIRTUAL TABLE \"odd \"\"words\" USING fts5(text)",
    "INSERT INTO \"odd \"\"words\" VALUES ('kite')",
    "CREATE TABLE counted (id integer PRIMARY KEY AUTOINCREMENT)",
    "CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM counted; END",
    "CREATE VIEW people AS SELECT id FROM person",
    "CREATE VIEW more_people AS SELECT id FROM people",
])]
#[case(Postgres, &[
    "CREATE TYPE mood AS ENUM ('sad')",
    "CREATE DOMAIN \"odd \"\"domain\" AS mood",
    "CREATE TYPE pair AS (a mood, b int)",
    "CREATE SEQUENCE numbers",
    "CREATE TABLE counted (id serial PRIMARY KEY, mood \"odd \"\"domain\") PARTITION BY RANGE (id)",
    "CREATE TABLE counted_1 PARTITION OF counted FOR VALUES FROM (1) TO (9)",
    "CREATE FUNCTION \"odd \"\"one\"(pair, int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE work() LANGUAGE sql AS 'SELECT 1'",
    "CREATE MATERIALIZED VIEW people AS SELECT id FROM person",
    "CREATE VIEW more_people AS SELECT id FROM people",
])]
#[tokio::test]
async fn everything_is_dropped(#[case] backend: Backend, #[case] own: &[&str]) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, &tables(backend).iter().map(String::as_str).collect::<Vec<_>>()).await;
    execute(&db, own).await;
    let before = Catalog::read(&db).await.expect("the catalog can be read");
    assert!(before.tables.len() > 10 && before.objects.len() > 2);

    drop_everything(&db).await.expect("everything can be dropped");

    let after = Catalog::read(&db).await.expect("the catalog can be read");
    assert_eq!(after, Catalog::default());
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn production_is_reset_by_name_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, &["CREATE TABLE t (id bigint NOT NULL PRIMARY KEY)"]).await;
    let mut project =
        Project { migrations: Vec::new, database: scratch.url().clone(), production: true };
    let run = async |project: &Project, seed: Option<u64>, name: Option<&str>| {
        let yes_destroy = name.map(str::to_owned);
        reset(project, &ResetArguments { seed, yes_destroy }, &Report::new(true)).await.map(|_| ())
    };
    let name = scratch.url().name();
    let error = run(&project, None, None).await.expect_err("production");
    assert!(error.to_string().contains(&format!("--yes-destroy {name}")), "{error}");
    run(&project, None, Some("another")).await.expect_err("another name");
    run(&project, Some(1), Some(&name)).await.expect_err("made-up rows");
    project.production = false;
    run(&project, None, Some("another")).await.expect_err("another name");
    let there = Catalog::read(&db).await.expect("the catalog can be read");
    assert!(there.tables.contains_key("t"));

    project.production = true;
    run(&project, None, Some(&name)).await.expect("it is named");

    let there = Catalog::read(&db).await.expect("the catalog can be read");
    assert_eq!(there, Catalog::default());
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
