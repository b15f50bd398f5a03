//! How a password becomes another one.

use rstest::rstest;
use serde_json::{Value, json};

use super::letter::{letters, link};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client, PASSWORD, assert_snapshot};

const NEW: &str = "another horse altogether";

async fn sign_in(app: &App, email: &str, password: &str) -> u16 {
    let body = json!({ "email": email, "password": password });
    app.anonymous().post("/api/auth/sign-in/email", body).await.status
}

async fn change(user: &Client, current: &str, new: &str, revoke: bool) -> Answer {
    let body =
        json!({ "currentPassword": current, "newPassword": new, "revokeOtherSessions": revoke });
    user.post("/api/auth/change-password", body).await
}

async fn request(app: &App, email: &str) -> Answer {
    let body = json!({ "email": email, "redirectTo": "/reset" });
    app.anonymous().post("/api/auth/request-password-reset", body).await
}

/// The token of the newest link to set a new password.
async fn reset_token(app: &App, email: &str) -> String {
    let link = link(app, email, "reset-password").await;
    let path = link.strip_prefix("/api/auth/reset-password/").expect("such a link");
    path.split('?').next().unwrap_or_default().to_owned()
}

async fn reset(app: &App, token: &str, new: &str) -> Answer {
    let body = json!({ "token": token, "newPassword": new });
    app.anonymous().post("/api/auth/reset-password", body).await
}

#[rstest]
#[tokio::test]
async fn who_knows_the_password_sets_another(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    assert_snapshot!(change(&ada, "wrong horse", NEW, false).await, @r#"
    400
    Content-Type: application/json
    {"message":"Invalid password","code":"INVALID_PASSWORD"}
    "#);
    assert_snapshot!(change(&ada, PASSWORD, "short", false).await, @r#"
    400
    Content-Type: application/json
    {"message":"Password too short","code":"PASSWORD_TOO_SHORT"}
    "#);
    let changed = change(&ada, PASSWORD, NEW, false).await;
    assert_eq!((changed.status, &changed.json()["token"]), (200, &Value::Null));

    assert_eq!(sign_in(&app, &ada.email, PASSWORD).await, 401);
    assert_eq!(sign_in(&app, &ada.email, NEW).await, 200);
    assert_eq!(app.audit_actions().await.last().expect("an entry"), "changePassword user");
    let trail = app.sql("SELECT CAST(after AS text) FROM audit_log ORDER BY id DESC LIMIT 1").await;
    assert_eq!(trail, ["{}"], "of a password nothing is kept");
}

#[rstest]
#[tokio::test]
async fn with_the_password_other_sessions_may_end(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let body = json!({ "email": ada.email, "password": PASSWORD });
    let other = app.anonymous().post("/api/auth/sign-in/email", body).await.json()["token"].clone();

    let changed = change(&ada, PASSWORD, NEW, true).await;

    let token = changed.json()["token"].as_str().expect("a new token").to_owned();
    let who = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let request = app.anonymous().request("GET", "projects").header("Authorization", &bearer);
        request.send().await.status
    };
    assert_eq!(who(&token).await, 200);
    assert_eq!(who(other.as_str().expect("a token")).await, 401);
    assert_eq!(ada.get("projects").await.status, 401);
}

#[rstest]
#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_who_reads_the_mail(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let asked = request(&app, &ada.email.to_uppercase()).await;
    assert_snapshot!(asked, @r#"
    200
    {"status":true,"message":"If this email exists in our system, check your email for the reset link"}
    "#);
    let link = link(&app, &ada.email, "reset-password").await;
    let token = reset_token(&app, &ada.email).await;
    let followed = app.anonymous().get(&link).await;
    assert_eq!(
        (followed.status, followed.header("location")),
        (302, app.url(&format!("/reset?token={token}")))
    );

    assert_snapshot!(reset(&app, &token, NEW).await, @r#"
    200
    {"status":true}
    "#);
    assert_eq!(sign_in(&app, &ada.email, NEW).await, 200);
    assert_eq!(ada.get("projects").await.status, 401, "sessions end");
    assert_snapshot!(reset(&app, &token, PASSWORD).await, @r#"
    400
    Content-Type: application/json
    {"message":"Invalid token","code":"INVALID_TOKEN"}
    "#);
    let followed = app.anonymous().get(&link).await;
    assert_eq!(followed.header("location"), app.url("/reset?error=INVALID_TOKEN"));
}

#[rstest]
#[tokio::test]
async fn nobody_learns_whose_password_may_be_reset(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let known = request(&app, &ada.email).await;
    let unknown = request(&app, "nobody@example.com").await;

    assert_eq!(known.to_string(), unknown.to_string());
    assert_eq!(letters(&app, &ada.email, "reset-password").await.len(), 1);
    assert!(letters(&app, "nobody@example.com", "reset-password").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_link_to_set_a_password_ends(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    request(&app, &ada.email).await;
    let token = reset_token(&app, &ada.email).await;

    app.execute("UPDATE verification SET expires_at = created_at").await;
    assert_eq!(reset(&app, &token, NEW).await.status, 400);

    // A link that was sent to an address is of no use once its user has another.
    request(&app, &ada.email).await;
    let token = reset_token(&app, &ada.email).await;
    app.execute(r#"UPDATE "user" SET email = 'else@example.com' WHERE name = 'ada'"#).await;
    assert_eq!(reset(&app, &token, NEW).await.status, 400);
    assert_eq!(sign_in(&app, "else@example.com", PASSWORD).await, 200);
}

#[rstest]
#[tokio::test]
async fn of_two_who_set_a_password_with_one_token_one_does(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    request(&app, &ada.email).await;
    let token = reset_token(&app, &ada.email).await;

    let (first, second) = tokio::join!(reset(&app, &token, NEW), reset(&app, &token, PASSWORD));

    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}
