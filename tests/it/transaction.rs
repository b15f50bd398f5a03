//! Transactions of the service: what is rolled back, what is tried again, what a caller who goes away cannot stop.

use std::{
    cell::Cell,
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rstest::rstest;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use service::{
    Error, Transaction,
    database::{self, DatabaseOptions, Isolation, Synchronous},
};
use tempfile::TempDir;
use tokio::{
    sync::Barrier,
    task::{LocalSet, spawn_local, yield_now},
};

use crate::harness::Backend::{self, Postgres, Sqlite};

/// A database with one table of one column, `t(x)`.
pub(crate) struct Scratch {
    pub(crate) service: service::Database,
    _database: crate::harness::Database,
    _folder: TempDir,
}

async fn scratch(backend: Backend) -> Scratch {
    scratch_with(backend, Duration::from_secs(30)).await
}

pub(crate) async fn scratch_with(backend: Backend, statement_timeout: Duration) -> Scratch {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = crate::harness::Database::create(backend, folder.path()).await;
    let options = DatabaseOptions {
        url: database.url.clone(),
        max_connections: 4,
        min_connections: 1,
        idle_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(10),
        statement_timeout,
        synchronous: Synchronous::Normal,
        log_queries: false,
    };
    let service = service::Database::connect(&options).await.expect("the database is there");
    service
        .write(async |tx| run(tx, "CREATE TABLE t (x bigint NOT NULL)").await)
        .await
        .expect("created");
    Scratch { service, _database: database, _folder: folder }
}

pub(crate) async fn run(tx: &Transaction, sql: &str) -> service::Result<()> {
    Ok(tx.execute_unprepared(sql).await.map(|_| ())?)
}

async fn sum(tx: &Transaction) -> service::Result<i64> {
    let query = Statement::from_string(
        tx.get_database_backend(),
        "SELECT CAST(COALESCE(SUM(x), 0) AS bigint) FROM t",
    );
    let row = tx.query_one_raw(query).await?.expect("one row");
    Ok(row.try_get_by_index(0)?)
}

impl Scratch {
    pub(crate) async fn sum(&self) -> i64 {
        self.service.read(sum).await.expect("readable")
    }
}

#[rstest]
#[tokio::test]
async fn an_error_undoes_the_transaction_and_a_savepoint_only_itself(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch(backend).await;

            let failed: service::Result<()> = scratch
                .service
                .write(async |tx| {
                    run(tx, "INSERT INTO t VALUES (1)").await?;
                    Err(Error::Stale)
                })
                .await;
            assert!(matches!(failed, Err(Error::Stale)));

            let kept = scratch
                .service
                .write(async |tx| {
                    run(tx, "INSERT INTO t VALUES (10)").await?;
                    let inner: service::Result<()> = database::savepoint(tx, async |tx| {
                        run(tx, "INSERT INTO t VALUES (100)").await?;
                        run(tx, "INSERT INTO nowhere VALUES (1)").await
                    })
                    .await;
                    assert!(matches!(inner, Err(Error::Database(DbErr::Exec(_)))));
                    database::savepoint(tx, async |tx| run(tx, "INSERT INTO t VALUES (1000)").await)
                        .await
                })
                .await;
            assert!(kept.is_ok());
            assert_eq!(scratch.sum().await, 1010);
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_panic_rolls_back_and_leaves_the_connections_usable(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch(backend).await;

            for _ in 0..6 {
                let panicked: service::Result<()> = scratch
                    .service
                    .write(async |tx| {
                        run(tx, "INSERT INTO t VALUES (1)").await?;
                        panic!("as a defect would")
                    })
                    .await;
                assert!(matches!(panicked, Err(Error::Panicked)));
            }

            assert_eq!(scratch.sum().await, 0);
            scratch
                .service
                .write(async |tx| run(tx, "INSERT INTO t VALUES (5)").await)
                .await
                .expect("written");
            assert_eq!(scratch.sum().await, 5);
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_caller_who_goes_away_does_not_stop_the_transaction(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch(backend).await;
            let done = Rc::new(Cell::new(0));

            // Dropped at every point of its way: before it begins, in BEGIN, in a statement, in COMMIT.
            for polls in 0..40 {
                let counter = Rc::clone(&done);
                let service = scratch.service.clone();
                let caller = spawn_local(async move {
                    service
                        .write(async move |tx| {
                            run(tx, "INSERT INTO t VALUES (1)").await?;
                            counter.set(counter.get() + 1);
                            Ok(())
                        })
                        .await
                });
                for _ in 0..polls {
                    yield_now().await;
                }
                caller.abort();
                let _ = caller.await;
            }
            // One writer after the others: when this one is through, so are they.
            for _ in 0..8 {
                scratch
                    .service
                    .write(async |tx| run(tx, "INSERT INTO t VALUES (0)").await)
                    .await
                    .expect("written");
            }
            while scratch.service.pool_status().in_use > 0 {
                yield_now().await;
            }

            assert!(done.get() > 0);
            assert_eq!(scratch.sum().await, done.get());
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn conflicting_transactions_are_tried_again_until_all_are_through(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch(backend).await;
            let tries = Rc::new(AtomicU32::new(0));

            // Each reads the sum and adds one. On PostgreSQL nobody goes on before all have read, the first time, so all
            // but one must be tried again; SQLite lets them in one by one.
            let all_have_read = (backend == Postgres).then(|| Rc::new(Barrier::new(4)));
            let callers: Vec<_> = (0..4)
                .map(|_| {
                    let (service, tries) = (scratch.service.clone(), Rc::clone(&tries));
                    let barrier = Cell::new(all_have_read.clone());
                    spawn_local(async move {
                        service
                            .transaction(Isolation::Serializable, async move |tx| {
                                tries.fetch_add(1, Ordering::Relaxed);
                                let before = sum(tx).await?;
                                if let Some(barrier) = barrier.take() {
                                    barrier.wait().await;
                                }
                                run(
                                    tx,
                                    &format!(
                                        "DELETE FROM t; INSERT INTO t VALUES ({})",
                                        before + 1
                                    ),
                                )
                                .await
                            })
                            .await
                    })
                })
                .collect();
            for caller in callers {
                caller.await.expect("no panic").expect("through after some tries");
            }

            assert_eq!(scratch.sum().await, 4);
            match backend {
                Postgres => {
                    assert!(tries.load(Ordering::Relaxed) > 4, "nothing was tried again");
                }
                Sqlite => {
                    assert_eq!(tries.load(Ordering::Relaxed), 4, "one writer has no conflicts");
                }
            }
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn reads_are_of_one_moment_and_cannot_write(#[values(Sqlite, Postgres)] backend: Backend) {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch(backend).await;
            let writer = scratch.service.clone();

            let seen = scratch
                .service
                .read(async move |tx| {
                    let before = sum(tx).await?;
                    writer.write(async |tx| run(tx, "INSERT INTO t VALUES (7)").await).await?;
                    Ok((before, sum(tx).await?))
                })
                .await;
            assert_eq!(seen.expect("readable"), (0, 0));
            assert_eq!(scratch.sum().await, 7);

            let written =
                scratch.service.read(async |tx| run(tx, "INSERT INTO t VALUES (1)").await).await;
            assert!(written.is_err());
        })
        .await;
}
