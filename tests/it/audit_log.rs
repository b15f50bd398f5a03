//! The audit log: written with the change, read by those whom it concerns, changed by nobody.

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

#[rstest]
#[tokio::test]
async fn a_change_is_recorded_with_what_was_before_and_after(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    let kite =
        ada.post("projects", json!({ "name": "Kite", "description": "It flies" })).await.id();
    let rename =
        ada.request("PATCH", format!("projects/{kite}")).header("X-Request-Id", "renaming");
    rename.json(&json!({ "name": "Box kite", "description": null })).send().await;

    assert_snapshot!(root.get("audit-logs?action=eq.update").await, @r#"
    200
    Link: </api/v1/audit-logs?action=eq.update&page=1&limit=10>; rel="first", </api/v1/audit-logs?action=eq.update&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","actorId":"[ada]","impersonatorId":null,"action":"update","tableName":"project","rowId":"[id-2]","rootId":"[id-2]","before":{"description":"It flies","name":"Kite"},"after":{"description":null,"name":"Box kite"},"requestId":"[request]","createdAt":"[time]","updatedAt":"[time]"}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    let ids = root.get("audit-logs?action=eq.update").await.each("id");
    let one = root.get(format!("audit-logs/{}", ids[0])).await;
    assert_eq!((one.status, &one.json()["requestId"]), (200, &json!("renaming")));
}

#[rstest]
#[tokio::test]
async fn owners_read_the_trail_of_their_own_rows(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob, cat, root] = app.users(["ada", "bob", "cat", "root"]);
    let kite = ada
        .post(
            "projects",
            json!({ "name": "Kite", "isPublic": true, "tasks": [{ "title": "Cut" }] }),
        )
        .await;
    ada.post(
        format!("projects/{}/members", kite.id()),
        json!({ "userId": bob.id, "role": "editor" }),
    )
    .await;

    let list = ada.get("audit-logs?sort=id&fields=action,tableName,actorId,rootId").await;
    assert_snapshot!(list, @r#"
    200
    Link: </api/v1/audit-logs?sort=id&fields=action,tableName,actorId,rootId&page=1&limit=10>; rel="first", </api/v1/audit-logs?sort=id&fields=action,tableName,actorId,rootId&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","actorId":"[ada]","action":"create","tableName":"project","rootId":"[id-2]"},
        {"id":"[id-3]","actorId":"[ada]","action":"create","tableName":"task","rootId":"[id-2]"},
        {"id":"[id-4]","actorId":"[ada]","action":"add_member","tableName":"project_member","rootId":"[id-2]"}
      ],
      "total":3,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_eq!([bob.get("audit-logs").await.total(), cat.get("audit-logs").await.total()], [0, 0]);
    assert_eq!(root.get("audit-logs").await.total(), 3);
    assert_snapshot!(app.anonymous().get("audit-logs").await.problem(), @"
    401 unauthenticated
    WWW-Authenticate: Bearer
    ");
}

#[rstest]
#[tokio::test]
async fn the_trail_cannot_be_written(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    ada.post("projects", json!({ "name": "Kite" })).await;
    let path = format!("audit-logs/{}", root.get("audit-logs").await.each("id")[0]);

    assert_snapshot!(root.post("audit-logs", json!({})).await.problem(), @"
    405 method-not-allowed
    Allow: GET, HEAD
    ");
    assert_snapshot!(root.patch(&path, json!({})).await.problem(), @"
    405 method-not-allowed
    Allow: GET, HEAD
    ");
    assert_snapshot!(root.delete(&path).await.problem(), @"
    405 method-not-allowed
    Allow: GET, HEAD
    ");
}

#[rstest]
#[tokio::test]
async fn a_refused_change_leaves_no_trail(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kite = format!(
        "projects/{}",
        ada.post("projects", json!({ "name": "Kite", "isPublic": true })).await.id()
    );

    assert_eq!(bob.patch(&kite, json!({ "name": "Mine" })).await.status, 403);
    assert_eq!(bob.delete(&kite).await.status, 403);
    assert_eq!(ada.patch(&kite, json!({ "name": "" })).await.status, 422);
    assert_eq!(app.audit_actions().await, ["create project"]);
}
