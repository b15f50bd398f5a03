//! What operators rely on: logs, health, metrics, documentation, limits, and the end of the process.

use std::io::{Read, Write};
use std::thread;

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

#[rstest]
#[tokio::test]
async fn a_request_is_logged_with_its_ids_route_and_outcome(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    let request = ada.request("GET", "projects/00000000-0000-7000-8000-000000000000?fields=name");
    let request = request.header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
    request.header("X-Request-Id", "look-for-me").send().await;

    assert!(app.stop().success());
    let output = app.output();
    let line = output
        .lines()
        .find(|line| line.contains("look-for-me"))
        .unwrap_or_else(|| panic!("no line: {output}"));
    for part in [trace, "/api/v1/projects/{id}", "404", "GET", &ada.id] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
}

#[rstest]
#[tokio::test]
async fn health_is_public_in_brief_and_in_full_for_administrators(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    let anyone = app.anonymous();

    assert_snapshot!(anyone.get("/livez").await, @r#"
    200
    {"status":"ok"}
    "#);
    assert_snapshot!(anyone.get("/readyz").await, @r#"
    200
    {"status":"ok"}
    "#);
    assert_eq!([anyone.get("/health").await.status, ada.get("/health").await.status], [401, 403]);
    let health = root.get("/health").await;
    assert_eq!(health.status, 200, "{health}");
    assert!(health.text().contains("database"), "{health}");
}

#[rstest]
#[tokio::test]
async fn a_server_is_not_ready_on_another_schema(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;

    app.execute(
        "DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)",
    )
    .await;

    let answer = app.anonymous().get("/readyz").await;
    assert_eq!(answer.status, 503, "{answer}");
    assert_eq!(app.anonymous().get("/livez").await.status, 200);
}

#[rstest]
#[tokio::test]
async fn a_newer_schema_is_served(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;

    app.execute("INSERT INTO seaql_migrations VALUES ('m29990101_000001_create_hologram', 0)")
        .await;
    app.kill();
    app.restart();

    assert_eq!(app.anonymous().get("/readyz").await.status, 200);
    let output = app.output();
    assert!(output.contains("the schema is that of a newer release"), "{output}");
}

#[rstest]
#[tokio::test]
async fn metrics_count_requests_by_route_and_status(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();
    for _ in 0..3 {
        ada.get(format!("projects/{kite}")).await;
    }

    let metrics = app.anonymous().get("/metrics").await.text();

    let line = metrics.lines().find(|line| {
        line.starts_with("http_request_duration_seconds_count{")
            && line.contains(r#"route="/api/v1/projects/{id}""#)
            && line.contains(r#"status="200""#)
    });
    assert!(line.is_some_and(|line| line.ends_with(" 3")), "{metrics}");
    assert!(!metrics.contains(&kite), "ids are not labels");
    for part in ["database_pool_connections{", "database_query_duration_seconds_count"] {
        assert!(metrics.contains(part), "{part} in {metrics}");
    }
}

#[rstest]
#[tokio::test]
async fn the_documentation_needs_no_other_host(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let anyone = app.anonymous();

    let api = anyone.get("/openapi.json").await.json();
    assert!(
        api["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")),
        "{}",
        api["openapi"]
    );
    let docs = anyone.get("/docs").await;
    assert_eq!(docs.status, 200, "{docs}");
    let page = docs.text();
    assert!(
        !page.contains("src=\"http") && !page.contains("href=\"http") && !page.contains("//cdn"),
        "{page}"
    );
}

#[rstest]
#[tokio::test]
async fn a_stop_lets_requests_finish(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let body = r#"{"name":"Kite"}"#;
    let mut connection = app.connect();
    let head = format!(
        "POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        ada.token,
        body.len(),
    );
    connection.write_all(head.as_bytes()).expect("the server reads");
    let mut go_on = [0; 25];
    connection.read_exact(&mut go_on).expect("the server asks for the body");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    let mut answer = String::new();
    thread::scope(|scope| {
        let stop = scope.spawn(|| app.stop());
        while app.accepts_connections() {
            thread::yield_now();
        }
        connection.write_all(body.as_bytes()).expect("the server still reads");
        connection.read_to_string(&mut answer).expect("the server answers and closes");
        assert!(stop.join().expect("the server stops").success());
    });

    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(app.count("project").await, 1);
}
