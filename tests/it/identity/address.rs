//! E-mail addresses: verified, required, changed.

use rstest::rstest;
use serde_json::{Value, json};

use super::letter::{letters, link, session_cookie, verify};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client, PASSWORD, assert_snapshot};

async fn sign_up(app: &App, email: &str) -> Answer {
    let body = json!({ "name": "Grace", "email": email, "password": PASSWORD });
    app.anonymous().post("/api/auth/sign-up/email", body).await
}

async fn sign_in(app: &App, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    app.anonymous().post("/api/auth/sign-in/email", body).await
}

async fn change(user: &Client, email: &str) -> Answer {
    user.post("/api/auth/change-email", json!({ "newEmail": email, "callbackURL": "/done" })).await
}

async fn email_of(user: &Client) -> Value {
    user.get("/api/auth/get-session").await.json()["user"]["email"].clone()
}

#[rstest]
#[tokio::test]
async fn a_link_verifies_the_address_and_signs_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    sign_up(&app, "grace@example.com").await;
    let link = link(&app, "grace@example.com", "verify-email").await;

    let followed = app.anonymous().get(&link).await;

    assert_eq!((followed.status, followed.header("location")), (302, "/".to_owned()));
    let cookie = session_cookie(&followed);
    let session = app.anonymous().request("GET", "/api/auth/get-session").header("Cookie", &cookie);
    assert_eq!(session.send().await.json()["user"]["emailVerified"], true);
    let again = app.anonymous().get(&link).await;
    assert_eq!(again.header("location"), "/?error=INVALID_TOKEN");
    let bare = link.split('&').next().unwrap_or_default();
    assert_snapshot!(app.anonymous().get(bare).await, @r#"
    401
    Content-Type: application/json
    {"message":"Invalid token","code":"INVALID_TOKEN"}
    "#);
}

#[rstest]
#[tokio::test]
async fn a_link_that_is_too_old_says_so(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    sign_up(&app, "grace@example.com").await;
    app.execute("UPDATE verification SET expires_at = created_at").await;

    let link = link(&app, "grace@example.com", "verify-email").await;

    assert_eq!(app.anonymous().get(&link).await.header("location"), "/?error=TOKEN_EXPIRED");
}

#[rstest]
#[tokio::test]
async fn where_it_is_required_nobody_signs_in_before(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &[("EMAIL_VERIFICATION", "required")]).await;
    let [ada] = app.users(["ada"]);

    let created = sign_up(&app, "grace@example.com").await;
    assert_eq!((created.status, &created.json()["token"]), (200, &Value::Null));
    assert_eq!(created.header("set-cookie"), "");
    assert_snapshot!(sign_in(&app, "grace@example.com").await, @r#"
    403
    Content-Type: application/json
    {"message":"Email not verified","code":"EMAIL_NOT_VERIFIED"}
    "#);
    assert_eq!(letters(&app, "grace@example.com", "verify-email").await.len(), 2, "sent again");

    // Who signs up with an address that is taken does not learn it; who has it does.
    let users = app.count("user").await;
    let taken = sign_up(&app, &ada.email).await;
    let shape = |answer: &Answer| {
        let user = answer.json()["user"].clone();
        user.as_object().expect("a user").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!((taken.status, shape(&taken)), (200, shape(&created)));
    assert_eq!(app.count("user").await, users);
    assert_eq!(letters(&app, &ada.email, "existing-account").await.len(), 1);

    let link = link(&app, "grace@example.com", "verify-email").await;
    app.anonymous().get(&link).await;
    assert_eq!(sign_in(&app, "grace@example.com").await.status, 200);
}

#[rstest]
#[tokio::test]
async fn a_link_is_sent_to_who_is_unverified_and_nobody_learns_who_is(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    verify(&app, &bob).await;
    let path = "/api/auth/send-verification-email";

    for email in [&ada.email, &bob.email, "nobody@example.com"] {
        assert_snapshot!(app.anonymous().post(path, json!({ "email": email })).await, @r#"
        200
        {"status":true}
        "#);
    }
    let sent = async |email: &str| letters(&app, email, "verify-email").await.len();
    let (before, none) = (sent(&ada.email).await, sent(&bob.email).await);
    assert_eq!(ada.post(path, json!({ "email": ada.email })).await.status, 200);
    assert_eq!(sent(&ada.email).await, before + 1);
    assert_eq!(sent(&bob.email).await, none);
    let refused = ada.post(path, json!({ "email": bob.email })).await;
    assert_eq!(refused.json()["code"], "EMAIL_MISMATCH");
    let refused = bob.post(path, json!({ "email": bob.email })).await;
    assert_eq!(refused.json()["code"], "EMAIL_ALREADY_VERIFIED");
}

#[rstest]
#[tokio::test]
async fn another_address_is_confirmed_at_the_old_one_and_verified_at_the_new(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    verify(&app, &ada).await;

    assert_eq!(change(&ada, "lovelace@example.com").await.text(), r#"{"status":true}"#);
    let confirm = link(&app, &ada.email, "change-email").await;
    // What follows links in mails is nobody.
    assert_eq!(app.anonymous().get(&confirm).await.header("location"), "/done?error=INVALID_USER");
    assert_eq!(ada.get(&confirm).await.header("location"), "/done");
    assert_eq!(email_of(&ada).await, json!(ada.email), "not yet");
    let verify = link(&app, "lovelace@example.com", "verify-new-email").await;
    let followed = app.anonymous().get(&verify).await;

    assert_eq!(followed.header("location"), "/done");
    assert_eq!(followed.header("set-cookie"), "", "who reads the mail is not signed in by it");
    assert_eq!(email_of(&ada).await, "lovelace@example.com");
    assert_eq!(sign_in(&app, "lovelace@example.com").await.status, 200);
    assert_eq!(sign_in(&app, &ada.email).await.status, 401);
    for used in [confirm, verify] {
        let again = ada.get(&used).await;
        assert_eq!(again.header("location"), "/done?error=INVALID_TOKEN");
    }
}

#[rstest]
#[tokio::test]
async fn who_has_not_verified_the_old_address_verifies_the_new(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);

    change(&ada, "lovelace@example.com").await;
    let link = link(&app, "lovelace@example.com", "verify-new-email").await;
    let by_another = bob.get(&link).await;
    assert_eq!(by_another.header("location"), "/done?error=INVALID_USER");
    app.anonymous().get(&link).await;

    assert_eq!(email_of(&ada).await, "lovelace@example.com");
    assert!(letters(&app, &ada.email, "change-email").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn nobody_learns_whose_address_is_taken(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);

    let taken = change(&ada, &bob.email).await;
    let free = change(&ada, "lovelace@example.com").await;

    assert_eq!(taken.to_string(), free.to_string());
    assert!(letters(&app, &bob.email, "verify-new-email").await.is_empty());
    assert_eq!(letters(&app, &bob.email, "existing-account").await.len(), 1);
    assert_snapshot!(change(&ada, &ada.email.to_uppercase()).await, @r#"
    400
    Content-Type: application/json
    {"message":"Email is the same"}
    "#);
}

#[rstest]
#[tokio::test]
async fn an_address_that_is_taken_meanwhile_is_refused(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    change(&ada, "lovelace@example.com").await;
    let link = link(&app, "lovelace@example.com", "verify-new-email").await;
    sign_up(&app, "lovelace@example.com").await;

    let followed = app.anonymous().get(&link).await;

    let location = followed.header("location");
    assert_eq!(location, "/done?error=USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");
    assert_eq!(email_of(&ada).await, json!(ada.email));
}
