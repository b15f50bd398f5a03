//! Input that is wrong in every way there is: refused with a reason, and nothing is half-written.

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

/// One paragraph per body sent to `POST /api/v1/projects`: the body, then what came of it.
async fn outcomes(ada: &Client, bodies: &[&str]) -> String {
    let mut text = String::new();
    for body in bodies {
        let request = ada.request("POST", "projects").header("Content-Type", "application/json");
        let answer = request.body(*body).send().await;
        text.extend([body, "\n  ", &answer.problem(), "\n"]);
    }
    text
}

#[rstest]
#[tokio::test]
async fn a_body_that_is_not_json_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let outcomes = outcomes(
        &ada,
        &[
            "",
            " ",
            "{",
            "{\"name\":\"Kite\"",
            "{\"name\":\"Kite\",}",
            "{\"name\":\"Kite\"} {}",
            "{name:1}",
            "{'name':'Kite'}",
            "\u{feff}{\"name\":\"Kite\"}",
            "{\"name\":\"\\ud800\"}",
            "{\"name\":\"Kite\",\"name\":\"Boat\"}",
            "NaN",
        ],
    )
    .await;
    insta::assert_snapshot!("not_json", outcomes);
    let send = |body: &[u8]| {
        let request = ada.request("POST", "projects").header("Content-Type", "application/json");
        request.body(body).send()
    };
    assert!([400, 422].contains(&send("[".repeat(100_000).as_bytes()).await.status));
    assert_snapshot!(send(b"{\"name\":\"\xff\xfe\"}").await.problem(), @"400 malformed-request");
    assert_eq!(app.count("project").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_value_of_another_type_is_refused_where_it_is(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let outcomes = outcomes(
        &ada,
        &[
            "null",
            "[]",
            r#"["Kite",null,null,null,null,null,null,null]"#,
            "\"Kite\"",
            "7",
            "{}",
            r#"{"name":null}"#,
            r#"{"name":7}"#,
            r#"{"name":["Kite"]}"#,
            r#"{"name":"Kite","isPublic":"true"}"#,
            r#"{"name":"Kite","isPublic":1}"#,
            r#"{"name":"Kite","status":"lost"}"#,
            r#"{"name":"Kite","status":"Active"}"#,
            r#"{"name":"Kite","themeId":"sea"}"#,
            r#"{"name":"Kite","themeId":7}"#,
            r#"{"name":"Kite","tasks":{}}"#,
            r#"{"name":"Kite","tasks":["Cut"]}"#,
            r#"{"name":"Kite","tasks":[{"title":"Cut"},{"title":7}]}"#,
        ],
    )
    .await;
    insta::assert_snapshot!("other_types", outcomes);
    assert_eq!(app.count("project").await, 0);
}

#[rstest]
#[tokio::test]
async fn members_that_are_not_the_callers_to_set_are_refused(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let outcomes = outcomes(&ada, &[
        r#"{"name":"Kite","id":"00000000-0000-7000-8000-000000000000"}"#,
        r#"{"name":"Kite","ownerId":"00000000-0000-7000-8000-000000000000"}"#,
        r#"{"name":"Kite","createdAt":"2020-01-01T00:00:00.000Z"}"#,
        r#"{"name":"Kite","deletedAt":null}"#,
        r#"{"name":"Kite","client_name":"Wind Ltd"}"#,
        r#"{"name":"Kite","colour":"red"}"#,
        r#"{"name":"Kite","__proto__":{}}"#,
        r#"{"name":"Kite","tasks":[{"title":"Cut","projectId":"00000000-0000-7000-8000-000000000000"}]}"#,
    ]).await;
    insta::assert_snapshot!("unknown_members", outcomes);
    assert_eq!(app.count("project").await, 0);
}

#[rstest]
#[tokio::test]
async fn lengths_are_counted_in_characters(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let create = |body| ada.post("projects", body);

    for name in ["x".repeat(255), "é".repeat(255), "🪁".repeat(255)] {
        let answer = create(json!({ "name": name })).await;
        assert_eq!((answer.status, &answer.json()["name"]), (201, &json!(name)));
    }
    let long = create(
        json!({ "name": "🪁".repeat(256), "clientName": "", "description": "x".repeat(10_001) }),
    )
    .await;
    assert_snapshot!(long.problem(), @"
    422 invalid
        /clientName length: has 1 to 255 characters
        /description length: has 10000 characters at most
        /name length: has 1 to 255 characters
    ");
    assert_snapshot!(create(json!({ "name": "" })).await.problem(), @"
    422 invalid
        /name length: has 1 to 255 characters
    ");
    assert_eq!(app.count("project").await, 3);
}

#[rstest]
#[tokio::test]
async fn text_comes_back_as_it_was_given(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    for text in [
        "'; DROP TABLE project; --",
        "%_\\*?[a-z]",
        "\" OR \"\"=\"",
        "$1 ?1 :name @name",
        "{\"a\":[1,2]}",
        "<script>alert(1)</script>",
        "line\r\nline\ttab\u{b}\u{7f}\u{1}",
        "e\u{301} is not \u{e9}",
        "\u{202e}right to left\u{feff}",
        "🪁👩‍👩‍👧",
        "\u{fffd}\u{10ffff}",
    ] {
        let created = ada.post("projects", json!({ "name": text, "description": text })).await;
        assert_eq!((created.status, &created.json()["name"]), (201, &json!(text)), "{text:?}");
        let read = ada.get(format!("projects/{}", created.id())).await;
        assert_eq!(read.json()["description"], text);
        let query = format!("projects?name=eq.{}", percent_encoded(text));
        assert_eq!(ada.get(query).await.each("id"), [created.id()], "{text:?}");
    }
}

fn percent_encoded(text: &str) -> String {
    let digit = |digit: u8| char::from_digit(digit.into(), 16);
    text.bytes()
        .flat_map(|byte| [Some('%'), digit(byte >> 4), digit(byte & 15)])
        .flatten()
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_nul_is_refused_wherever_it_comes(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();

    assert_snapshot!(ada.post("projects", json!({ "name": "Ki\0te" })).await.problem(), @"
    422 invalid
        /name nul: contains U+0000, which no text here can hold
    ");
    assert_snapshot!(ada.patch(format!("projects/{kite}"), json!({ "description": "\0" })).await.problem(), @"
    422 invalid
        /description nul: contains U+0000, which no text here can hold
    ");
    let tasks = json!({ "tasks": [{ "title": "Cut" }, { "title": "\0" }] });
    assert_snapshot!(ada.post(format!("projects/{kite}/tasks/bulk"), tasks).await.problem(), @"
    422 invalid
        /tasks/1/title nul: contains U+0000, which no text here can hold
    ");
    assert_eq!(ada.get("projects/%00").await.status, 400);
    let sign_in = json!({ "email": "ada\0@example.com", "password": "\0" });
    assert!(
        [400, 401].contains(&app.anonymous().post("/api/auth/sign-in/email", sign_in).await.status)
    );
    let sign_up = json!({ "name": "\0", "email": "nul@example.com", "password": "long enough" });
    assert_eq!(app.anonymous().post("/api/auth/sign-up/email", sign_up).await.status, 400);
    assert_eq!((app.count("project").await, app.count("task").await), (1, 0));
}

#[rstest]
#[tokio::test]
async fn an_id_is_a_uuid(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite = ada.post("projects", json!({ "name": "Kite" })).await.id();

    assert_snapshot!(ada.get("projects/kite").await.problem(), @"
    400 malformed-request
        id malformed: in the path is not a UUID such as [id-1]
    ");
    for id in [
        "1",
        "%FF",
        "..%2f..%2fetc",
        "00000000-0000-7000-8000-00000000000",
        "00000000-0000-7000-8000-0000000000000",
        "'%20OR%201=1",
        "null",
    ] {
        for path in [
            format!("projects/{id}"),
            format!("tasks/{id}"),
            format!("projects/{kite}/members/{id}"),
            format!("users/{id}/projects"),
        ] {
            let answer = ada.delete(&path).await;
            assert!([400, 405].contains(&answer.status), "{path}: {answer}");
        }
    }
    // Other spellings of one id are still that id.
    assert_eq!(ada.get(format!("projects/{}", kite.to_uppercase())).await.id(), kite);
}

#[rstest]
#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let large = json!({ "name": "Kite", "description": "x".repeat(20 << 20) });
    let request = ada.request("POST", "projects").json(&large).try_send().await;
    // A server that closes early may reset the connection under a client that is still writing.
    if let Ok(answer) = request {
        assert_snapshot!(answer.problem(), @"413 too-large");
    }
    let head = format!(
        "POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n",
        ada.token
    );
    assert!(app.send_raw(head.as_bytes()).starts_with("HTTP/1.1 413"));
    assert_eq!(app.count("project").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_body_is_not_unpacked(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    // A small body that unpacks to a large one would get past every limit.
    for encoding in ["gzip", "br", "nonsense"] {
        let request = ada.request("POST", "projects").header("Content-Type", "application/json");
        let answer =
            request.header("Content-Encoding", encoding).body("{\"name\":\"Kite\"}").send().await;
        assert_eq!(answer.problem(), "415 unsupported-media-type");
    }
    assert_eq!(app.count("project").await, 0);
}

#[rstest]
#[tokio::test]
async fn what_is_not_http_harms_nobody(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let long_header =
        format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));

    for bytes in [
        b"hello\r\n\r\n".as_slice(),
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0\r\n\r\n",
        b"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        long_header.as_bytes(),
    ] {
        let answer = app.send_raw(bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(ada.get("projects").await.status, 200);
}

#[rstest]
#[tokio::test]
async fn another_users_rows_are_out_of_reach(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kite =
        ada.post("projects", json!({ "name": "Kite", "tasks": [{ "title": "Cut" }] })).await.id();
    let cut = ada.get("tasks").await.each("id").concat();
    let mine = bob.post("projects", json!({ "name": "Mine" })).await.id();
    let before = app.count("audit_log").await;

    for path in [format!("projects/{kite}"), format!("tasks/{cut}")] {
        let answers =
            [bob.get(&path).await, bob.patch(&path, json!({})).await, bob.delete(&path).await];
        assert_eq!(answers.map(|answer| answer.status), [404, 404, 404], "{path}");
    }
    for verb in ["archive", "restore", "transfer", "members", "tasks/bulk"] {
        let body = match verb {
            "transfer" => json!({ "newOwnerId": bob.id }),
            "members" => json!({ "userId": bob.id, "role": "editor" }),
            "tasks/bulk" => json!({ "tasks": [{ "title": "Mine" }] }),
            _ => json!({}),
        };
        assert_eq!(bob.post(format!("projects/{kite}/{verb}"), body).await.status, 404, "{verb}");
    }
    let task = ada.post("tasks", json!({ "projectId": mine, "title": "Mine" })).await;
    assert_snapshot!(task.problem(), @"
    400 unknown-reference
        /projectId reference: refers to a row that does not exist
    ");
    assert_eq!((app.count("audit_log").await, app.count("task").await), (before, 1));
}
