//! Statements that take too long: the database stops them, the caller is told, and nothing else suffers.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use service::{Error, Transaction, database::savepoint};
use tokio::{
    task::{LocalSet, spawn_local},
    time::sleep,
};

use crate::{
    harness::{
        App,
        Backend::{self, Postgres, Sqlite},
        assert_snapshot,
    },
    transaction::{Scratch, run, scratch_with},
};

/// Hours of computing, if it is let.
const ENDLESS: &str = "WITH RECURSIVE s(v) AS (SELECT 1 UNION ALL SELECT v % 7 + 1 FROM s) \
                       SELECT count(*) AS c FROM s WHERE v > 7";
const SHORT: Duration = Duration::from_millis(300);
/// Much longer than `SHORT`, much shorter than `ENDLESS`.
const SOON: Duration = Duration::from_secs(10);

async fn endless(db: &impl ConnectionTrait) -> service::Result<()> {
    let query = Statement::from_string(db.get_database_backend(), ENDLESS);
    db.query_one_raw(query).await?;
    Ok(())
}

/// Until no connection is at work. A connection goes back to its pool only when its thread has nothing to do.
async fn idle(scratch: &Scratch) {
    let start = Instant::now();
    while scratch.service.pool_status().in_use > 0 {
        assert!(start.elapsed() < SOON, "{:?}", scratch.service.pool_status());
        sleep(Duration::from_millis(5)).await;
    }
}

#[rstest]
#[tokio::test]
async fn a_read_that_takes_too_long_is_stopped(#[values(Sqlite, Postgres)] backend: Backend) {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch_with(backend, SHORT).await;
            for _ in 0..8 {
                let start = Instant::now();
                let single = endless(scratch.service.reader()).await;
                assert!(matches!(single, Err(Error::TooSlow(_))), "{single:?}");
                let together = scratch.service.read(endless).await;
                assert!(matches!(together, Err(Error::TooSlow(_))), "{together:?}");
                assert!((SHORT..SOON).contains(&start.elapsed()), "{:?}", start.elapsed());
            }
            idle(&scratch).await;
            assert_eq!(scratch.sum().await, 0);
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn each_statement_of_a_transaction_has_its_own_time(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    // Short statements, for half of the time that one may take.
    async fn some(tx: &Transaction) -> service::Result<()> {
        let start = Instant::now();
        while start.elapsed() < SHORT / 2 {
            let query = "WITH RECURSIVE s(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM s WHERE v < 20000) \
                         SELECT count(*) AS c FROM s";
            tx.query_one_raw(Statement::from_string(tx.get_database_backend(), query)).await?;
        }
        Ok(())
    }

    LocalSet::new()
        .run_until(async {
            let scratch = scratch_with(backend, SHORT).await;
            let many = async |tx: &_| {
                for _ in 0..6 {
                    some(tx).await?;
                }
                sleep(SHORT * 2).await;
                some(tx).await?;
                Ok(())
            };
            scratch.service.read(many).await.expect("each is short");
            scratch.service.write(many).await.expect("each is short");
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_write_that_takes_too_long_is_undone(#[values(Sqlite, Postgres)] backend: Backend) {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch_with(backend, SHORT).await;
            for _ in 0..3 {
                let stopped: service::Result<()> = scratch
                    .service
                    .write(async |tx| {
                        run(tx, "INSERT INTO t VALUES (100)").await?;
                        run(tx, &format!("INSERT INTO t {ENDLESS}")).await
                    })
                    .await;
                assert!(matches!(stopped, Err(Error::TooSlow(_))), "{stopped:?}");
                // Undone and done are the next transactions as if nothing had been.
                let failed: service::Result<()> = scratch
                    .service
                    .write(async |tx| {
                        run(tx, "INSERT INTO t VALUES (10)").await?;
                        Err(Error::Stale)
                    })
                    .await;
                assert!(matches!(failed, Err(Error::Stale)));
                scratch
                    .service
                    .write(async |tx| run(tx, "INSERT INTO t VALUES (1)").await)
                    .await
                    .expect("written");
            }
            idle(&scratch).await;
            assert_eq!(scratch.sum().await, 3);
        })
        .await;
}

/// Whatever the work makes of the error: there is no transaction any more that it could go on with.
#[tokio::test]
async fn sqlite_commits_nothing_after_an_interrupted_write() {
    LocalSet::new()
        .run_until(async {
            let scratch = scratch_with(Sqlite, SHORT).await;
            for nested in [false, true] {
                let went_on: service::Result<()> = scratch
                    .service
                    .write(async move |tx| {
                        let endless =
                            async |tx: &_| run(tx, &format!("INSERT INTO t {ENDLESS}")).await;
                        let stopped =
                            if nested { savepoint(tx, endless).await } else { endless(tx).await };
                        assert!(matches!(stopped, Err(Error::TooSlow(_))), "{stopped:?}");
                        run(tx, "INSERT INTO t VALUES (100)").await
                    })
                    .await;
                assert!(matches!(went_on, Err(Error::TooSlow(_))), "{went_on:?}");
                let missed: service::Result<()> = scratch
                    .service
                    .write(async |tx| {
                        run(tx, "INSERT INTO t VALUES (10)").await?;
                        let _ = run(tx, &format!("INSERT INTO t {ENDLESS}")).await;
                        Ok(())
                    })
                    .await;
                assert!(missed.is_err());
            }
            scratch
                .service
                .write(async |tx| run(tx, "INSERT INTO t VALUES (1)").await)
                .await
                .expect("written");
            assert_eq!(scratch.sum().await, 1);
        })
        .await;
}

/// PostgreSQL goes on until its timeout: it does not look whether anybody is there.
#[tokio::test]
async fn sqlite_stops_a_read_that_nobody_waits_for() {
    LocalSet::new()
        .run_until(async {
            let scratch = Rc::new(scratch_with(Sqlite, Duration::from_mins(5)).await);
            for _ in 0..5 {
                let reader = Rc::clone(&scratch);
                let reading = spawn_local(async move { endless(reader.service.reader()).await });
                sleep(Duration::from_millis(20)).await;
                assert_eq!(scratch.service.pool_status().in_use, 1);
                reading.abort();
                idle(&scratch).await;

                // In a transaction, which goes on when its client has gone.
                let enough = scratch.service.read(async |tx| {
                    tokio::select! {
                        never = endless(tx) => never,
                        () = sleep(Duration::from_millis(20)) => Ok(()),
                    }
                });
                enough.await.expect("what was read was enough");
                idle(&scratch).await;
            }
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_list_that_takes_too_long_is_answered_with_503(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start_with(backend, &[("DATABASE_STATEMENT_TIMEOUT", "300ms")]).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();
    let kite = app.literal(&kite);
    let (id, text) = match backend {
        Sqlite => ("randomblob(16)", "replace(hex(zeroblob(10000)), '0', 'a')"),
        Postgres => ("gen_random_uuid()", "repeat('a', 20000)"),
    };
    app.execute(&format!(
        "INSERT INTO task (id, project_id, title, description, done, created_at, updated_at) \
         WITH RECURSIVE s(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM s WHERE v < 5000) \
         SELECT {id}, {kite}, 'Task', {text}, false, p.created_at, p.updated_at FROM s, project p"
    ))
    .await;
    let tests: Vec<_> =
        (0..40).map(|n| format!("description.ilike.*aaaaaaaaaaaaaaab{n}*")).collect();
    let list = format!("tasks?or=({})", tests.join(","));

    for _ in 0..3 {
        let start = Instant::now();
        let answer = ada.get(&list).await;
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert_eq!(
            answer.json()["detail"],
            "the query took too long and was stopped; ask for less, or try again later"
        );
        assert_snapshot!(answer.problem(), @"
        503 unavailable
        Retry-After: 1
        ");
    }
    assert_eq!(ada.get("tasks?limit=1&fields=id").await.status, 200);
    assert_eq!(ada.post("projects", json!({ "name": "Boat" })).await.status, 201);
}
