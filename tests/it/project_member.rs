//! Who works on a project, seen from the project and from the user.

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

#[rstest]
#[tokio::test]
async fn a_member_is_added_changed_and_removed(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    let members = format!("{kite}/members");

    assert_snapshot!(ada.post(&members, json!({ "userId": bob.id, "role": "viewer" })).await, @r#"
    201
    Location: /api/v1/projects/[id-1]/members/[bob]
    {
      "id":"[id-2]",
      "projectId":"[id-1]",
      "userId":"[bob]",
      "role":"viewer",
      "joinedAt":"[time]",
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_eq!(bob.patch(&kite, json!({ "name": "Mine" })).await.status, 403);
    let bobs = format!("{members}/{}", bob.id);
    assert_snapshot!(ada.patch(&bobs, json!({ "role": "editor" })).await, @r#"
    200
    {
      "id":"[id-1]",
      "projectId":"[id-2]",
      "userId":"[bob]",
      "role":"editor",
      "joinedAt":"[time]",
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_eq!(bob.patch(&kite, json!({ "name": "Ours" })).await.status, 200);
    assert_snapshot!(ada.delete(&bobs).await, @"204");
    assert_eq!([bob.get(&kite).await.status, ada.delete(&bobs).await.status], [404, 404]);
    let audit = app
        .sql("SELECT action FROM audit_log WHERE table_name = 'project_member' ORDER BY id")
        .await;
    assert_eq!(audit, ["add_member", "update_member", "remove_member"]);
}

#[rstest]
#[tokio::test]
async fn membership_is_listed_from_both_sides(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    for (user, role) in [(&bob, "editor"), (&cat, "viewer")] {
        ada.post(format!("{kite}/members"), json!({ "userId": user.id, "role": role })).await;
    }

    assert_snapshot!(cat.get(format!("{kite}/members?include=user&sort=joinedAt,id")).await, @r#"
    200
    Link: </api/v1/projects/[id-1]/members?sort=joinedAt,id&include=user&page=1&limit=10>; rel="first", </api/v1/projects/[id-1]/members?sort=joinedAt,id&include=user&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-2]","projectId":"[id-1]","userId":"[bob]","role":"editor","joinedAt":"[time]","createdAt":"[time]","updatedAt":"[time]","user":{"id":"[bob]","name":"bob","image":null,"username":null,"createdAt":"[time]","updatedAt":"[time]"}},
        {"id":"[id-3]","projectId":"[id-1]","userId":"[cat]","role":"viewer","joinedAt":"[time]","createdAt":"[time]","updatedAt":"[time]","user":{"id":"[cat]","name":"cat","image":null,"username":null,"createdAt":"[time]","updatedAt":"[time]"}}
      ],
      "total":2,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_snapshot!(bob.get(format!("users/{}/projects", bob.id)).await, @r#"
    200
    Link: </api/v1/users/[bob]/projects?page=1&limit=10>; rel="first", </api/v1/users/[bob]/projects?page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","projectId":"[id-2]","userId":"[bob]","role":"editor","joinedAt":"[time]","createdAt":"[time]","updatedAt":"[time]","project":{"id":"[id-2]","name":"Kite","description":null,"clientName":null,"status":"active","isPublic":false,"ownerId":"[ada]","organizationId":null,"themeId":null,"createdAt":"[time]","updatedAt":"[time]"}}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_snapshot!(bob.get(format!("users/{}/projects", cat.id)).await, @r#"
    200
    Link: </api/v1/users/[cat]/projects?page=1&limit=10>; rel="first", </api/v1/users/[cat]/projects?page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","projectId":"[id-2]","userId":"[cat]","role":"viewer","joinedAt":"[time]","createdAt":"[time]","updatedAt":"[time]","project":{"id":"[id-2]","name":"Kite","description":null,"clientName":null,"status":"active","isPublic":false,"ownerId":"[ada]","organizationId":null,"themeId":null,"createdAt":"[time]","updatedAt":"[time]"}}
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
async fn a_member_is_added_once_and_exists(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let members =
        format!("projects/{}/members", ada.post("projects", json!({ "name": "Kite" })).await.id());
    ada.post(&members, json!({ "userId": bob.id, "role": "viewer" })).await;

    assert_snapshot!(ada.post(&members, json!({ "userId": bob.id, "role": "editor" })).await.problem(), @"
    409 taken
        /userId taken: another row already has this value
    ");
    let nobody = "00000000-0000-7000-8000-000000000000";
    assert_snapshot!(ada.post(&members, json!({ "userId": nobody, "role": "viewer" })).await.problem(), @"
    400 unknown-reference
        /userId reference: refers to a row that does not exist
    ");
    assert_snapshot!(ada.post(&members, json!({ "userId": bob.id, "role": "king" })).await.problem(), @"
    422 invalid
        /role choice: unknown variant `king`, expected `editor` or `viewer`
    ");
    assert_snapshot!(ada.patch(format!("{members}/{nobody}"), json!({ "role": "editor" })).await.problem(), @"404 not-found");
    assert_eq!(app.count("project_member").await, 1);
}

#[rstest]
#[tokio::test]
async fn only_an_owner_decides_who_is_a_member(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);
    let members =
        format!("projects/{}/members", ada.post("projects", json!({ "name": "Kite" })).await.id());
    for (user, role) in [(&bob, "editor"), (&cat, "viewer")] {
        ada.post(&members, json!({ "userId": user.id, "role": role })).await;
    }

    for member in [&bob, &cat] {
        assert_eq!(
            member.post(&members, json!({ "userId": dan.id, "role": "editor" })).await.status,
            403
        );
        let own = format!("{members}/{}", member.id);
        assert_eq!(member.patch(&own, json!({ "role": "editor" })).await.status, 403);
    }
    assert_eq!(dan.get(&members).await.status, 404);
    assert_eq!(app.count("project_member").await, 2);
}
