//! One's sessions, listed and ended.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, PASSWORD, assert_snapshot};

/// Signs in once more; the token.
async fn sign_in(app: &App, user: &Client) -> String {
    let body = json!({ "email": user.email, "password": PASSWORD });
    let answer = app.anonymous().post("/api/auth/sign-in/email", body).await;
    answer.json()["token"].as_str().expect("a token").to_owned()
}

async fn is_in(app: &App, token: &str) -> bool {
    let bearer = format!("Bearer {token}");
    let request = app.anonymous().request("GET", "projects").header("Authorization", &bearer);
    request.send().await.status == 200
}

async fn list(user: &Client) -> Vec<Value> {
    let answer = user.get("/api/auth/list-sessions").await;
    answer.json().as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

#[rstest]
#[tokio::test]
async fn a_session_is_listed_by_a_name_that_signs_nobody_in(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let token = sign_in(&app, &ada).await;

    let sessions = list(&ada).await;

    assert_eq!(sessions.len(), 2);
    for session in &sessions {
        let name = session["token"].as_str().expect("a name");
        assert!(!is_in(&app, name).await && ![&token, &ada.token].contains(&&name.to_owned()));
    }
    let name = &sessions[0]["token"];
    let ended = ada.post("/api/auth/revoke-session", json!({ "token": name })).await;
    assert_snapshot!(ended, @r#"
    200
    {"status":true}
    "#);
    assert!(!is_in(&app, &token).await && is_in(&app, &ada.token).await);
}

#[rstest]
#[tokio::test]
async fn nobody_ends_the_sessions_of_others(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);

    let name = list(&ada).await[0]["token"].clone();
    for token in [name, json!(ada.token), json!("no such token")] {
        let answer = bob.post("/api/auth/revoke-session", json!({ "token": token })).await;
        assert_eq!(answer.text(), r#"{"status":true}"#);
    }

    assert!(is_in(&app, &ada.token).await);
}

#[rstest]
#[tokio::test]
async fn all_sessions_end_or_all_others(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let other = sign_in(&app, &ada).await;

    assert_eq!(ada.post("/api/auth/revoke-other-sessions", json!({})).await.status, 200);
    assert!(!is_in(&app, &other).await && is_in(&app, &ada.token).await);
    assert_eq!(ada.post("/api/auth/revoke-sessions", json!({})).await.status, 200);
    assert!(!is_in(&app, &ada.token).await && is_in(&app, &bob.token).await);
    assert_snapshot!(ada.post("/api/auth/revoke-sessions", json!({})).await, @r#"
    401
    Content-Type: application/json
    {"message":"Unauthorized","code":"UNAUTHORIZED"}
    "#);
}

#[rstest]
#[tokio::test]
async fn sessions_are_listed_for_who_has_signed_in_lately(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    age_sessions(&app, backend).await;

    assert_snapshot!(ada.get("/api/auth/list-sessions").await, @r#"
    403
    Content-Type: application/json
    {"message":"Session is not fresh","code":"SESSION_NOT_FRESH"}
    "#);
}

/// Lets all sessions have begun two days ago.
pub(super) async fn age_sessions(app: &App, backend: Backend) {
    let earlier = match backend {
        Sqlite => "strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', created_at, '-2 days')",
        Postgres => "created_at - interval '2 days'",
    };
    app.execute(&format!("UPDATE session SET created_at = {earlier}")).await;
}

#[rstest]
#[tokio::test]
async fn a_session_has_nothing_to_change(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let update = async |body| ada.post("/api/auth/update-session", body).await;

    assert_snapshot!(update(json!({ "theme": "dark" })).await, @r#"
    400
    Content-Type: application/json
    {"message":"No fields to update"}
    "#);
    let refused = update(json!({ "activeOrganizationId": ada.id })).await;
    assert_eq!(refused.json()["code"], "FIELD_NOT_ALLOWED");
}
