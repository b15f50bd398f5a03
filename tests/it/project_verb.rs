//! What can be done with projects beyond the generic verbs.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

/// As a client would name a row that does not exist.
const NOTHING: &str = "00000000-0000-7000-8000-000000000000";

#[rstest]
#[tokio::test]
async fn archive_puts_a_project_away_until_it_is_restored(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());

    assert_snapshot!(ada.post(format!("{kite}/archive"), json!({})).await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Kite",
      "description":null,
      "clientName":null,
      "status":"archived",
      "isPublic":false,
      "ownerId":"[ada]",
      "organizationId":null,
      "themeId":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_eq!(ada.post(format!("{kite}/archive"), json!({})).await.json()["status"], "archived");
    let restored = ada.post(format!("{kite}/restore"), json!({})).await;
    assert_eq!((restored.status, &restored.json()["status"]), (200, &json!("active")));
    let actions = app.audit_actions().await;
    assert_eq!(actions, ["create project", "archive project", "restore project"]);
}

#[rstest]
#[tokio::test]
async fn transfer_gives_the_project_away_and_records_both_owners(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob, root] = app.users(["ada", "bob", "root"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());

    let answer = ada.post(format!("{kite}/transfer"), json!({ "newOwnerId": bob.id })).await;

    assert_snapshot!(answer, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Kite",
      "description":null,
      "clientName":null,
      "status":"active",
      "isPublic":false,
      "ownerId":"[bob]",
      "organizationId":null,
      "themeId":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_eq!([ada.get(&kite).await.status, bob.get(&kite).await.status], [404, 200]);
    let audit = root.get("audit-logs?action=eq.transfer&fields=actorId,action,before,after").await;
    assert_snapshot!(audit, @r#"
    200
    Link: </api/v1/audit-logs?action=eq.transfer&fields=actorId,action,before,after&page=1&limit=10>; rel="first", </api/v1/audit-logs?action=eq.transfer&fields=actorId,action,before,after&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","actorId":"[ada]","action":"transfer","before":{"ownerId":"[ada]"},"after":{"ownerId":"[bob]"}}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
}

#[rstest]
#[tokio::test]
async fn transfer_is_refused_to_nobody_and_by_anyone_but_an_owner(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    ada.post(format!("{kite}/members"), json!({ "userId": bob.id, "role": "editor" })).await;
    let transfer = format!("{kite}/transfer");

    assert_snapshot!(ada.post(&transfer, json!({ "newOwnerId": NOTHING })).await.problem(), @"
    400 unknown-reference
        /newOwnerId reference: refers to a row that does not exist
    ");
    assert_snapshot!(bob.post(&transfer, json!({ "newOwnerId": bob.id })).await.problem(), @"403 forbidden");
    assert_snapshot!(cat.post(&transfer, json!({ "newOwnerId": cat.id })).await.problem(), @"404 not-found");
    assert_eq!(ada.get(&kite).await.json()["ownerId"], Value::from(ada.id));
}

#[rstest]
#[tokio::test]
async fn stats_count_what_the_caller_sees(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    for (status, public) in
        [("active", true), ("active", false), ("inactive", false), ("archived", true)]
    {
        ada.post("projects", json!({ "name": "Kite", "status": status, "isPublic": public })).await;
    }
    let gone = ada.post("projects", json!({ "name": "Gone" })).await.id();
    ada.delete(format!("projects/{gone}")).await;

    assert_snapshot!(ada.get("projects/stats").await, @r#"
    200
    {"total":4,"active":2,"inactive":1,"archived":1}
    "#);
    assert_snapshot!(bob.get("projects/stats").await, @r#"
    200
    {"total":2,"active":1,"inactive":0,"archived":1}
    "#);
}

#[rstest]
#[tokio::test]
async fn task_counts_come_with_the_newest_project_first(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    for (name, tasks) in [("Kite", 2), ("Boat", 0), ("Yoyo", 1)] {
        let tasks = vec![json!({ "title": "Cut" }); tasks];
        ada.post("projects", json!({ "name": name, "tasks": tasks })).await;
    }

    let counts = ada.get("projects/task-counts?limit=2").await;
    assert_snapshot!(counts, @r#"
    200
    Link: </api/v1/projects/task-counts?page=1&limit=2>; rel="first", </api/v1/projects/task-counts?page=2&limit=2>; rel="next", </api/v1/projects/task-counts?page=2&limit=2>; rel="last"
    {
      "items":[
        {"project":{"id":"[id-1]","name":"Yoyo","description":null,"clientName":null,"status":"active","isPublic":false,"ownerId":"[ada]","organizationId":null,"themeId":null,"createdAt":"[time]","updatedAt":"[time]"},"taskCount":1},
        {"project":{"id":"[id-2]","name":"Boat","description":null,"clientName":null,"status":"active","isPublic":false,"ownerId":"[ada]","organizationId":null,"themeId":null,"createdAt":"[time]","updatedAt":"[time]"},"taskCount":0}
      ],
      "total":3,
      "page":1,
      "limit":2,
      "totalPages":2
    }
    "#);
    assert_eq!(
        ada.get("projects/task-counts?limit=2&page=2").await.json()["items"][0]["taskCount"],
        2
    );
    assert_eq!(bob.get("projects/task-counts").await.total(), 0);
}
