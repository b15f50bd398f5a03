//! What PostgreSQL does for the requests that matter most: with 100,000 projects, no table is read whole.
//!
//! The plans are those of the statements that the server really sends: PostgreSQL explains each as it runs
//! (`auto_explain`), and the server writes what PostgreSQL says into its log.

use serde_json::json;

use crate::harness::App;
use crate::harness::Backend::Postgres;

/// A thousand users, each in two of a thousand organizations, 100,000 projects, and enough in the other tables for indexes to pay.
const FILL: &str = r#"
INSERT INTO "user" (id, name, email, email_verified, role, banned, two_factor_enabled, onboarding_complete, created_at, updated_at)
    SELECT md5('u' || n)::uuid, 'User ' || n, 'user' || n || '@example.org', true, 'user', false, false, true, now(), now()
    FROM generate_series(1, 1000) n;
INSERT INTO session (id, user_id, token_hash, expires_at, created_at, updated_at)
    SELECT md5('s' || n)::uuid, md5('u' || (1 + n % 1000))::uuid, md5('s' || n), now(), now(), now()
    FROM generate_series(1, 5000) n;
INSERT INTO organization (id, name, slug, created_at, updated_at)
    SELECT md5('o' || n)::uuid, 'Organization ' || n, 'o' || n, now(), now() FROM generate_series(1, 1000) n;
INSERT INTO member (id, organization_id, user_id, role, created_at, updated_at)
    SELECT md5('om' || n)::uuid, md5('o' || (1 + n * 7 % 1000))::uuid, md5('u' || (1 + n / 2))::uuid, 'member', now(), now()
    FROM generate_series(0, 1999) n;
INSERT INTO project (id, owner_id, organization_id, name, status, is_public, created_at, updated_at)
    SELECT md5('p' || n)::uuid, md5('u' || (1 + n % 1000))::uuid, CASE WHEN n % 2 = 0 THEN md5('o' || (1 + n / 2 % 1000))::uuid END,
           'Project ' || n, 'active', n % 5000 = 0, now(), now()
    FROM generate_series(1, 100000) n;
INSERT INTO project_member (id, project_id, user_id, role, joined_at, created_at, updated_at)
    SELECT md5('pm' || n)::uuid, md5('p' || n)::uuid, md5('u' || (1 + n * 7 % 1000))::uuid, 'editor', now(), now(), now()
    FROM generate_series(1, 20000) n;
INSERT INTO task (id, project_id, title, done, created_at, updated_at)
    SELECT md5('t' || n)::uuid, md5('p' || (1 + n % 100000))::uuid, 'Task ' || n, false, now(), now()
    FROM generate_series(1, 200000) n
"#;

const EXPLAIN: &str = "
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET session_preload_libraries = auto_explain', current_database());
    EXECUTE format('ALTER DATABASE %I SET auto_explain.log_min_duration = 0', current_database());
    EXECUTE format('ALTER DATABASE %I SET auto_explain.log_level = notice', current_database());
END $$";

#[tokio::test]
async fn no_request_reads_a_large_table_whole() {
    // The policy has lists explained that are not run.
    let settings = [("RUST_LOG", "info,sqlx::postgres::notice=debug"), ("INDEX_POLICY", "off")];
    let app = App::start_with(Postgres, &settings).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    for statement in FILL.split(';') {
        app.execute(statement).await;
    }
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();
    let member = json!({ "userId": bob.id, "role": "editor" });
    assert_eq!(ada.post(format!("projects/{kite}/members"), member).await.status, 201);
    app.execute("ANALYZE").await;
    app.execute(EXPLAIN).await;
    app.restart();

    let tasks: Vec<_> = (0..5).map(|n| json!({ "title": format!("Task {n}") })).collect();
    for caller in [&ada, &bob] {
        assert_eq!(caller.get(format!("projects/{kite}")).await.status, 200);
        assert_eq!(caller.get("projects").await.status, 200);
        assert_eq!(caller.get("projects?include=owner,tasks&sort=name").await.status, 200);
        assert_eq!(caller.get(format!("tasks?projectId=eq.{kite}")).await.status, 200);
        assert_eq!(caller.post("projects", json!({ "name": "Boat" })).await.status, 201);
        let project = json!({ "name": "Ship", "tasks": tasks });
        assert_eq!(caller.post("projects", project).await.status, 201);
    }
    assert!(app.stop().success());

    let log = app.output();
    let plans: Vec<_> = log.lines().filter(|line| line.contains("Query Text")).collect();
    // A look-up of the session and at least one statement of its own for each of the twelve requests.
    assert!(plans.len() >= 24, "only {} plans in\n{log}", plans.len());
    for statement in
        [r#"FROM \"session\""#, "COUNT(", r#"INSERT INTO \"task\""#, r#"INSERT INTO \"audit_log\""#]
    {
        assert!(
            plans.iter().any(|plan| plan.contains(statement)),
            "no plan of {statement} in\n{log}"
        );
    }
    for plan in plans {
        let whole = ["user", "session", "member", "project", "project_member", "task", "audit_log"]
            .iter()
            .any(|table| {
                plan.contains(&format!("Seq Scan on {table} "))
                    || plan.contains(&format!(r#"Seq Scan on \"{table}\""#))
            });
        assert!(!whole, "{}", plan.replace("\\n", "\n"));
    }
}
