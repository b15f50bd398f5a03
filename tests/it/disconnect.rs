//! Clients that go away in the middle of a request: nobody else loses anything by it.
//!
//! sqlx 0.9.0 leaves a pooled connection inside an open transaction when the future that runs `BEGIN` is dropped
//! (launchbadge/sqlx#4393); what is written on it later is answered with success and never committed. So it is not
//! enough to look at the requests that were aborted: the second wave is what such a connection would lose.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client};

const CLIENTS: usize = 8;
const REQUESTS_PER_CLIENT: usize = 250;
/// Of the order of one answer, so that some clients leave before it and some after.
const LONGEST_PATIENCE_MICROS: u64 = 12_000;

/// What one client tried to create, and what it knows to exist.
#[derive(Default)]
struct Wave {
    attempted: HashSet<String>,
    acknowledged: HashSet<String>,
}

/// Sends creations from several clients at once; `patience` says how long each waits for its answer.
async fn send_wave(ada: &Client, wave_name: &'static str, patience: fn() -> Duration) -> Wave {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let ada = ada.clone();
        clients.spawn(async move {
            let mut wave = Wave::default();
            for request in 0..REQUESTS_PER_CLIENT {
                let name = format!("{wave_name} {client} {request}");
                let body =
                    json!({ "name": name, "tasks": [{ "title": "One" }, { "title": "Two" }] });
                wave.attempted.insert(name.clone());
                // When the time is up the request is dropped, and its connection closed.
                if let Ok(answer) = timeout(patience(), ada.post("projects", body)).await {
                    assert_eq!(answer.status, 201, "{answer}");
                    wave.acknowledged.insert(name);
                }
            }
            wave
        });
    }
    clients.join_all().await.into_iter().fold(Wave::default(), |mut all, wave| {
        all.attempted.extend(wave.attempted);
        all.acknowledged.extend(wave.acknowledged);
        all
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_go_away_lose_nobody_a_write(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let hasty = send_wave(&ada, "hasty", || {
        // A hasher of random keys is the standard library's one source of chance.
        Duration::from_micros(RandomState::new().hash_one(()) % LONGEST_PATIENCE_MICROS)
    })
    .await;
    let patient = send_wave(&ada, "patient", || Duration::from_mins(1)).await;

    let aborted = hasty.attempted.len() - hasty.acknowledged.len();
    assert!(
        aborted > 100 && !hasty.acknowledged.is_empty(),
        "{aborted} of {} aborted",
        hasty.attempted.len()
    );
    assert_eq!(patient.acknowledged.len(), CLIENTS * REQUESTS_PER_CLIENT);

    // The server finishes what an absent client began: a stop waits for that.
    assert!(app.stop().success());
    let rows: HashSet<_> = app.sql("SELECT name FROM project").await.into_iter().collect();
    let lost: Vec<_> = hasty
        .acknowledged
        .union(&patient.acknowledged)
        .filter(|name| !rows.contains(*name))
        .collect();
    assert_eq!(lost, Vec::<&String>::new());
    assert!(
        rows.iter().all(|name| hasty.attempted.contains(name) || patient.attempted.contains(name))
    );
    assert_eq!(app.count("task").await, 2 * rows.len());
}
