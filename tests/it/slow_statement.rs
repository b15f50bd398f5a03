//! Slow statements are recorded, all servers' together, without what anybody has sent.

use std::fmt::Display;
use std::process;

use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::process::{Output, Process, try_run};
use crate::harness::{App, Client, PASSWORD};

/// Every statement is slow.
const ALL: &[(&str, &str)] = &[("DATABASE_SLOW_STATEMENT", "0")];

/// In every value that is sent.
const MARK: &str = "zqxmark";
const NUMBER: u32 = 31_337;

/// Those that are in the source.
const LITERALS: [&str; 5] = [" ", r"\", r"\\", "UTC", "YYYY-MM"];

/// What `db stats` knows of statements.
fn stats(app: &App) -> Value {
    let told = app.command(&["db", "stats", "--statements", "5000", "--json"], "");
    assert!(told.success, "{}", told.error);
    serde_json::from_str(&told.out).expect("it is JSON")
}

fn texts(stats: &Value) -> Vec<&str> {
    let all = stats["statements"].as_array().expect("a list of statements");
    all.iter().map(|one| one["text"].as_str().expect("a text")).collect()
}

/// How often a session was looked up: once for each request that has one.
fn sessions(stats: &Value) -> i64 {
    let all = stats["statements"].as_array().expect("a list of statements");
    let of_session = all.iter().filter(|one| {
        let text = one["text"].as_str().unwrap_or_default();
        text.starts_with("SELECT") && text.contains(r#""session"."token_hash" ="#)
    });
    of_session.map(|one| one["calls"].as_i64().expect("a number")).sum()
}

#[rstest]
#[tokio::test]
async fn texts_are_recorded_and_no_values(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, ALL).await;
    let [ada, root] = app.users(["ada", "root"]);
    let anyone = app.anonymous();
    let email = format!("{MARK}@example.com");
    let kite =
        json!({ "name": MARK, "description": format!("a {MARK} of '{MARK}'"), "clientName": MARK });
    let kite = ada.post("projects", kite).await.id();
    let cut = json!({ "projectId": kite, "title": MARK, "estimateMinutes": NUMBER });
    let cut = ada.post("tasks", cut).await.id();

    let sign_up = json!({ "name": MARK, "email": email, "password": format!("{MARK} {PASSWORD}") });
    anyone.post("/api/auth/sign-up/email", sign_up).await;
    let sign_in = json!({ "email": email, "password": format!("{MARK} wrong {PASSWORD}") });
    anyone.post("/api/auth/sign-in/email", sign_in).await;
    ada.post("/api/auth/organization/create", json!({ "name": MARK, "slug": MARK })).await;
    ada.patch(format!("projects/{kite}"), json!({ "description": MARK })).await;
    let body = json!({ "where": { "field": "name", "op": "in", "value": [MARK, "a"] } });
    ada.post("projects/query", body).await;
    let lists: [&dyn Display; _] = [
        &format!("projects?name=eq.{MARK}&clientName=in.({MARK},b)&description=ilike.*{MARK}*"),
        &format!("projects?name=not.like.{MARK}*&or=(name.gt.{MARK},tasks.title.eq.{MARK})"),
        &format!("projects?name=between.(a,{MARK}z)&include=owner,tasks&sort=-name&limit=37"),
        &format!("projects?q={MARK}+OR+\"{MARK}+{MARK}\"+-a{MARK}*&highlight=true"),
        &format!("projects/export?name=startswith.{MARK}&format=csv"),
        &format!("tasks?estimateMinutes=gte.{NUMBER}&project.name=contains.{MARK}&cursor="),
        &format!(
            "tasks/aggregate?select=count(),sum(estimateMinutes)&groupBy=done&having=sum(estimateMinutes).eq.{NUMBER}"
        ),
        &format!("tasks/distinct?fields=createdAt.month,done&title=eq.{MARK}"),
        &format!("audit-logs?rowId=eq.{kite}"),
    ];
    for list in lists {
        let answer = ada.get(list).await;
        assert_eq!(answer.status, 200, "{list}: {answer}");
    }
    let next = ada.get("projects?sort=name&limit=1&cursor=").await.json()["nextCursor"].clone();
    ada.get(format!("projects?sort=name&limit=1&cursor={}", next.as_str().unwrap_or(""))).await;
    for search in [
        format!("searchField=email&searchOperator=contains&searchValue={MARK}"),
        format!("filterField=name&filterOperator=in&filterValue={MARK}&sortBy=name"),
    ] {
        root.get(format!("/api/auth/admin/list-users?{search}")).await;
    }
    ada.delete(format!("tasks/{cut}")).await;
    assert!(app.stop().success());

    let stats = stats(&app);
    let texts = texts(&stats);
    for table in ["user", "session", "project", "task", "organization", "audit_log"] {
        let name = format!("\"{table}\"");
        assert!(texts.iter().any(|text| text.contains(&name)), "{table} in {texts:#?}");
    }
    let id = Uuid::parse_str(&kite).expect("an id").simple().to_string();
    for value in [MARK, &MARK.to_uppercase(), &NUMBER.to_string(), &kite, &id, "LIMIT 37"] {
        let told = texts.iter().find(|text| text.contains(value));
        assert_eq!(told, None, "{value}");
    }
    let literals = texts.iter().flat_map(|text| text.split('\'').skip(1).step_by(2));
    let others: Vec<_> = literals.filter(|literal| !LITERALS.contains(literal)).collect();
    assert!(others.is_empty(), "if they are constants, they belong to LITERALS: {others:?}");
    assert!(
        texts.iter().all(|text| !text.contains("_slow_statement")),
        "it is not its own subject"
    );
    let trail = app.sql("SELECT table_name FROM audit_log").await;
    assert!(trail.iter().all(|table| !table.starts_with('_')), "{trail:?}");
}

#[rstest]
#[tokio::test]
async fn servers_add_up_and_a_start_forgets_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, ALL).await;
    let [ada] = app.users(["ada"]);
    let (mut other, elsewhere) = app.another();
    let bearer = format!("Bearer {}", ada.token);
    for _ in 0..3 {
        ada.get("projects").await;
    }
    for _ in 0..4 {
        let request = elsewhere.request("GET", "projects").header("Authorization", &bearer);
        assert_eq!(request.send().await.status, 200);
    }
    assert!(app.stop().success() && other.stop().success());

    let both = stats(&app);
    assert_eq!(sessions(&both), 7);
    app.restart();
    assert_eq!(sessions(&stats(&app)), 7, "what was recorded stays");
    ada.get("projects").await;
    assert!(app.stop().success());
    let again = stats(&app);
    assert_eq!(sessions(&again), 8);
    assert_eq!(again["recorded"], both["recorded"]);

    assert!(app.command(&["db", "stats", "--forget"], "").success);
    assert_eq!(stats(&app)["statements"], json!([]));
}

#[rstest]
#[tokio::test]
async fn what_is_fast_is_not_recorded(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &[("DATABASE_SLOW_STATEMENT", "1h")]).await;
    let [ada] = app.users(["ada"]);
    ada.post("projects", json!({ "name": "Kite" })).await;
    assert!(app.stop().success());

    let told = app.command(&["db", "stats"], "");
    assert!(told.out.contains("no statement took longer than 3600000 ms since 20"), "{}", told.out);
}

#[rstest]
#[tokio::test]
async fn a_record_that_is_gone_disturbs_nobody(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, ALL).await;
    let [ada] = app.users(["ada"]);
    while app.count("_slow_statement").await == 0 {
        ada.get("projects").await;
    }
    app.execute("DROP TABLE _slow_statement").await;

    assert_eq!(ada.get("projects").await.status, 200);

    assert!(app.stop().success());
    let output = app.output();
    assert_eq!(output.matches("slow statements cannot be recorded").count(), 1, "{output}");
}

/// Its table is made by whoever migrates: this server may not make any.
#[tokio::test]
async fn a_server_that_may_not_record_answers() {
    let app = App::start(Postgres).await;
    let [ada] = app.users(["ada"]);
    app.kill();
    let role = format!("garboard_test_{}", process::id());
    app.execute(&format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'secret'"))
        .await;
    let tables = "ALL TABLES IN SCHEMA public";
    app.execute(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}")).await;
    let mut settings = app.settings();
    let url = settings.iter().rfind(|(name, _)| *name == "DATABASE_URL").map(|(_, url)| *url);
    let (_, server) = url.and_then(|url| url.split_once('@')).expect("a user at a server");
    let url = format!("postgres://{role}:secret@{server}");
    settings.extend([("DATABASE_URL", &*url), ("DATABASE_SLOW_STATEMENT", "0")]);
    settings.push(("RUST_LOG", "info,service=debug"));

    for (change, refusals, shown) in [
        (String::new(), 0, "took longer than 0 ms"),
        (format!("REVOKE INSERT ON _slow_statement FROM {role}"), 1, "took longer than 0 ms"),
        (format!("REVOKE ALL ON _slow_statement FROM {role}"), 1, "permission denied"),
        ("DROP TABLE _slow_statement".to_owned(), 1, "has not recorded any statements yet"),
    ] {
        app.execute(&change).await;
        let output = Output::default();
        let mut server = Process::serve(app.folder(), &settings, &output);
        let request = Client::nobody(server.address).request("GET", "projects");
        let answer = request.header("Authorization", &format!("Bearer {}", ada.token)).send().await;
        assert_eq!(answer.status, 200, "{answer}");
        assert!(server.stop().success());
        let told = output.text();
        assert_eq!(told.matches("slow statements are not recorded").count(), refusals, "{told}");
        assert!(!told.contains("WARN") && !told.contains("ERROR"), "{told}");
        let stats = try_run(app.folder(), &settings, &["db", "stats"], "");
        let line = stats.out.replace('\n', " ");
        assert!(stats.success && line.contains(shown), "{change}: {stats:?}");
    }
    app.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}
