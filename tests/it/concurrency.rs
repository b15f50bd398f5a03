//! What happens at the same time turns out as if it had happened one after the other.

use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, PASSWORD};

#[rstest]
#[tokio::test]
async fn each_transfer_begins_where_the_one_before_ended(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob, cat, dan, root] = app.users(["ada", "bob", "cat", "dan", "root"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());

    let mut transfers = JoinSet::new();
    for owner in [&bob, &cat, &dan, &ada, &bob, &cat, &dan, &ada] {
        let (root, path, body) =
            (root.clone(), format!("{kite}/transfer"), json!({ "newOwnerId": owner.id }));
        transfers.spawn(async move { root.post(path, body).await.status });
    }
    assert_eq!(transfers.join_all().await, [200; 8]);

    let log = root.get("audit-logs?action=eq.transfer&sort=id&limit=100").await.json();
    let mut owner = Value::from(ada.id);
    for row in log["items"].as_array().into_iter().flatten() {
        assert_eq!(row["before"]["ownerId"], owner, "{log}");
        owner = row["after"]["ownerId"].clone();
    }
    assert_eq!(root.get(&kite).await.json()["ownerId"], owner);
}

#[rstest]
#[tokio::test]
async fn of_many_who_add_the_same_member_one_succeeds(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let members =
        format!("projects/{}/members", ada.post("projects", json!({ "name": "Kite" })).await.id());

    let mut additions = JoinSet::new();
    for _ in 0..8 {
        let (ada, path, body) =
            (ada.clone(), members.clone(), json!({ "userId": bob.id, "role": "viewer" }));
        additions.spawn(async move { ada.post(path, body).await.status });
    }
    let mut statuses = additions.join_all().await;
    statuses.sort_unstable();

    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(app.count("project_member").await, 1);
}

#[rstest]
#[tokio::test]
async fn of_many_who_sign_up_with_one_address_one_succeeds(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let users = app.count("user").await;

    let mut attempts = JoinSet::new();
    for _ in 0..4 {
        let anyone = app.anonymous();
        let body = json!({ "name": "Grace", "email": "grace@example.com", "password": PASSWORD });
        attempts.spawn(async move { anyone.post("/api/auth/sign-up/email", body).await.status });
    }
    let mut statuses = attempts.join_all().await;
    statuses.sort_unstable();

    assert_eq!(statuses, [200, 422, 422, 422]);
    assert_eq!(app.count("user").await, users + 1);
}

#[rstest]
#[tokio::test]
async fn of_many_who_change_what_they_have_read_one_succeeds(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    let read = ada.get(&kite).await.header("etag");

    let mut changes = JoinSet::new();
    for number in 0..8 {
        let change = ada.request("PATCH", &kite).header("If-Match", &read);
        let change = change.json(&json!({ "name": format!("Kite {number}") }));
        changes.spawn(async move { change.send().await.status });
    }
    let mut statuses = changes.join_all().await;
    statuses.sort_unstable();

    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(app.audit_actions().await, ["create project", "update project"]);
}

#[rstest]
#[tokio::test]
async fn a_list_and_its_total_are_of_one_moment(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let writer = ada.clone();
    let writing = tokio::spawn(async move {
        for _ in 0..60 {
            writer.post("projects", json!({ "name": "Kite" })).await;
        }
    });
    while !writing.is_finished() {
        let list = ada.get("projects?limit=100&fields=id").await;
        assert_eq!(list.each("id").len().to_string(), list.total().to_string());
    }
    assert_eq!(ada.get("projects").await.total(), 60);
}
