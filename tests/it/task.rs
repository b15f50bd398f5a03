//! Tasks: they follow their project.

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

#[rstest]
#[tokio::test]
async fn a_task_is_created_changed_and_deleted(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();

    let cut = ada
        .post("tasks", json!({ "projectId": kite, "title": "Cut", "description": "With care" }))
        .await;
    assert_snapshot!(cut, @r#"
    201
    Location: /api/v1/tasks/[id-1]
    {
      "id":"[id-1]",
      "projectId":"[id-2]",
      "title":"Cut",
      "description":"With care",
      "done":false,
      "estimateMinutes":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    let path = format!("tasks/{}", cut.id());
    assert_snapshot!(ada.patch(&path, json!({ "done": true, "description": null })).await, @r#"
    200
    {
      "id":"[id-1]",
      "projectId":"[id-2]",
      "title":"Cut",
      "description":null,
      "done":true,
      "estimateMinutes":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_snapshot!(ada.get(format!("{path}?include=project&fields=title")).await, @r#"
    200
    {
      "id":"[id-1]",
      "title":"Cut",
      "project":{"id":"[id-2]","name":"Kite","description":null,"clientName":null,"status":"active","isPublic":false,"ownerId":"[ada]","organizationId":null,"themeId":null,"createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);
    assert_eq!([ada.delete(&path).await.status, ada.get(&path).await.status], [204, 404]);
    let actions = app.audit_actions().await;
    assert_eq!(actions, ["create project", "create task", "update task", "delete task"]);
}

#[rstest]
#[tokio::test]
async fn a_task_is_refused_in_a_project_that_the_caller_cannot_see(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();
    let task = json!({ "projectId": kite, "title": "Cut" });

    assert_snapshot!(bob.post("tasks", task.clone()).await.problem(), @"
    400 unknown-reference
        /projectId reference: refers to a row that does not exist
    ");
    ada.post(format!("projects/{kite}/members"), json!({ "userId": bob.id, "role": "viewer" }))
        .await;
    assert_snapshot!(bob.post("tasks", task).await.problem(), @"403 forbidden");
    assert_eq!(app.count("task").await, 0);
}

#[rstest]
#[tokio::test]
async fn tasks_are_listed_by_project_and_by_state(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let tasks = json!([{ "title": "Cut" }, { "title": "Glue" }]);
    let kite = ada.post("projects", json!({ "name": "Kite", "tasks": tasks })).await.id();
    ada.post("projects", json!({ "name": "Boat", "tasks": tasks })).await;
    let cut = ada.get(format!("tasks?projectId=eq.{kite}&title=eq.Cut")).await.each("id");
    ada.patch(format!("tasks/{}", cut[0]), json!({ "done": true })).await;

    let open = ada.get(format!("tasks?projectId=eq.{kite}&done=is.false&fields=title,done")).await;
    assert_snapshot!(open, @r#"
    200
    Link: </api/v1/tasks?projectId=eq.[id-1]&done=is.false&fields=title,done&page=1&limit=10>; rel="first", </api/v1/tasks?projectId=eq.[id-1]&done=is.false&fields=title,done&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-2]","title":"Glue","done":false}
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
async fn a_task_has_an_estimate_of_a_year_at_most(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();
    let task = |estimate| json!({ "projectId": kite, "title": "Cut", "estimateMinutes": estimate });

    let cut = ada.post("tasks", task(json!(525_600))).await;
    assert_eq!((cut.status, &cut.json()["estimateMinutes"]), (201, &json!(525_600)));
    let path = format!("tasks/{}", cut.id());
    for (change, then) in [
        (json!({ "estimateMinutes": 0 }), json!(0)),
        (json!({ "title": "Glue" }), json!(0)),
        (json!({ "estimateMinutes": null }), json!(null)),
    ] {
        let changed = ada.patch(&path, change).await;
        assert_eq!((changed.status, &changed.json()["estimateMinutes"]), (200, &then));
    }

    assert_snapshot!(ada.post("tasks", task(json!(525_601))).await.problem(), @"
    422 invalid
        /estimateMinutes range: lies between 0 and 525600
    ");
    assert_snapshot!(ada.patch(&path, json!({ "estimateMinutes": -1 })).await.problem(), @"
    422 invalid
        /estimateMinutes range: lies between 0 and 525600
    ");
    assert_snapshot!(ada.post("tasks", task(json!(1.5))).await.problem(), @"
    422 invalid
        /estimateMinutes type: invalid type: floating point `1.5`, expected i64
    ");
    let tasks =
        json!({ "tasks": [{ "title": "Cut" }, { "title": "Glue", "estimateMinutes": -1 }] });
    let bulk = ada.post(format!("projects/{kite}/tasks/bulk"), tasks).await;
    assert_snapshot!(bulk.problem(), @"
    422 invalid
        /tasks/1/estimateMinutes range: lies between 0 and 525600
    ");
    assert_eq!(app.count("task").await, 1);
}

#[rstest]
#[tokio::test]
async fn estimates_are_filtered_sorted_and_added_up(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let tasks = json!([
        { "title": "Cut", "done": true, "estimateMinutes": 90 },
        { "title": "Glue", "estimateMinutes": 30 },
        { "title": "Paint", "estimateMinutes": 525_600 },
        { "title": "Dry", "estimateMinutes": 1 },
        { "title": "Fly" },
    ]);
    ada.post("projects", json!({ "name": "Kite", "tasks": tasks })).await;

    let titles = async |query: &str| ada.get(format!("tasks?{query}")).await.each("title");
    assert_eq!(titles("sort=-estimateMinutes").await, ["Paint", "Cut", "Glue", "Dry", "Fly"]);
    assert_eq!(titles("estimateMinutes=lt.90&sort=estimateMinutes").await, ["Dry", "Glue"]);
    assert_eq!(titles("estimateMinutes=is.null").await, ["Fly"]);
    let figures = "count(),sum(estimateMinutes),avg(estimateMinutes)";
    assert_snapshot!(ada.get(format!("tasks/aggregate?select={figures}&groupBy=done")).await, @r#"
    200
    Link: </api/v1/tasks/aggregate?select=count(),sum(estimateMinutes),avg(estimateMinutes)&groupBy=done&page=1&limit=10>; rel="first", </api/v1/tasks/aggregate?select=count(),sum(estimateMinutes),avg(estimateMinutes)&groupBy=done&page=1&limit=10>; rel="last"
    {
      "items":[
        {"done":false,"count()":4,"sum(estimateMinutes)":525631,"avg(estimateMinutes)":175210.333333},
        {"done":true,"count()":1,"sum(estimateMinutes)":90,"avg(estimateMinutes)":90}
      ],
      "total":2,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
}

#[rstest]
#[tokio::test]
async fn bulk_creation_takes_ten_thousand_tasks(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let bulk = format!(
        "projects/{}/tasks/bulk",
        ada.post("projects", json!({ "name": "Kite" })).await.id()
    );
    let tasks: Vec<_> =
        (0..10_000).map(|number| json!({ "title": format!("Task {number}") })).collect();

    let created = ada.post(&bulk, json!({ "tasks": tasks })).await;

    assert_eq!((created.status, &created.json()["created"]), (201, &json!(10_000)));
    assert_eq!(app.count("task").await, 10_000);
    let titles = ada.get("tasks?sort=id&fields=title&limit=2").await;
    assert_snapshot!(titles, @r#"
    200
    Link: </api/v1/tasks?sort=id&fields=title&page=1&limit=2>; rel="first", </api/v1/tasks?sort=id&fields=title&page=2&limit=2>; rel="next", </api/v1/tasks?sort=id&fields=title&page=5000&limit=2>; rel="last"
    {
      "items":[
        {"id":"[id-1]","title":"Task 0"},
        {"id":"[id-2]","title":"Task 1"}
      ],
      "total":10000,
      "page":1,
      "limit":2,
      "totalPages":5000
    }
    "#);
}

#[rstest]
#[tokio::test]
async fn bulk_creation_is_all_or_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let bulk = format!(
        "projects/{}/tasks/bulk",
        ada.post("projects", json!({ "name": "Kite" })).await.id()
    );
    let mut tasks = vec![json!({ "title": "Cut" }); 10_001];

    assert_snapshot!(ada.post(&bulk, json!({ "tasks": tasks })).await.problem(), @"
    422 invalid
        /tasks length: has 1 to 10000 items
    ");
    tasks.truncate(3_000);
    tasks[2_999] = json!({ "title": "x".repeat(256) });
    assert_snapshot!(ada.post(&bulk, json!({ "tasks": tasks })).await.problem(), @"
    422 invalid
        /tasks/2999/title length: has 1 to 255 characters
    ");
    assert_snapshot!(ada.post(&bulk, json!({ "tasks": [] })).await.problem(), @"
    422 invalid
        /tasks length: has 1 to 10000 items
    ");
    assert_snapshot!(bob.post(&bulk, json!({ "tasks": [{ "title": "Cut" }] })).await.problem(), @"404 not-found");
    assert_eq!(app.count("task").await, 0);
}
