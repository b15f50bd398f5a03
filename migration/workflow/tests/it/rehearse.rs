//! Migrations that must not be deployed are caught, and those that may are let through.

mod previous;
mod source;

use rstest::rstest;
use sea_orm::DatabaseConnection;
use workflow::{
    rehearse::{Rehearsal, on},
    report::Report,
    scratch::Scratch,
    seed::seed,
};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, db, empty, execute, project};
use crate::migrations::{ONE, Sql, list, sql, three};

const BASE: [&str; 4] = [
    "CREATE TABLE person (id bigint NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, city varchar(40))",
    "CREATE TABLE kite (id bigint NOT NULL PRIMARY KEY, owner_id bigint NOT NULL,
        size bigint NOT NULL, colour varchar(10) NOT NULL DEFAULT 'red',
        CONSTRAINT fk_kite_owner FOREIGN KEY (owner_id) REFERENCES person (id) ON DELETE CASCADE)",
    "CREATE INDEX ix_kite_owner ON kite (owner_id)",
    "CREATE VIEW big AS SELECT id FROM kite WHERE size > 10",
];

async fn base(backend: Backend) -> (Scratch, DatabaseConnection) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, &BASE).await;
    seed(&db, 200, 1, &Report::new(true)).await.expect("rows can be made up");
    db.close().await.expect("the connection closes");
    let db = connect(&scratch).await;
    (scratch, db)
}

async fn rehearse(backend: Backend, migration: Sql) -> Rehearsal {
    let (scratch, db) = base(backend).await;
    let rehearsal =
        on(&db, &list(&[migration]), None, &Report::new(true)).await.expect("it can be tried");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
    rehearsal
}

const NOTE: &[&str] = &["ALTER TABLE kite ADD COLUMN note text"];

#[rstest]
#[case::a_column(sql("m", NOTE, &["ALTER TABLE kite DROP COLUMN note"]))]
#[case::a_column_with_a_default(sql(
    "m",
    &["ALTER TABLE kite ADD COLUMN worn boolean NOT NULL DEFAULT false"],
    &["ALTER TABLE kite DROP COLUMN worn"],
))]
#[case::a_table(sql("m", &["CREATE TABLE shop (id bigint PRIMARY KEY)"], &["DROP TABLE shop"]))]
#[case::an_index(sql("m", &["CREATE INDEX ix_kite_size ON kite (size)"], &["DROP INDEX ix_kite_size"]))]
#[case::outside_of_a_transaction(Sql { in_transaction: Some(false), ..sql("m", NOTE, &["ALTER TABLE kite DROP COLUMN note"]) })]
#[tokio::test]
async fn good_ones_pass(#[case] migration: Sql, #[values(Sqlite, Postgres)] backend: Backend) {
    let rehearsal = rehearse(backend, migration).await;
    assert_eq!(rehearsal.problems, Vec::<String>::new());
    assert_eq!(rehearsal.notes, Vec::<String>::new());
    assert!(rehearsal.rows > 200, "{} rows", rehearsal.rows);
    assert_eq!(rehearsal.steps.len(), 3);
}

#[rstest]
#[case::a_column_that_must_be_there(
    sql("m", &["ALTER TABLE kite ADD COLUMN note text NOT NULL"], &["ALTER TABLE kite DROP COLUMN note"]),
    "cannot be applied"
)]
#[case::a_column_that_only_new_rows_need(
    sql(
        "m",
        &["CREATE TABLE k AS SELECT * FROM person", "DELETE FROM kite", "DELETE FROM person",
          "ALTER TABLE person ADD COLUMN born date NOT NULL DEFAULT '2000-01-01'"],
        &["ALTER TABLE person DROP COLUMN born"],
    ),
    "rows of kite are gone"
)]
#[case::a_dropped_column(
    sql("m", &["ALTER TABLE person DROP COLUMN city"], &["ALTER TABLE person ADD COLUMN city varchar(40)"]),
    "the release before cannot read person"
)]
#[case::what_it_had_does_not_come_back(
    sql("m", &["ALTER TABLE person DROP COLUMN city"], &["ALTER TABLE person ADD COLUMN city varchar(40)"]),
    "the rows of person are not as they were"
)]
#[case::a_renamed_column(
    sql("m", &["ALTER TABLE person RENAME COLUMN city TO town"], &["ALTER TABLE person RENAME COLUMN town TO city"]),
    "the release before cannot read person"
)]
#[case::a_renamed_table(
    sql("m", &["ALTER TABLE person RENAME TO people"], &["ALTER TABLE people RENAME TO person"]),
    "the release before cannot read person"
)]
#[case::a_dropped_table(
    sql("m", &["DROP VIEW big", "DROP TABLE kite"], &[BASE[1], BASE[2], BASE[3]]),
    "the rows of kite are not as they were"
)]
#[case::a_key_that_rows_violate(
    sql("m", &["CREATE UNIQUE INDEX uq_kite_owner ON kite (owner_id)"], &["DROP INDEX uq_kite_owner"]),
    "cannot be applied"
)]
#[case::another_type(previous::TEXT, "the release before cannot read kite.size: it expects ")]
#[case::nulls(previous::NULLS, "the release before cannot read kite.size: it expects a value")]
#[case::no_way_back(Sql { down: None, ..sql("m", NOTE, &[]) }, "cannot be undone")]
#[case::a_way_back_that_fails(sql("m", NOTE, &["ALTER TABLE kite DROP COLUMN nota"]), "cannot be undone")]
#[case::a_way_back_that_forgets(sql("m", NOTE, &[]), "undone, the schema is not as it was")]
#[case::a_way_back_that_takes_more(
    sql("m", NOTE, &["ALTER TABLE kite DROP COLUMN note", "DROP INDEX ix_kite_owner"]),
    "undone, the schema is not as it was"
)]
#[case::not_again(
    sql("m", &["CREATE TABLE once (id bigint PRIMARY KEY)"], &["ALTER TABLE once RENAME TO twice"]),
    "undone, the schema is not as it was"
)]
#[tokio::test]
async fn bad_ones_are_caught(
    #[case] migration: Sql,
    #[case] problem: &str,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let rehearsal = rehearse(backend, migration).await;
    assert!(
        rehearsal.problems.iter().any(|found| found.contains(problem)),
        "{problem} is not among {:#?}",
        rehearsal.problems
    );
}

/// What only PostgreSQL has, or says otherwise.
#[rstest]
#[case(
    &["ALTER TABLE kite ADD CONSTRAINT ck_kite_size CHECK (size < 0) NOT VALID"],
    &["ALTER TABLE kite DROP CONSTRAINT ck_kite_size"],
    "the release before cannot insert"
)]
#[case(
    &["ALTER TABLE person ADD COLUMN born date", "UPDATE person SET born = '2000-01-01'",
      "ALTER TABLE person ALTER COLUMN born SET NOT NULL"],
    &["ALTER TABLE person DROP COLUMN born"],
    "the release before cannot insert"
)]
#[case(
    &["ALTER TABLE person ALTER COLUMN city TYPE varchar(1) USING left(city, 1)"],
    &["ALTER TABLE person ALTER COLUMN city TYPE varchar(40)"],
    "the rows of person are not as they were"
)]
#[tokio::test]
async fn what_the_release_before_needs_is_kept(
    #[case] up: &'static [&'static str],
    #[case] down: &'static [&'static str],
    #[case] problem: &str,
) {
    let rehearsal = rehearse(Postgres, sql("m", up, down)).await;
    assert!(
        rehearsal.problems.iter().any(|found| found.contains(problem)),
        "{:#?}",
        rehearsal.problems
    );
    let first = rehearsal.steps.first().expect("it was applied");
    assert!(first.locks.iter().any(|lock| lock.ends_with(": AccessExclusiveLock")), "{first:?}");
}

/// The usual recipe for what SQLite cannot alter; within a transaction, foreign keys stay on.
#[tokio::test]
async fn a_rebuild_that_takes_the_children_along_is_caught() {
    let up: &[&str] = &[
        "PRAGMA foreign_keys = OFF",
        "CREATE TABLE person_new (id bigint NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, city varchar(40))",
        "INSERT INTO person_new SELECT * FROM person",
        "DROP TABLE person",
        "ALTER TABLE person_new RENAME TO person",
        "PRAGMA foreign_keys = ON",
    ];
    let rehearsal = rehearse(Sqlite, sql("m", up, &[])).await;
    assert!(
        rehearsal.problems.iter().any(|found| found.ends_with("rows of kite are gone")),
        "{:#?}",
        rehearsal.problems
    );
}

#[rstest]
#[tokio::test]
async fn the_database_is_not_touched(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let project = project(three, scratch.url());
    let other = empty(backend).await;
    assert!(db(&project, &["migrate", "--to", ONE.name]).await.expect("it can be migrated"));
    let connection = connect(&scratch).await;
    execute(&connection, &["INSERT INTO one (id, note) VALUES (1, 'kept')"]).await;
    connection.close().await.expect("the connection closes");

    assert!(db(&project, &["rehearse", "--rows", "50"]).await.expect("it can be rehearsed"));
    let url = scratch.url().reveal().to_owned();
    assert!(db(&project, &["rehearse", "--from", &url]).await.expect("it can be rehearsed"));
    assert!(db(&project, &["rehearse", "--last", "1"]).await.expect("it can be rehearsed"));

    let refused = db(&project, &["rehearse", "--from", other.url().reveal()]).await;
    let refused = refused.expect_err("the other one has no migrations").to_string();
    assert!(refused.contains("other migrations"), "{refused}");
    assert!(!db(&project, &["status"]).await.expect("it can be asked"), "two are still pending");
    assert!(db(&project, &["migrate"]).await.expect("it can be migrated"));
    let nothing = db(&project, &["rehearse"]).await.expect_err("nothing is pending").to_string();
    assert!(nothing.contains("--last"), "{nothing}");
    for scratch in [scratch, other] {
        scratch.remove().await.expect("the database can be removed");
    }
}
