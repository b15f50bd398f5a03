//! Whatever has happened to a database, the script mends it: back, and forth.

mod drifts;

use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use workflow::{
    catalog::Catalog,
    difference::{State, differences},
    mend::mend,
};

use self::drifts::{BASE, COMMON, POSTGRES, SQLITE, own_base};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};

async fn read(db: &DatabaseConnection) -> Catalog {
    Catalog::read(db).await.expect("the catalog can be read")
}

/// Runs what a person would run after reading it.
async fn run(db: &DatabaseConnection, expected: &Catalog, actual: &Catalog, what: &str) {
    let steps = mend(db.get_database_backend(), expected, actual);
    let script = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for step in &steps {
        let statement = Statement::from_string(db.get_database_backend(), &step.sql);
        let rows = db.query_all_raw(statement).await;
        let rows = rows.unwrap_or_else(|error| panic!("{what}: {}: {error}\n{script}", step.sql));
        assert!(rows.is_empty(), "{what}: {} returns rows", step.sql);
    }
    let mended = read(db).await;
    let left = differences(expected, &mended);
    assert!(left.is_empty(), "{what}: {left:#?}\n{script}");
    assert_eq!(mended.fingerprint(), expected.fingerprint(), "{what}\n{script}");
}

async fn reset(backend: Backend, db: &DatabaseConnection) {
    let clear: &[&str] = match backend {
        Sqlite => &["PRAGMA foreign_keys = ON"],
        // What is gone at the end need not be on a disk.
        Postgres => {
            &["SET synchronous_commit = off", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]
        }
    };
    execute(db, clear).await;
    execute(db, BASE).await;
    execute(db, own_base(backend)).await;
}

async fn count(db: &DatabaseConnection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.expect("the table is there").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

fn all(backend: Backend) -> Vec<&'static [&'static str]> {
    let own = match backend {
        Sqlite => SQLITE,
        Postgres => POSTGRES,
    };
    COMMON.iter().chain(own).copied().collect()
}

#[rstest]
#[tokio::test]
async fn every_drift_is_found_and_mended_both_ways(#[values(Sqlite, Postgres)] backend: Backend) {
    let drifts = all(backend);
    assert!(drifts.len() >= 25, "{}", drifts.len());
    let mut scratch = empty(backend).await;
    let mut db = connect(&scratch).await;
    let mut catalogs = Vec::new();
    for drift in &drifts {
        let what = drift.join("; ");
        reset(backend, &db).await;
        let expected = read(&db).await;
        execute(&db, drift).await;
        let actual = read(&db).await;
        assert!(!differences(&expected, &actual).is_empty(), "{what}: not found");
        let rows =
            |name: &str| actual.tables.contains_key(name) && expected.tables.contains_key(name);
        let before = if rows("child") { count(&db, "child").await } else { 0 };

        run(&db, &expected, &actual, &what).await;
        if before > 0 {
            assert_eq!(count(&db, "child").await, before, "{what}: rows are lost");
        }
        run(&db, &actual, &expected, &format!("back to: {what}")).await;
        catalogs.push(actual);

        if backend == Sqlite {
            db.close().await.expect("the connection closes");
            scratch.remove().await.expect("the database can be removed");
            scratch = empty(backend).await;
            db = connect(&scratch).await;
        }
    }
    // From each drift to another one: several at a time.
    reset(backend, &db).await;
    // A value of an enum that goes cannot be in use.
    execute(&db, &["DELETE FROM strange"]).await;
    let mut now = read(&db).await;
    for (place, _) in catalogs.iter().enumerate() {
        let next = &catalogs[(place * 7) % catalogs.len()];
        run(
            &db,
            next,
            &now,
            &format!("{:?} to {}", drifts[place], drifts[(place * 7) % drifts.len()].join("; ")),
        )
        .await;
        now = read(&db).await;
    }
    // From nothing, and to nothing.
    let nothing = Catalog::default();
    run(&db, &nothing, &now, "to nothing").await;
    run(&db, &catalogs[0], &nothing, "from nothing").await;
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn what_destroys_says_so(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    reset(backend, &db).await;
    let expected = read(&db).await;
    execute(&db, &["CREATE TABLE extra (id bigint)", "ALTER TABLE child ADD COLUMN extra text"])
        .await;
    let actual = read(&db).await;

    let found = differences(&expected, &actual);
    let steps = mend(db.get_database_backend(), &expected, &actual);
    let mut destroyed: Vec<_> = steps.iter().filter_map(|step| step.destroys.as_deref()).collect();

    assert_eq!(found.iter().filter(|found| found.state == State::Extra).count(), 2, "{found:?}");
    destroyed.sort_unstable();
    assert_eq!(
        destroyed,
        ["the column child.extra with what it holds", "the table extra with its rows"]
    );
    assert!(mend(db.get_database_backend(), &expected, &expected).is_empty());
    let back = mend(db.get_database_backend(), &actual, &expected);
    assert!(back.iter().all(|step| step.destroys.is_none()), "{back:?}");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
