//! Signing in by a link.

use rstest::rstest;
use serde_json::json;

use super::letter::{link, session_cookie};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, assert_snapshot};

async fn ask(app: &App, email: &str) -> String {
    let body = json!({
        "email": email, "name": "Grace", "callbackURL": "/in", "newUserCallbackURL": "/hello",
        "errorCallbackURL": "/oops",
    });
    let answer = app.anonymous().post("/api/auth/sign-in/magic-link", body).await;
    assert_eq!(answer.text(), r#"{"status":true}"#, "{answer}");
    link(app, email, "magic-link").await
}

/// Where an answer leads to, on the server itself.
fn place(app: &App, answer: &Answer) -> String {
    assert_eq!(answer.status, 302, "{answer}");
    answer.header("location").strip_prefix(&app.url("")).expect("a place here").to_owned()
}

#[rstest]
#[tokio::test]
async fn a_link_signs_in_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let link = ask(&app, &ada.email).await;

    let (first, second) = tokio::join!(async { app.anonymous().get(&link).await }, async {
        app.anonymous().get(&link).await
    });

    let mut places = [place(&app, &first), place(&app, &second)];
    places.sort_unstable();
    assert_eq!(places, ["/in", "/oops?error=INVALID_TOKEN"]);
    let opened = if place(&app, &first) == "/in" { first } else { second };
    let cookie = session_cookie(&opened);
    let session = app.anonymous().request("GET", "/api/auth/get-session").header("Cookie", &cookie);
    assert_eq!(session.send().await.json()["user"]["email"], ada.email);
}

#[rstest]
#[tokio::test]
async fn who_is_new_gets_a_user(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let users = app.count("user").await;
    let link = ask(&app, "grace@example.com").await;
    assert_eq!(app.count("user").await, users, "asking creates nobody");

    assert_eq!(place(&app, &app.anonymous().get(&link).await), "/hello");
    let link = ask(&app, "grace@example.com").await;
    assert_eq!(place(&app, &app.anonymous().get(&link).await), "/in");

    assert_eq!(app.count("user").await, users + 1);
    let user = r#"SELECT name || ' ' || CAST(email_verified AS text) FROM "user" WHERE email = 'grace@example.com'"#;
    assert!(["Grace true", "Grace 1"].contains(&&*app.sql(user).await[0]));
}

#[rstest]
#[tokio::test]
async fn without_a_place_to_go_to_the_user_is_answered(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let link = ask(&app, &ada.email).await;
    let bare = link.split('&').next().unwrap_or_default();

    let answer = app.anonymous().get(bare).await;

    assert_eq!(answer.json()["user"]["id"], ada.id);
    assert_eq!(answer.json()["session"]["userId"], ada.id);
    let failed = app.anonymous().get(bare).await;
    assert_eq!(place(&app, &failed), "/?error=INVALID_TOKEN");
}

#[rstest]
#[tokio::test]
async fn a_banned_user_is_not_let_in_by_a_link(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let link = ask(&app, &ada.email).await;
    app.execute(r#"UPDATE "user" SET banned = true WHERE name = 'ada'"#).await;

    let answer = app.anonymous().get(&link).await;

    assert_eq!(place(&app, &answer), "/oops?error=BANNED_USER");
    assert_eq!(answer.header("set-cookie"), "");
}

#[rstest]
#[tokio::test]
async fn a_link_leads_to_trusted_places_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let sent = async |name: &str| {
        let body = json!({ "email": "grace@example.com", name: "https://evil.example" });
        app.anonymous().post("/api/auth/sign-in/magic-link", body).await
    };

    assert_snapshot!(sent("callbackURL").await, @r#"
    403
    Content-Type: application/json
    {"message":"Invalid callbackURL","code":"INVALID_CALLBACK_URL"}
    "#);
    assert_eq!(sent("errorCallbackURL").await.json()["code"], "INVALID_ERROR_CALLBACK_URL");
    assert_eq!(sent("newUserCallbackURL").await.json()["code"], "INVALID_NEW_USER_CALLBACK_URL");
    let link = ask(&app, "grace@example.com").await;
    let followed = app.anonymous().get(link.replace("%2Fin", "https://evil.example")).await;
    assert_eq!(followed.status, 403);
}
