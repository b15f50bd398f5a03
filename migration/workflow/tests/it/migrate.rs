//! What is applied is applied once, and wholly or not at all.

use std::time::{Duration, Instant};

use rstest::rstest;
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};
use workflow::patience::Patience;
use workflow::{Locked, migrate::apply, patience::Seconds, report::Report};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};
use crate::migrations::{
    ONE, Sql, THREE, TWO, has, impatient, list, names, number, one, sql, three, up,
};

#[rstest]
#[tokio::test]
async fn what_is_pending_is_applied_once_in_order(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;

    let first = up(one, scratch.url()).await.expect("one is applied");
    let (second, third) = tokio::join!(up(three, scratch.url()), up(three, scratch.url()));
    let [second, third] = [second, third].map(|names| names.expect("one works, one waits"));
    let (patience, report) = (impatient(), Report::new(false));
    let url = scratch.url().reveal();
    let none = apply(three, url, Some("m9"), &patience, &report, |_| ()).await;

    assert_eq!(first, ["m1_one"]);
    assert_eq!([second, third].concat(), ["m2_two", "m3_three"]);
    assert!(names(none).is_err_and(|error| error.contains("there is no migration m9")));
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn up_to_a_name_and_no_further(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let (patience, report) = (impatient(), Report::new(false));
    let mut told = Vec::new();

    let done = |step: &workflow::migrate::Step| told.push(step.name.clone());
    let steps =
        apply(three, scratch.url().reveal(), Some("m2_two"), &patience, &report, done).await;

    assert_eq!(names(steps).expect("two are applied"), told);
    assert_eq!(told, ["m1_one", "m2_two"]);
    scratch.remove().await.expect("the database can be removed");
}

const HALF: Sql =
    sql("m2_half", &["CREATE TABLE half (id bigint)", "CREATE TABLE one (id bigint)"], &[]);

#[rstest]
#[tokio::test]
async fn a_failure_in_the_middle_leaves_nothing_behind(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;

    let failed = up(|| list(&[ONE, HALF, THREE]), scratch.url()).await;

    let error = failed.expect_err("one exists already");
    assert!(error.contains("the migration m2_half failed; nothing of it is left"), "{error}");
    let db = connect(&scratch).await;
    assert!(has(&db, "one").await && !has(&db, "half").await && !has(&db, "three").await);
    assert_eq!(number(&db, "SELECT count(*) FROM seaql_migrations").await, 1);
    assert_eq!(number(&db, "SELECT count(*) FROM _migration_history").await, 1);
    assert_eq!(number(&db, "SELECT count(fingerprint) FROM _migration_history").await, 1);
    let mended = up(three, scratch.url()).await.expect("the mended migration is applied");
    assert_eq!(mended, ["m2_two", "m3_three"]);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// As it is written, SQLite gets no transaction.
fn without_transaction() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, Sql { in_transaction: None, ..HALF }])
}

#[rstest]
#[tokio::test]
async fn who_opts_out_of_the_transaction_is_told_what_is_left(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;

    let error = up(without_transaction, scratch.url()).await.expect_err("one exists already");

    let db = connect(&scratch).await;
    assert_eq!(has(&db, "half").await, backend == Sqlite);
    assert_eq!(error.contains("what it did before is still there"), backend == Sqlite, "{error}");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// Panics as SeaORM does.
struct Panics;

impl MigrationName for Panics {
    fn name(&self) -> &'static str {
        "m2_panics"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Panics {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("CREATE TABLE half (id bigint)").await?;
        panic!("Sqlite doesn't support multiple alter options")
    }
}

#[rstest]
#[tokio::test]
async fn a_panic_is_an_error_that_names_the_migration(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;

    let failed = up(|| vec![Box::new(ONE), Box::new(Panics)], scratch.url()).await;

    let error = failed.expect_err("it panics");
    for part in ["m2_panics panicked; nothing of it is left", "multiple alter options"] {
        assert!(error.contains(part), "{error}");
    }
    let db = connect(&scratch).await;
    assert!(has(&db, "one").await && !has(&db, "half").await);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// The same migrations, for SeaORM's own runner.
struct SeaOrm;

#[async_trait::async_trait]
impl MigratorTrait for SeaOrm {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        three()
    }
}

#[rstest]
#[tokio::test]
async fn seaorms_own_commands_work_beside_these(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;

    SeaOrm::up(&db, Some(1)).await.expect("SeaORM applies the first");
    let second = up(|| list(&[ONE, TWO]), scratch.url()).await.expect("the second is applied");
    SeaOrm::up(&db, None).await.expect("SeaORM applies the third");
    SeaOrm::down(&db, Some(2)).await.expect("SeaORM undoes two");
    let rest = up(three, scratch.url()).await.expect("they are applied again");

    assert_eq!(second, ["m2_two"]);
    assert_eq!(rest, ["m2_two", "m3_three"]);
    let pending = SeaOrm::get_pending_migrations(&db).await.expect("SeaORM reads the record");
    assert!(pending.is_empty());
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn another_process_is_waited_for_only_so_long(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let other = Locked::open(scratch.url().reveal()).await.expect("the lock is free");
    let patience = Patience { wait: Seconds(Duration::from_millis(300)), ..impatient() };
    let start = Instant::now();

    let report = Report::new(false);
    let waited = apply(one, scratch.url().reveal(), None, &patience, &report, |_| ()).await;

    let error = names(waited).expect_err("the lock is not free");
    assert!(error.contains("another process has been migrating this database"), "{error}");
    assert!(start.elapsed() >= Duration::from_millis(300));
    other.close().await.expect("the connection closes");
    assert_eq!(up(one, scratch.url()).await.expect("the lock is free again"), ["m1_one"]);
    scratch.remove().await.expect("the database can be removed");
}

fn more() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, sql("m2_more", &["ALTER TABLE one ADD COLUMN more text"], &[])])
}

#[rstest]
#[tokio::test]
async fn a_migration_does_not_queue_behind_a_long_reader(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;
    up(one, scratch.url()).await.expect("one is applied");
    let (holder, other) = (connect(&scratch).await, connect(&scratch).await);
    // On SQLite, what is in the way is a writer.
    let hold = if backend == Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN; SELECT 1 FROM one" };
    execute(&holder, &[hold]).await;

    let once = Patience { attempts: 2, ..impatient() };
    let report = Report::new(false);
    let gave_up = apply(more, scratch.url().reveal(), None, &once, &report, |_| ()).await;
    let migration = up(more, scratch.url());
    let others = async {
        let start = Instant::now();
        let mut slowest = Duration::ZERO;
        while start.elapsed() < Duration::from_secs(3) {
            let before = Instant::now();
            execute(&other, &["SELECT note FROM one"]).await;
            slowest = slowest.max(before.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        execute(&holder, &["COMMIT"]).await;
        slowest
    };
    let (applied, slowest) = tokio::join!(migration, others);

    let error = names(gave_up).expect_err("the reader goes on");
    assert!(error.contains("gave up after attempt 2: "), "{error}");
    assert_eq!(applied.expect("it is applied in the end"), ["m2_more"]);
    assert!(slowest < Duration::from_millis(1500), "others waited for {slowest:?}");
    for db in [holder, other] {
        db.close().await.expect("the connection closes");
    }
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn a_statement_takes_no_longer_than_it_may() {
    let scratch = empty(Postgres).await;
    let patience =
        Patience { statement_timeout: Seconds(Duration::from_millis(200)), ..impatient() };
    let report = Report::new(false);
    let slow =
        || list(&[sql("m1_slow", &["CREATE TABLE slow (id bigint)", "SELECT pg_sleep(9)"], &[])]);

    let timed_out = apply(slow, scratch.url().reveal(), None, &patience, &report, |_| ()).await;

    let error = names(timed_out).expect_err("nine seconds are too many");
    assert!(error.contains("statement timeout"), "{error}");
    let db = connect(&scratch).await;
    assert!(!has(&db, "slow").await);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

const BREAKS: &[&str] =
    &["CREATE TABLE two (id bigint)", "SELECT pg_terminate_backend(pg_backend_pid())"];

#[tokio::test]
async fn a_connection_that_breaks_takes_its_lock_along() {
    let scratch = empty(Postgres).await;
    let broken = up(|| list(&[ONE, sql("m2_two", BREAKS, &[])]), scratch.url()).await;
    let mended = up(three, scratch.url()).await;

    let error = broken.expect_err("the connection is gone");
    assert!(error.contains("the migration m2_two failed; nothing of it is left"), "{error}");
    assert_eq!(mended.expect("nothing is in the way"), ["m2_two", "m3_three"]);
    scratch.remove().await.expect("the database can be removed");
}
