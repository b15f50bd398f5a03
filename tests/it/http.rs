//! What holds for every route: ids, problems, methods, media types, origins, headers.

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

const TRUSTED: &str = "https://app.example.com";

#[rstest]
#[tokio::test]
async fn every_answer_carries_a_request_id(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let with_id = |id: &str| ada.request("GET", "nothing").header("X-Request-Id", id).send();

    let answer = with_id("order-7_a.b").await;
    assert_eq!(
        (answer.header("x-request-id"), &answer.json()["requestId"]),
        ("order-7_a.b".to_owned(), &json!("order-7_a.b"))
    );
    for id in ["two words", "", "a\tb", "<script>", "\"quoted\"", &"x".repeat(500)] {
        let answer = with_id(id).await;
        assert_ne!(answer.header("x-request-id"), id);
        assert_eq!(answer.json()["requestId"], answer.header("x-request-id"));
    }
    let ids = [ada.get("projects").await, app.anonymous().get("/livez").await]
        .map(|answer| answer.header("x-request-id"));
    assert!(ids[0] != ids[1] && ids.iter().all(|id| !id.is_empty()), "{ids:?}");
}

#[rstest]
#[tokio::test]
async fn what_is_not_there_is_not_found(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    assert_snapshot!(ada.get("nothing").await.problem(), @"404 not-found");
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/projects",
        "/API/v1/projects",
        "//api/v1/projects",
        "/api/v1/projects/",
    ] {
        let answer = ada.get(path).await;
        assert_eq!(
            (answer.status, &answer.json()["type"]),
            (404, &json!("/problems/not-found")),
            "{path}: {answer}"
        );
    }
    // Better Auth's own way to say so.
    assert_snapshot!(ada.get("/api/auth/nothing").await, @"404");
}

#[rstest]
#[tokio::test]
async fn a_problem_says_what_where_and_under_which_id(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let problem = ada.post("projects", json!({ "name": "", "isPublic": true })).await;
    assert_snapshot!(problem, @r#"
    422
    {
      "type":"/problems/invalid",
      "title":"Invalid input",
      "status":422,
      "detail":"the input is not valid",
      "instance":"/api/v1/projects",
      "requestId":"[request]",
      "errors":[
        {"pointer":"/name","code":"length","message":"has 1 to 255 characters"}
      ]
    }
    "#);
    let page = app.anonymous().get(problem.json()["type"].as_str().unwrap_or_default()).await;
    assert_snapshot!(page, @"
    200
    Content-Type: text/plain; charset=utf-8
    Invalid input (422)

    The body is JSON but not what is expected. `errors` lists each member that is wrong, by a JSON pointer.
    ");
    assert_snapshot!(app.anonymous().get("/problems/nothing").await.problem(), @"404 not-found");
}

#[rstest]
#[tokio::test]
async fn a_wrong_method_is_answered_with_the_right_ones(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();

    assert_snapshot!(ada.delete("projects").await.problem(), @"
    405 method-not-allowed
    Allow: GET, HEAD, POST
    ");
    assert_snapshot!(ada.post(format!("projects/{kite}"), json!({})).await.problem(), @"
    405 method-not-allowed
    Allow: GET, HEAD, PATCH, DELETE
    ");
    assert_snapshot!(ada.patch("projects/stats", json!({})).await.problem(), @r#"
    405 method-not-allowed
    Allow: GET, HEAD
    "#);
    assert_snapshot!(ada.get(format!("projects/{kite}/archive")).await.problem(), @"
    405 method-not-allowed
    Allow: POST
    ");
    assert_snapshot!(ada.request("PROPFIND", "tasks").send().await.problem(), @"
    405 method-not-allowed
    Allow: GET, HEAD, POST
    ");
    assert_snapshot!(ada.post("/livez", json!({})).await.problem(), @"
    405 method-not-allowed
    Allow: GET, HEAD
    ");
}

#[rstest]
#[tokio::test]
async fn a_head_is_a_get_without_its_body(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = format!("projects/{}", ada.post("projects", json!({ "name": "Kite" })).await.id());

    for path in [&*kite, "projects", "/livez"] {
        let (head, get) = (ada.request("HEAD", path).send().await, ada.get(path).await);
        assert_eq!(
            (head.status, head.text(), head.header("content-type")),
            (200, String::new(), get.header("content-type"))
        );
    }
}

#[rstest]
#[tokio::test]
async fn media_types_are_taken_seriously(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let create = |media_type: &str| {
        ada.request("POST", "projects")
            .header("Content-Type", media_type)
            .body(r#"{"name":"Kite"}"#)
            .send()
    };

    assert_snapshot!(create("text/plain").await.problem(), @"415 unsupported-media-type");
    assert_eq!(ada.request("POST", "projects").body(r#"{"name":"Kite"}"#).send().await.status, 415);
    for media_type in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"] {
        assert_eq!(create(media_type).await.status, 201, "{media_type}");
    }
    let kite = create("application/json").await.id();
    let patch = ada
        .request("PATCH", format!("projects/{kite}"))
        .header("Content-Type", "application/merge-patch+json");
    assert_eq!(patch.body(r#"{"name":"Box kite"}"#).send().await.status, 200);

    let accept = |accept: &str| ada.request("GET", "projects").header("Accept", accept).send();
    assert_snapshot!(accept("text/html").await.problem(), @"406 not-acceptable");
    for wanted in ["*/*", "application/*", "text/html, application/json;q=0.5", "application/json"]
    {
        assert_eq!(accept(wanted).await.status, 200, "{wanted}");
    }
    assert_eq!(accept("application/json;q=0").await.status, 406);
}

#[rstest]
#[tokio::test]
async fn other_origins_are_let_in_by_list(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &[("TRUSTED_ORIGINS", TRUSTED)]).await;
    let [ada] = app.users(["ada"]);
    let preflight = |origin: &str| {
        let request = app.anonymous().request("OPTIONS", "projects").header("Origin", origin);
        request
            .header("Access-Control-Request-Method", "PATCH")
            .header("Access-Control-Request-Headers", "authorization, content-type")
            .send()
    };

    let allowed = preflight(TRUSTED).await;
    assert!(allowed.status < 300, "{allowed}");
    assert_eq!(allowed.header("access-control-allow-origin"), TRUSTED);
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    assert!(allowed.header("vary").to_lowercase().contains("origin"));
    let refused = preflight("https://evil.example.com").await;
    assert_eq!(refused.header("access-control-allow-origin"), "", "{refused}");

    let answer = ada.request("GET", "projects").header("Origin", TRUSTED).send().await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, TRUSTED.to_owned())
    );
    let exposed = answer.header("access-control-expose-headers").to_lowercase();
    assert!(exposed.contains("x-request-id") && exposed.contains("link"), "{exposed}");
}

#[rstest]
#[tokio::test]
async fn browsers_are_told_to_be_careful(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    for answer in [ada.get("projects").await, ada.get("nothing").await, ada.get("/docs").await] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer}");
        assert!(
            answer.header("content-security-policy").contains("frame-ancestors 'none'"),
            "{answer}"
        );
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer}");
        assert_eq!(answer.header("server"), "");
    }
    assert_eq!(ada.get("projects").await.header("cache-control"), "no-store");
}

#[rstest]
#[tokio::test]
async fn a_long_answer_is_compressed_for_who_asks(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let tasks = vec![json!({ "title": "Cut the cloth along the line" }); 100];
    ada.post("projects", json!({ "name": "Kite", "tasks": tasks })).await;

    let plain = ada.get("tasks?limit=100").await;
    for encoding in ["gzip", "br"] {
        let packed =
            ada.request("GET", "tasks?limit=100").header("Accept-Encoding", encoding).send().await;
        assert_eq!(packed.header("content-encoding"), encoding);
        assert!(packed.body.len() < plain.body.len() / 3);
        assert!(
            packed.header("vary").to_lowercase().contains("accept-encoding"),
            "{:?}",
            packed.headers
        );
    }
}

#[rstest]
#[tokio::test]
async fn an_answer_about_a_failure_says_nothing_of_its_cause(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    app.execute("ALTER TABLE project_member RENAME TO hidden").await;

    assert_snapshot!(ada.get("projects").await.problem(), @"500 internal");
}
