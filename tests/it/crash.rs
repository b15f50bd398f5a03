//! `kill -9` while writing: what was acknowledged is there afterwards, and nothing is there by half.

use std::sync::Arc;

use rstest::rstest;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client};

const WRITERS: usize = 6;
const ROUNDS: usize = 3;
const ACKNOWLEDGED_PER_ROUND: u32 = 60;

/// Creates projects with five tasks until the server is gone; gives the ids of those that were acknowledged.
async fn write_until_gone(ada: Client, acknowledged: Arc<Semaphore>) -> Vec<String> {
    let tasks: Vec<_> =
        (1..=5).map(|number| json!({ "title": format!("Step {number}") })).collect();
    let body = json!({ "name": "Kite", "tasks": tasks });
    let mut ids = Vec::new();
    while let Ok(answer) = ada.request("POST", "projects").json(&body).try_send().await {
        assert_eq!(answer.status, 201, "{answer}");
        ids.push(answer.id());
        acknowledged.add_permits(1);
    }
    ids
}

#[rstest]
#[tokio::test]
async fn an_acknowledged_write_survives_a_crash_and_no_other_is_half_there(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let mut ids = Vec::new();
    for _ in 0..ROUNDS {
        let acknowledged = Arc::new(Semaphore::new(0));
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write_until_gone(ada.clone(), Arc::clone(&acknowledged)));
        }
        acknowledged
            .acquire_many(ACKNOWLEDGED_PER_ROUND)
            .await
            .expect("the semaphore is open")
            .forget();
        app.kill();
        ids.extend(writers.join_all().await.concat());
        app.restart();
    }

    for id in &ids {
        let project = ada.get(format!("projects/{id}?include=tasks")).await;
        assert_eq!(project.json()["tasks"].as_array().map(Vec::len), Some(5), "{project}");
    }
    let projects = app.count("project").await;
    let created =
        app.audit_actions().await.iter().filter(|action| *action == "create project").count();
    assert_eq!((app.count("task").await, created), (5 * projects, projects));
    assert!(projects >= ids.len() && projects <= ids.len() + WRITERS * ROUNDS);
}
