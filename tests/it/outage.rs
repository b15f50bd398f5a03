//! A database that goes away or does not answer: the server says so, and goes on when it is back.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use tokio::time::timeout;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

#[rstest]
#[tokio::test]
async fn a_statement_that_waits_too_long_is_given_up(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &[("DATABASE_STATEMENT_TIMEOUT", "1s")]).await;
    let [ada] = app.users(["ada"]);
    let lock = match backend {
        Sqlite => "BEGIN IMMEDIATE",
        Postgres => "BEGIN; LOCK TABLE project IN ACCESS EXCLUSIVE MODE",
    };

    let held = app.hold(lock).await;
    let answer =
        timeout(Duration::from_mins(1), ada.post("projects", json!({ "name": "Kite" }))).await;
    assert_snapshot!(answer.expect("the server gives up").problem(), @"
    503 unavailable
    Retry-After: 1
    ");
    drop(held);

    assert_eq!(ada.post("projects", json!({ "name": "Kite" })).await.status, 201);
    assert_eq!(app.count("project").await, 1);
}

#[tokio::test]
async fn connections_that_postgresql_has_closed_are_replaced() {
    let app = App::start(Postgres).await;
    let [ada] = app.users(["ada"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    for _ in 0..20 {
        ada.get(&kite).await;
    }

    app.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;

    // Each connection that was lost may cost one request its answer, never more than a 503.
    let mut refused = 0;
    for _ in 0..40 {
        let answers = [ada.get(&kite).await, ada.patch(&kite, json!({ "isPublic": true })).await];
        for answer in answers {
            assert!([200, 503].contains(&answer.status), "{answer}");
            refused += usize::from(answer.status == 503);
        }
    }
    assert!(refused <= 8, "{refused} requests were refused");
    assert_eq!(ada.get(&kite).await.status, 200);
}
