//! What is done to a database by hand is told, and what is not is not.

use rstest::rstest;
use sea_orm::DatabaseConnection;
use sea_orm_migration::prelude::*;
use workflow::{
    DatabaseUrl, Project,
    difference::{Aspect, State},
    drift::drift,
    expected,
};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Step, connect, empty, execute, server};

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Step(
            "m1",
            "CREATE TABLE task (id bigint NOT NULL PRIMARY KEY, title varchar(20) NOT NULL)",
        )),
        Box::new(Step("m2", "CREATE INDEX ix_task_title ON task (title)")),
        Box::new(Step("m3", "ALTER TABLE task ADD COLUMN done boolean")),
    ]
}

async fn migrated(db: &DatabaseConnection, names: &[&str]) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    expected::build(db, migrations, names).await.expect("the migrations run");
}

fn project(database: &DatabaseUrl) -> Project {
    Project { migrations, database: database.clone(), production: true }
}

#[rstest]
#[tokio::test]
async fn only_what_was_not_migrated_is_drift(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    migrated(&db, &["m1", "m3"]).await;
    let project = project(scratch.url());

    let none = drift(&project, None).await.expect("it can be compared");
    execute(
        &db,
        &["CREATE UNIQUE INDEX by_hand ON task (title)", "ALTER TABLE task DROP COLUMN done"],
    )
    .await;
    let some = drift(&project, Some(&server(backend))).await.expect("it can be compared");

    // A migration that was left out is pending, and not expected.
    assert_eq!((none.applied, none.pending), (2, vec!["m2".to_owned()]));
    assert!(none.differences.is_empty() && none.script.is_empty(), "{:?}", none.differences);
    let told: Vec<_> =
        some.differences.iter().map(|found| (found.state, found.name.as_str())).collect();
    assert_eq!(told, [(State::Missing, "task.done"), (State::Extra, "task.by_hand")]);
    let script: Vec<_> = some.script.iter().map(|step| step.sql.as_str()).collect();
    assert!(script.contains(&r#"DROP INDEX "by_hand""#), "{script:?}");
    assert!(script.contains(&r#"ALTER TABLE "task" ADD COLUMN "done" boolean"#), "{script:?}");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn what_a_newer_release_has_migrated_cannot_be_compared(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    migrated(&db, &["m1"]).await;
    execute(&db, &["INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9', 0)"]).await;

    let error = drift(&project(scratch.url()), None).await.expect_err("m9 is not known");

    assert!(error.to_string().contains("m9"), "{error}");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn a_database_without_migrations_is_all_drift(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, &["CREATE TABLE task (id bigint, title text)"]).await;

    let all = drift(&project(scratch.url()), None).await.expect("it can be compared");

    assert_eq!((all.applied, all.pending.len(), all.differences.len()), (0, 3, 1));
    assert_eq!(all.differences[0].to_string(), "extra    table task: id, title");
    // It only reads: the table of migrations is not made.
    let again = drift(&project(scratch.url()), None).await.expect("it can be compared");
    assert_eq!(again.differences, all.differences);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let scratch = empty(Sqlite).await;
    let file = scratch.url().sqlite_file().expect("a file");

    let error = drift(&project(scratch.url()), None).await.expect_err("there is no database");

    assert!(error.to_string().contains("garboard db migrate"), "{error}");
    assert!(!file.exists());
    let other = drift(&project(scratch.url()), Some(&server(Postgres))).await;
    assert!(other.is_err_and(|error| error.to_string().contains("not the same kind")));
}

#[rstest]
#[tokio::test]
async fn what_is_changed_is_told_by_what_about_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    migrated(&db, &["m1", "m2", "m3"]).await;
    let change: &[&str] = match backend {
        Sqlite => &[
            "DROP TABLE task",
            "CREATE TABLE task (id bigint NOT NULL PRIMARY KEY, title text, done boolean)",
            "CREATE INDEX ix_task_title ON task (title)",
        ],
        Postgres => &["ALTER TABLE task ALTER title TYPE text, ALTER title DROP NOT NULL"],
    };
    execute(&db, change).await;

    let found = drift(&project(scratch.url()), None).await.expect("it can be compared").differences;

    let aspects: Vec<_> = found.iter().map(|found| found.aspect).collect();
    assert_eq!(aspects, [Some(Aspect::Type), Some(Aspect::Nullability)], "{found:?}");
    let kind = if backend == Sqlite { "varchar(20)" } else { "character varying(20)" };
    assert_eq!(
        found[0].to_string(),
        format!("changed  column task.title: type is text, not {kind}")
    );
    assert_eq!(
        found[1].to_string(),
        "changed  column task.title: nullability is NULL, not NOT NULL"
    );
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
