//! Lists that no index serves.

use rstest::rstest;
use serde_json::json;

use crate::harness::App;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Client, assert_snapshot};

/// 30,000 projects of ada's, and a task in each, where 10,000 rows make a table large.
async fn start(backend: Backend, action: &'static str) -> (App, [Client; 2]) {
    let settings = [("INDEX_POLICY", action), ("INDEX_POLICY_ROWS", "10000")];
    let app = App::start_with(backend, &settings).await;
    let [ada, root] = app.users(["ada", "root"]);
    let id = match backend {
        Sqlite => "randomblob(16)",
        Postgres => "gen_random_uuid()",
    };
    let owner = app.literal(&ada.id);
    for statement in [
        format!(
            "INSERT INTO project (id, owner_id, name, status, is_public, created_at, updated_at)
             WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 30000)
             SELECT {id}, {owner}, 'Project ' || v, CASE WHEN v % 100 = 0 THEN 'archived' ELSE 'active' END,
                    v % 2 = 0, created_at, updated_at FROM n, \"user\" WHERE \"user\".id = {owner}"
        ),
        format!(
            "INSERT INTO task (id, project_id, title, done, created_at, updated_at)
             SELECT {id}, id, name, false, created_at, updated_at FROM project"
        ),
        "ANALYZE".to_owned(),
    ] {
        app.execute(&statement).await;
    }
    (app, [ada, root])
}

#[rstest]
#[tokio::test]
async fn a_list_that_no_index_serves_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let (app, [ada, root]) = start(backend, "deny").await;
    let [stranger] = app.users(["bob"]);

    assert_snapshot!(root.get("projects?clientName=eq.x&sort=-name,createdAt").await, @r#"
    422
    {
      "type":"/problems/unindexed-query",
      "title":"No index for this list",
      "status":422,
      "detail":"no index serves this: projects has more than 10000 rows, and to be found like this they need an index on clientName, name, createdAt, id",
      "instance":"/api/v1/projects",
      "requestId":"[request]"
    }
    "#);
    for path in [
        "projects?sort=name",
        "projects?sort=createdAt&cursor=",
        "projects?sort=status,-name",
        "tasks?sort=title",
        "tasks?cursor=&sort=-createdAt,title&limit=1",
        "projects/export?sort=name",
    ] {
        let answer = root.get(path).await;
        assert_eq!(answer.status, 422, "{path}: {answer}");
    }
    let body = json!({ "sort": ["name"], "cursor": "" });
    assert_eq!(root.post("projects/query", body).await.status, 422);

    let project = root.get("projects?limit=1").await.each("id").concat();
    for path in [
        "projects",
        "projects?cursor=",
        "projects?sort=-id&limit=100",
        "projects?sort=status&cursor=",
        "projects?status=eq.archived",
        "projects?isPublic=is.true&cursor=",
        "projects?name=icontains.99&cursor=",
        "projects?q=boat",
        "projects/aggregate?select=count()&groupBy=status",
        "tasks",
        "tasks?cursor=&include=project",
        &format!("tasks?projectId=eq.{project}&sort=title"),
        &format!("projects?ownerId=eq.{}&cursor=", ada.id),
        // Few rows: nothing to be careful about.
        "themes?sort=name",
        "audit-logs?sort=createdAt",
    ] {
        for client in [&ada, &root, &stranger] {
            let answer = client.get(path).await;
            assert_eq!(answer.status, 200, "{path}: {answer}");
        }
    }

    // The index that was asked for, once it is there.
    app.execute("CREATE INDEX ix_project_name_id ON project (name, id)").await;
    app.execute("ANALYZE").await;
    assert!(app.stop().success());
    app.restart();
    for path in ["projects?sort=name", "projects?sort=-name&cursor="] {
        assert_eq!(root.get(path).await.status, 200, "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn a_list_that_no_index_serves_is_only_logged_or_not_even_that(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values("warn", "off")] action: &'static str,
) {
    let (app, [_, root]) = start(backend, action).await;
    for _ in 0..3 {
        assert_eq!(root.get("projects?sort=-name&limit=1").await.status, 200);
    }
    assert!(app.stop().success());
    let log = app.output();
    let lines: Vec<_> =
        log.lines().filter(|line| line.contains("reads a large table whole")).collect();
    assert_eq!(lines.len(), usize::from(action == "warn"), "{log}");
    let suggestion = r#"CREATE INDEX ON "project" ("name", "id")"#;
    assert!(lines.iter().all(|line| line.replace('\\', "").contains(suggestion)), "{lines:?}");
}
