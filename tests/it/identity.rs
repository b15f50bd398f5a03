//! Sign-up, sign-in, sign-out and the session, as Better Auth's clients expect them.

mod address;
mod advisory;
mod deletion;
pub(crate) mod letter;
mod magic_link;
mod password;
mod profile;
mod session;

use rstest::rstest;
use serde_json::{Value, json};

use self::letter::session_cookie;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, PASSWORD, assert_snapshot};

#[rstest]
#[tokio::test]
async fn sign_up_makes_a_user_and_a_session(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let anyone = app.anonymous();
    let (users, sessions) = (app.count("user").await, app.count("session").await);

    let body = json!({ "name": "Grace", "email": "Grace@Example.com", "password": PASSWORD, "hobby": "moths" });
    let answer = anyone.post("/api/auth/sign-up/email", body).await;

    assert_snapshot!(answer, @r#"
    200
    {
      "token":"[token]",
      "user":{"id":"[id-1]","name":"Grace","email":"grace@example.com","emailVerified":false,"image":null,"username":null,"displayUsername":null,"role":"user","banned":false,"banReason":null,"banExpires":null,"twoFactorEnabled":false,"onboardingComplete":false,"locale":null,"createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);
    assert_eq!((app.count("user").await, app.count("session").await), (users + 1, sessions + 1));
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("better-auth.session_token="), "{cookie}");
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=604800"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "over plain HTTP a browser would not keep it: {cookie}");
}

#[rstest]
#[tokio::test]
async fn of_many_who_sign_up_with_one_address_one_does(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let users = app.count("user").await;
    let body = json!({ "name": "Grace", "email": "grace@example.com", "password": PASSWORD });
    let sign_up =
        || async { app.anonymous().post("/api/auth/sign-up/email", body.clone()).await.status };

    let (first, second, third) = tokio::join!(sign_up(), sign_up(), sign_up());

    let mut statuses = [first, second, third];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422]);
    assert_eq!(app.count("user").await, users + 1);
}

#[rstest]
#[tokio::test]
async fn sign_up_says_what_is_wrong(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let users = app.count("user").await;
    let sign_up = async |change: Value| {
        let mut body =
            json!({ "name": "Grace", "email": "grace@example.com", "password": PASSWORD });
        body.as_object_mut()
            .expect("an object")
            .extend(change.as_object().expect("an object").clone());
        app.anonymous().post("/api/auth/sign-up/email", body).await
    };

    assert_snapshot!(sign_up(json!({ "email": ada.email.to_uppercase() })).await, @r#"
    422
    Content-Type: application/json
    {"message":"User already exists. Use another email.","code":"USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"}
    "#);
    assert_snapshot!(sign_up(json!({ "email": "grace" })).await, @r#"
    400
    Content-Type: application/json
    {"message":"[body.email] Invalid input: is not an e-mail address","code":"VALIDATION_ERROR"}
    "#);
    assert_snapshot!(sign_up(json!({ "password": "1234567" })).await, @r#"
    400
    Content-Type: application/json
    {"message":"Password too short","code":"PASSWORD_TOO_SHORT"}
    "#);
    assert_snapshot!(sign_up(json!({ "password": "x".repeat(129) })).await, @r#"
    400
    Content-Type: application/json
    {"message":"Password too long","code":"PASSWORD_TOO_LONG"}
    "#);
    assert_snapshot!(sign_up(json!({ "role": "admin" })).await, @r#"
    400
    Content-Type: application/json
    {"message":"role is not allowed to be set","code":"FIELD_NOT_ALLOWED"}
    "#);
    assert_snapshot!(sign_up(json!({ "name": 7, "email": null })).await, @r#"
    400
    Content-Type: application/json
    {"message":"[body.email] Invalid input: expected string, received null","code":"VALIDATION_ERROR"}
    "#);
    assert_eq!(app.count("user").await, users);
}

#[rstest]
#[tokio::test]
async fn sign_in_needs_the_right_password(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let sign_in = async |email: &str, password: &str| {
        app.anonymous()
            .post("/api/auth/sign-in/email", json!({ "email": email, "password": password }))
            .await
    };

    let wrong = sign_in(&ada.email, "wrong horse battery staple").await;
    assert_snapshot!(wrong, @r#"
    401
    Content-Type: application/json
    {"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}
    "#);
    // Whether there is such a user is nobody's business.
    assert_eq!(sign_in("nobody@example.com", PASSWORD).await.to_string(), wrong.to_string());
    assert_snapshot!(sign_in("ADA@example.com", PASSWORD).await, @r#"
    200
    {
      "redirect":false,
      "token":"[token]",
      "user":{"id":"[ada]","name":"ada","email":"ada@example.com","emailVerified":false,"image":null,"username":null,"displayUsername":null,"role":"user","banned":false,"banReason":null,"banExpires":null,"twoFactorEnabled":false,"onboardingComplete":false,"locale":null,"createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);
}

#[rstest]
#[tokio::test]
async fn a_session_is_known_by_its_token_and_by_its_cookie(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let anyone = app.anonymous();
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    let cookie = session_cookie(&anyone.post("/api/auth/sign-in/email", credentials).await);

    let by_cookie =
        anyone.request("GET", "/api/auth/get-session").header("Cookie", &cookie).send().await;
    assert_snapshot!(by_cookie, @r#"
    200
    {
      "session":{"id":"[id-1]","token":"[token]","userId":"[ada]","expiresAt":"[time]","createdAt":"[time]","updatedAt":"[time]","ipAddress":"127.0.0.1","userAgent":null,"impersonatedBy":null,"activeOrganizationId":null},
      "user":{"id":"[ada]","name":"ada","email":"ada@example.com","emailVerified":false,"image":null,"username":null,"displayUsername":null,"role":"user","banned":false,"banReason":null,"banExpires":null,"twoFactorEnabled":false,"onboardingComplete":false,"locale":null,"createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);
    assert_eq!(by_cookie.header("cache-control"), "no-store");
    let by_token = ada.get("/api/auth/get-session").await;
    assert_eq!(by_token.json()["user"], by_cookie.json()["user"]);
    assert_eq!(
        anyone.request("GET", "projects").header("Cookie", &cookie).send().await.status,
        200
    );
    assert_snapshot!(anyone.get("/api/auth/get-session").await, @"
    200
    null
    ");
}

#[rstest]
#[tokio::test]
async fn a_forged_session_is_none(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let anyone = app.anonymous();
    let hash = &app.sql("SELECT token_hash FROM session").await[0];
    let unsigned = format!("better-auth.session_token={}", ada.token);
    let missigned = format!("{unsigned}.hClsMl%2BjbamL8m9BJmvyUTc%2B0iTkbDa7juIlgfjM0sc%3D");

    for header in [
        &format!("Bearer {hash}"),
        "Bearer",
        "Bearer ",
        "Basic YWRhOmFkYQ==",
        &format!("Bearer {}x", ada.token),
    ] {
        let answer = anyone.request("GET", "projects").header("Authorization", header).send().await;
        assert_eq!(answer.status, 401, "{header}: {answer}");
    }
    for cookie in [
        &*unsigned,
        &missigned,
        "better-auth.session_token=",
        "better-auth.session_token=.",
        "better-auth.session_token=%FF",
    ] {
        let answer = anyone.request("GET", "projects").header("Cookie", cookie).send().await;
        assert_eq!(answer.status, 401, "{cookie}: {answer}");
    }
}

#[rstest]
#[tokio::test]
async fn sign_out_ends_the_session(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let sessions = app.count("session").await;

    let answer = ada.post("/api/auth/sign-out", json!({})).await;

    assert_snapshot!(answer, @r#"
    200
    {"success":true}
    "#);
    assert!(
        answer.header("set-cookie").contains("better-auth.session_token=; "),
        "{}",
        answer.header("set-cookie")
    );
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(app.count("session").await, sessions - 1);
    assert_eq!(ada.get("projects").await.status, 401);
    assert_eq!(ada.get("/api/auth/get-session").await.text(), "null");
    assert_eq!(ada.post("/api/auth/sign-out", json!({})).await.text(), r#"{"success":true}"#);
}

#[rstest]
#[tokio::test]
async fn a_session_expires(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    app.execute("UPDATE session SET expires_at = created_at").await;

    assert_eq!(ada.get("projects").await.status, 401);
    assert_eq!(ada.get("/api/auth/get-session").await.text(), "null");
}

#[rstest]
#[tokio::test]
async fn a_session_that_is_not_to_be_remembered_ends_with_the_browser(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let body = json!({ "email": ada.email, "password": PASSWORD, "rememberMe": false });

    let cookies = app.anonymous().post("/api/auth/sign-in/email", body).await.header("set-cookie");

    assert!(cookies.contains("better-auth.session_token="), "{cookies}");
    assert!(cookies.contains("better-auth.dont_remember="), "{cookies}");
    assert!(!cookies.contains("Max-Age") && !cookies.contains("Expires"), "{cookies}");
}

#[rstest]
#[tokio::test]
async fn a_banned_user_is_out_and_does_not_sign_in(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    app.execute(r#"UPDATE "user" SET banned = true WHERE name = 'ada'"#).await;
    assert_eq!(ada.get("projects").await.status, 401);

    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    assert_snapshot!(app.anonymous().post("/api/auth/sign-in/email", credentials).await, @r#"
    403
    Content-Type: application/json
    {
      "message":"You have been banned from this application. Please contact support if you believe this is an error.",
      "code":"BANNED_USER"
    }
    "#);
}

#[rstest]
#[tokio::test]
async fn a_cookie_works_only_for_a_trusted_origin(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &[("TRUSTED_ORIGINS", "https://app.example.com")]).await;
    let [ada] = app.users(["ada"]);
    let anyone = app.anonymous();
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    let cookie = session_cookie(&anyone.post("/api/auth/sign-in/email", credentials.clone()).await);
    let create = async |origin: Option<&str>| {
        let request = anyone
            .request("POST", "projects")
            .header("Cookie", &cookie)
            .json(&json!({ "name": "Kite" }));
        let request =
            if let Some(origin) = origin { request.header("Origin", origin) } else { request };
        request.send().await
    };

    assert_eq!(create(Some("https://app.example.com")).await.status, 201);
    assert_snapshot!(create(Some("https://evil.example.com")).await.problem(), @"403 untrusted-origin");
    assert_snapshot!(create(Some("null")).await.problem(), @"403 untrusted-origin");
    assert_snapshot!(create(None).await.problem(), @"403 untrusted-origin");
    for origin in [
        "https://app.example.com.evil.com",
        "http://app.example.com",
        "https://app.example.com:8443",
    ] {
        assert_eq!(create(Some(origin)).await.status, 403, "{origin}");
    }
    // Signing in from another site would sign the visitor in as somebody else.
    let sign_in = anyone
        .request("POST", "/api/auth/sign-in/email")
        .header("Origin", "https://evil.example.com");
    assert_snapshot!(sign_in.json(&credentials).send().await, @r#"
    403
    Content-Type: application/json
    {"message":"Invalid origin","code":"INVALID_ORIGIN"}
    "#);
}

#[rstest]
#[tokio::test]
async fn no_secret_is_stored_or_logged(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &[("RUST_LOG", "debug"), ("LOG_QUERIES", "true")]).await;
    let [ada] = app.users(["ada"]);
    let body = json!({ "name": "Grace", "email": "grace@example.com", "password": PASSWORD });
    let answer = app.anonymous().post("/api/auth/sign-up/email", body).await;
    let token = answer.json()["token"].as_str().expect("a token").to_owned();

    let stored =
        app.sql("SELECT token_hash FROM session UNION ALL SELECT password FROM account").await;
    for secret in [PASSWORD, &token, &ada.token] {
        assert!(!stored.concat().contains(secret) && !app.output().contains(secret), "{secret}");
    }
    // What is stored in place of secrets is not for everybody either.
    let trail =
        app.sql("SELECT CAST(after AS text) FROM audit_log WHERE after IS NOT NULL").await.concat();
    for hash in &stored {
        assert!(!trail.contains(hash) && !app.output().contains(hash), "{hash}");
    }
}
