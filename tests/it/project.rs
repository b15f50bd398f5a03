//! Projects, created, read, changed, deleted and shared. What else can be done with them is in `project_verb`.

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

/// As a client would name a row that does not exist.
const NOTHING: &str = "00000000-0000-7000-8000-000000000000";

#[rstest]
#[tokio::test]
async fn create_answers_the_row_and_where_it_is(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    let theme = root.post("themes", json!({ "name": "Sea", "primaryColor": "#336699" })).await.id();

    let body = json!({
        "name": "Kite", "description": "It flies", "clientName": "Wind Ltd", "status": "inactive",
        "isPublic": true, "themeId": theme, "tasks": [{ "title": "Cut" }, { "title": "Glue" }],
    });
    let kite = ada.post("projects", body).await;

    assert_snapshot!(kite, @r#"
    201
    Location: /api/v1/projects/[id-1]
    {
      "id":"[id-1]",
      "name":"Kite",
      "description":"It flies",
      "clientName":"Wind Ltd",
      "status":"inactive",
      "isPublic":true,
      "ownerId":"[ada]",
      "organizationId":null,
      "themeId":"[id-2]",
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    let whole = ada.get(format!("projects/{}?include=owner,theme,tasks", kite.id())).await;
    assert_snapshot!(whole, @r##"
    200
    {
      "id":"[id-1]",
      "name":"Kite",
      "description":"It flies",
      "clientName":"Wind Ltd",
      "status":"inactive",
      "isPublic":true,
      "ownerId":"[ada]",
      "organizationId":null,
      "themeId":"[id-2]",
      "createdAt":"[time]",
      "updatedAt":"[time]",
      "owner":{"id":"[ada]","name":"ada","image":null,"username":null,"createdAt":"[time]","updatedAt":"[time]"},
      "theme":{"id":"[id-2]","name":"Sea","primaryColor":"#336699","description":null,"createdAt":"[time]","updatedAt":"[time]"},
      "tasks":[
        {"id":"[id-3]","projectId":"[id-1]","title":"Cut","description":null,"done":false,"estimateMinutes":null,"createdAt":"[time]","updatedAt":"[time]"},
        {"id":"[id-4]","projectId":"[id-1]","title":"Glue","description":null,"done":false,"estimateMinutes":null,"createdAt":"[time]","updatedAt":"[time]"}
      ]
    }
    "##);
    assert_eq!(
        app.audit_actions().await,
        ["create theme", "create project", "create task", "create task"]
    );
}

#[rstest]
#[tokio::test]
async fn create_makes_the_project_with_all_its_tasks_or_nothing(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let tasks = |count| vec![json!({ "title": "Cut" }); count];

    let untitled = json!({ "name": "Kite", "tasks": [{ "title": "Cut" }, { "title": "" }, {}] });
    assert_snapshot!(ada.post("projects", untitled).await.problem(), @"
    422 invalid
        /tasks/2/title required: missing field `title`
    ");
    assert_snapshot!(ada.post("projects", json!({ "name": "Kite", "tasks": tasks(101) })).await.problem(), @"
    422 invalid
        /tasks length: has 100 items at most
    ");
    assert_eq!(
        (app.count("project").await, app.count("task").await, app.count("audit_log").await),
        (0, 0, 0)
    );

    assert_eq!(
        ada.post("projects", json!({ "name": "Kite", "tasks": tasks(100) })).await.status,
        201
    );
    assert_eq!((app.count("project").await, app.count("task").await), (1, 100));
}

#[rstest]
#[tokio::test]
async fn create_refuses_references_to_what_the_caller_cannot_see(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let strange = app.organization("strange", &[(&bob, "owner")]).await;

    assert_snapshot!(ada.post("projects", json!({ "name": "Kite", "themeId": NOTHING })).await.problem(), @"
    400 unknown-reference
        /themeId reference: refers to a row that does not exist
    ");
    assert_snapshot!(ada.post("projects", json!({ "name": "Kite", "organizationId": NOTHING })).await.problem(), @"
    400 unknown-reference
        /organizationId reference: refers to a row that does not exist
    ");
    assert_snapshot!(ada.post("projects", json!({ "name": "Kite", "organizationId": strange })).await.problem(), @"
    400 unknown-reference
        /organizationId reference: refers to a row that does not exist
    ");
    assert_eq!(app.count("project").await, 0);
}

#[rstest]
#[tokio::test]
async fn get_is_not_found_for_a_stranger_as_for_a_row_that_is_absent(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();

    let hidden = bob.get(format!("projects/{kite}")).await;
    assert_snapshot!(hidden.problem(), @"404 not-found");
    let absent = bob.get(format!("projects/{NOTHING}")).await;
    assert_eq!(absent.to_string(), hidden.to_string());
    assert_snapshot!(app.anonymous().get(format!("projects/{kite}")).await.problem(), @"
    401 unauthenticated
    WWW-Authenticate: Bearer
    ");
}

#[rstest]
#[tokio::test]
async fn a_row_is_sent_again_only_when_it_has_changed(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    let known = ada.get(&kite).await.header("etag");
    let again = |known: &str| ada.request("GET", &kite).header("If-None-Match", known).send();

    assert_snapshot!(again(&known).await, @"304");
    assert_eq!(again(&format!("\"other\", W/{known}")).await.status, 304);
    assert_eq!([again("\"other\"").await.status, again("*").await.status], [200, 304]);
    let changed = ada.patch(&kite, json!({ "name": "Box kite" })).await;
    assert_eq!(again(&known).await.header("etag"), changed.header("etag"));
}

#[rstest]
#[tokio::test]
async fn update_is_a_merge_patch(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let body = json!({ "name": "Kite", "description": "It flies", "clientName": "Wind Ltd" });
    let kite = format!("projects/{}", ada.post("projects", body).await.id());
    let before = ada.get(&kite).await.json();

    let after = ada.patch(&kite, json!({ "description": null, "isPublic": true })).await;

    assert_snapshot!(after, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Kite",
      "description":null,
      "clientName":"Wind Ltd",
      "status":"active",
      "isPublic":true,
      "ownerId":"[ada]",
      "organizationId":null,
      "themeId":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    let after = after.json();
    assert_eq!(after["createdAt"], before["createdAt"]);
    assert!(after["updatedAt"].as_str() >= before["updatedAt"].as_str());
    assert_eq!(ada.get(&kite).await.json(), after);
    assert_snapshot!(ada.patch(&kite, json!({ "name": null })).await.problem(), @"
    422 invalid
        /name type: invalid type: null, expected a string
    ");
    assert_snapshot!(ada.patch(&kite, json!({ "name": "", "status": "lost", "ownerId": NOTHING })).await.problem(), @"
    422 invalid
        /ownerId unknown: unknown field `ownerId`, expected one of `name`, `description`, `clientName`, `status`, `isPublic`, `organizationId`, `themeId`
    ");
    assert_eq!(ada.get(&kite).await.json(), after);
}

#[rstest]
#[tokio::test]
async fn an_update_that_changes_nothing_leaves_no_trace(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await;

    for body in [json!({}), json!({ "name": "Kite" })] {
        let answer = ada.patch(format!("projects/{}", kite.id()), body).await;
        assert_eq!((answer.status, answer.json()), (200, kite.json()));
    }
    assert_eq!(app.audit_actions().await, ["create project"]);
}

#[rstest]
#[tokio::test]
async fn update_is_refused_when_the_row_has_changed_since_it_was_read(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    let read = ada.get(&kite).await.header("etag");
    let rename = |name| {
        ada.request("PATCH", &kite).header("If-Match", &read).json(&json!({ "name": name })).send()
    };

    assert_eq!(rename("Box kite").await.status, 200);
    assert_snapshot!(rename("Stunt kite").await.problem(), @"412 stale");
    assert_eq!(ada.get(&kite).await.json()["name"], "Box kite");
    let delete = |version: &str| ada.request("DELETE", &kite).header("If-Match", version).send();
    assert_eq!(delete(&read).await.status, 412);
    assert_snapshot!(delete("yesterday").await.problem(), @"412 stale");
    assert_eq!(delete("*").await.status, 204);
}

#[rstest]
#[tokio::test]
async fn delete_hides_the_project_until_it_is_restored(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kite = ada.post("projects", json!({ "name": "Kite", "tasks": [{ "title": "Cut" }] })).await;
    let path = format!("projects/{}", kite.id());

    assert_snapshot!(ada.delete(&path).await, @"204");
    assert_snapshot!(ada.get(&path).await.problem(), @"404 not-found");
    assert_eq!(ada.delete(&path).await.status, 404);
    assert_eq!(ada.patch(&path, json!({ "name": "Box kite" })).await.status, 404);
    assert_eq!([ada.get("projects").await.total(), ada.get("tasks").await.total()], [0, 0]);

    assert_eq!(bob.post(format!("{path}/restore"), json!({})).await.status, 404);
    assert_snapshot!(ada.post(format!("{path}/restore"), json!({})).await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Kite",
      "description":null,
      "clientName":null,
      "status":"active",
      "isPublic":false,
      "ownerId":"[ada]",
      "organizationId":null,
      "themeId":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_eq!([ada.get("projects").await.total(), ada.get("tasks").await.total()], [1, 1]);
    let actions = app.audit_actions().await;
    assert_eq!(actions, ["create project", "create task", "delete project", "restore project"]);
}

#[rstest]
#[tokio::test]
async fn an_organization_shares_its_projects(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kites =
        app.organization("kites", &[(&ada, "owner"), (&bob, "member"), (&cat, "admin")]).await;
    let kite = bob.post("projects", json!({ "name": "Kite", "organizationId": kites })).await;
    assert_eq!(kite.status, 201, "{kite}");
    let path = format!("projects/{}", kite.id());

    // The project's owner, the organization's owner and its admin write; only owners give it away or delete it.
    assert_eq!(cat.patch(&path, json!({ "name": "Box kite" })).await.status, 200);
    assert_eq!(cat.delete(&path).await.status, 403);
    assert_eq!(ada.delete(&path).await.status, 204);
}

#[rstest]
#[tokio::test]
async fn only_an_owner_moves_a_project_to_another_organization(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());
    ada.post(format!("{kite}/members"), json!({ "userId": bob.id, "role": "editor" })).await;
    let bobs = app.organization("bobs", &[(&bob, "owner")]).await;
    let adas = app.organization("adas", &[(&ada, "member"), (&cat, "owner")]).await;

    // Who could would own the project: an editor must not, and an owner gives it to no strangers.
    let body = json!({ "organizationId": bobs, "name": "Mine" });
    assert_snapshot!(bob.patch(&kite, body.clone()).await.problem(), @"403 forbidden");
    assert_snapshot!(ada.patch(&kite, body).await.problem(), @"
    400 unknown-reference
        /organizationId reference: refers to a row that does not exist
    ");
    assert_eq!(ada.patch(&kite, json!({ "organizationId": adas })).await.status, 200);
    assert_eq!(cat.get(&kite).await.json()["name"], "Kite");
    assert_eq!(ada.patch(&kite, json!({ "organizationId": null })).await.status, 200);
    assert_eq!(cat.get(&kite).await.status, 404);
}
