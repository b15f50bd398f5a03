//! What users change about themselves, and the names that they are found by.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client, PASSWORD, assert_snapshot};

async fn update(user: &Client, body: Value) -> Answer {
    user.post("/api/auth/update-user", body).await
}

async fn user_of(client: &Client) -> Value {
    client.get("/api/auth/get-session").await.json()["user"].clone()
}

async fn sign_in(app: &App, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    app.anonymous().post("/api/auth/sign-in/username", body).await
}

#[rstest]
#[tokio::test]
async fn users_change_what_is_theirs(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let change = json!({
        "name": "Ada L.", "image": "https://example.com/a.png", "username": "Ada_L", "locale": "en-GB",
        "onboardingComplete": true, "hobby": "engines",
    });

    let changed = update(&ada, change).await;

    assert_eq!(changed.text(), r#"{"status":true}"#);
    assert!(changed.header("set-cookie").starts_with("better-auth.session_token="));
    let user = user_of(&ada).await;
    for (member, value) in [
        ("name", json!("Ada L.")),
        ("image", json!("https://example.com/a.png")),
        ("username", json!("ada_l")),
        ("locale", json!("en-GB")),
        ("onboardingComplete", json!(true)),
    ] {
        assert_eq!(user[member], value, "{member}");
    }
    assert_eq!(update(&ada, json!({ "image": null })).await.status, 200);
    assert_eq!(user_of(&ada).await["image"], Value::Null);
}

#[rstest]
#[tokio::test]
async fn what_is_not_theirs_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let before = user_of(&ada).await;

    for (body, code) in [
        (json!({ "email": "else@example.com" }), json!("EMAIL_CAN_NOT_BE_UPDATED")),
        (json!({ "role": "admin" }), json!("FIELD_NOT_ALLOWED")),
        (json!({ "banReason": "none" }), json!("FIELD_NOT_ALLOWED")),
        (json!({ "username": "a b" }), json!("INVALID_USERNAME")),
        (json!({ "name": 7 }), json!("VALIDATION_ERROR")),
        (json!({ "emailVerified": true }), Value::Null),
        (json!({}), Value::Null),
    ] {
        let answer = update(&ada, body.clone()).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &code), "{body}");
    }
    assert_eq!(user_of(&ada).await, before);
}

#[rstest]
#[tokio::test]
async fn a_name_signs_in_whatever_its_letter_case(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    update(&ada, json!({ "username": "Countess" })).await;

    assert_eq!(sign_in(&app, "cOUNTESS", PASSWORD).await.json()["user"]["id"], ada.id);
    let wrong = sign_in(&app, "countess", "wrong horse battery staple").await;
    assert_snapshot!(wrong, @r#"
    401
    Content-Type: application/json
    {"message":"Invalid username or password","code":"INVALID_USERNAME_OR_PASSWORD"}
    "#);
    assert_eq!(sign_in(&app, "nobody", PASSWORD).await.to_string(), wrong.to_string());
    for (name, status, code) in [
        ("ab", 422, "USERNAME_TOO_SHORT"),
        (&"a".repeat(31), 422, "USERNAME_TOO_LONG"),
        ("a b", 422, "INVALID_USERNAME"),
        ("", 401, "INVALID_USERNAME_OR_PASSWORD"),
    ] {
        let answer = sign_in(&app, name, PASSWORD).await;
        assert_eq!((answer.status, answer.json()["code"].clone()), (status, json!(code)), "{name}");
    }
}

#[rstest]
#[tokio::test]
async fn a_name_is_taken_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let available = async |name: &str| {
        let path = "/api/auth/is-username-available";
        app.anonymous().post(path, json!({ "username": name })).await
    };
    assert_eq!(available("Countess").await.text(), r#"{"available":true}"#);

    let ask = |user| update(user, json!({ "username": "Countess" }));
    let (first, second) = tokio::join!(ask(&ada), ask(&bob));

    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let refused = if first.status == 400 { first } else { second };
    assert_eq!(refused.json()["code"], "USERNAME_IS_ALREADY_TAKEN");
    assert_eq!(available("countess").await.text(), r#"{"available":false}"#);
    assert_eq!(available("a").await.status, 422);
}
