//! What the server records of slow statements adds up, stays small, and is shown.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use sea_orm::DatabaseConnection;
use workflow::{
    catalog::Catalog,
    report::Report,
    slow_statement::{Cost, add, forget, read},
    stats::{self, Stats},
};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, db, empty, execute, project};
use crate::migrations::{one, up};

const THRESHOLD: Duration = Duration::from_millis(10);

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn cost(calls: i64, total: u64, max: u64) -> Cost {
    let [total, max] = [total, max].map(Duration::from_millis);
    Cost { calls, total, max }
}

fn found(statements: &[(&str, Cost)]) -> BTreeMap<String, Cost> {
    statements.iter().map(|(text, cost)| ((*text).to_owned(), *cost)).collect()
}

async fn collect(db: &DatabaseConnection) -> Stats {
    stats::collect(db, false, 2, &Report::new(true)).await.expect("the database answers")
}

#[rstest]
#[tokio::test]
async fn what_servers_add_is_shown_together(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    up(one, scratch.url()).await.expect("one is applied");
    let db = connect(&scratch).await;

    let before = collect(&db).await;
    assert!(before.recorded.is_none() && before.statements.is_empty());
    assert!(before.statements_missing.concat().contains("`garboard serve`"));
    add(&db, Duration::from_secs(1), &found(&[]), at(1)).await.expect("a server has started");
    let started = collect(&db).await;
    let recorded = started.recorded.expect("there is a record");
    assert_eq!((recorded.since.as_str(), recorded.over_ms), ("1970-01-01 00:01 UTC", 1000.0));
    assert!(started.statements.is_empty());

    let of_one = found(&[("SELECT $1", cost(2, 50, 40)), ("SELECT cheap", cost(1, 10, 10))]);
    let of_other = found(&[("SELECT $1", cost(3, 45, 20)), ("SELECT dear", cost(1, 99, 99))]);
    for (statements, minute) in [(of_one, 2), (of_other, 3)] {
        add(&db, THRESHOLD, &statements, at(minute)).await.expect("they can be added");
    }

    let after = collect(&db).await;
    let told = after.statements.iter().map(|one| {
        (one.text.as_str(), one.calls, one.total_ms, one.max_ms, one.rows, one.last_seen.as_deref())
    });
    let minute = Some("1970-01-01 00:03 UTC");
    assert_eq!(
        told.collect::<Vec<_>>(),
        [("SELECT dear", 1, 99.0, 99.0, None, minute), ("SELECT $1", 5, 95.0, 40.0, None, minute)]
    );
    let recorded = after.recorded.expect("there is a record");
    assert_eq!((recorded.since.as_str(), recorded.over_ms), ("1970-01-01 00:01 UTC", 10.0));
    let catalog = Catalog::read(&db).await.expect("the catalog can be read");
    assert_eq!(catalog.tables.keys().collect::<Vec<_>>(), ["one"], "it is nobody else's business");
    assert!(after.tables.iter().all(|table| table.name == "one"));
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn the_table_stays_small(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    up(one, scratch.url()).await.expect("one is applied");
    let db = connect(&scratch).await;
    let many = |numbers: std::ops::Range<u64>| -> BTreeMap<_, _> {
        numbers.map(|number| (format!("SELECT {number}"), cost(1, number, number))).collect()
    };

    execute(&db, &["BEGIN"]).await;
    add(&db, THRESHOLD, &many(1..900), at(1)).await.expect("they can be added");
    add(&db, THRESHOLD, &many(900..1101), at(1)).await.expect("they can be added");
    execute(&db, &["COMMIT"]).await;

    let record = read(&db, 5000).await.expect("it can be read").expect("there is a record");
    assert_eq!(record.statements.len(), 1000);
    let last = record.statements.last().map(|one| one.text.as_str());
    assert_eq!((record.since, last), (at(1), Some("SELECT 101")), "the cheapest went");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn the_record_can_begin_anew(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let project = project(one, scratch.url());
    let stats = async |arguments: &[&str]| db(&project, arguments).await.expect("it is told");
    assert!(stats(&["migrate"]).await);
    let db = connect(&scratch).await;
    add(&db, THRESHOLD, &found(&[("SELECT $1", cost(1, 20, 20))]), at(1)).await.expect("added");

    assert!(stats(&["--json", "stats", "--forget"]).await);

    let record = read(&db, 9).await.expect("it can be read").expect("there is a record");
    assert!(record.statements.is_empty() && record.since > at(60));
    execute(&db, &["DROP TABLE _slow_statement"]).await;
    forget(&db, at(1)).await.expect("there is nothing to forget");
    assert!(stats(&["stats", "--forget"]).await);
    assert!(stats(&["migrate"]).await, "nothing is pending");
    assert!(collect(&db).await.statements_missing.concat().contains("`garboard serve`"));
    add(&db, THRESHOLD, &found(&[]), at(1)).await.expect("the table is there again");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn who_may_not_read_the_record_sees_all_else() {
    let scratch = empty(Postgres).await;
    up(one, scratch.url()).await.expect("one is applied");
    let db = connect(&scratch).await;
    let role = format!("reader_{:08x}", rand::random::<u32>());
    execute(&db, &[&format!("CREATE ROLE {role}"), &format!("SET ROLE {role}")]).await;

    let stats = collect(&db).await;

    execute(&db, &["RESET ROLE", &format!("DROP ROLE {role}")]).await;
    assert!(stats.statements_missing.concat().contains("permission denied"), "{stats:?}");
    assert_eq!(stats.tables.len(), 1);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// PostgreSQL loads it when it starts, or not; without that it can be installed, and not be read.
#[tokio::test]
async fn the_record_stands_in_for_an_extension_that_is_not_loaded() {
    let scratch = empty(Postgres).await;
    up(one, scratch.url()).await.expect("one is applied");
    let db = connect(&scratch).await;
    let install = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')
        THEN CREATE EXTENSION pg_stat_statements; END IF; END $$";
    execute(&db, &[install]).await;
    add(&db, THRESHOLD, &found(&[("SELECT $1", cost(1, 20, 20))]), at(1)).await.expect("added");

    let stats = collect(&db).await;

    let is_loaded = stats.statements_missing.is_empty();
    assert_eq!(stats.recorded.is_some(), !is_loaded);
    assert_eq!(stats.statements.iter().any(|one| one.last_seen.is_some()), !is_loaded);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
