//! What has gone wrong in other implementations of this protocol, each by the name of its advisory. Those of rate limits
//! are in `rate_limit.rs`, those of signing in elsewhere in `social.rs`, by the same names; passkeys are not there yet.

use rstest::rstest;
use serde_json::json;

use super::letter::{link, session_cookie, token};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, PASSWORD};

/// A proof of one thing was taken for another: an OAuth state for a magic link.
#[rstest]
#[tokio::test]
async fn ghsa_965c_763c_88jm(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let anyone = app.anonymous();
    anyone.post("/api/auth/request-password-reset", json!({ "email": ada.email })).await;
    let reset = link(&app, &ada.email, "reset-password").await;
    let reset =
        reset.trim_start_matches("/api/auth/reset-password/").split('?').next().unwrap_or("");
    anyone.post("/api/auth/sign-in/magic-link", json!({ "email": ada.email })).await;
    let magic = token(&link(&app, &ada.email, "magic-link").await);

    for path in [
        format!("magic-link/verify?token={reset}&callbackURL=/in"),
        format!("verify-email?token={reset}&callbackURL=/in"),
        format!("verify-email?token={magic}&callbackURL=/in"),
        format!("reset-password/{magic}?callbackURL=/in"),
    ] {
        let answer = anyone.get(format!("/api/auth/{path}")).await;
        assert!(answer.header("location").ends_with("/in?error=INVALID_TOKEN"), "{path}: {answer}");
    }
    let body = json!({ "token": magic, "newPassword": "another horse altogether" });
    assert_eq!(anyone.post("/api/auth/reset-password", body).await.status, 400);

    // Nor when the row is found by the right name, but says another kind.
    let kind = "UPDATE verification SET value = replace(value, 'magic-link', 'o-auth-state')";
    app.execute(kind).await;
    let answer = anyone.get(format!("/api/auth/magic-link/verify?token={magic}")).await;
    assert!(answer.header("location").ends_with("error=INVALID_TOKEN"), "{answer}");
}

/// An account was prepared with an address that its owner proved later.
#[rstest]
#[tokio::test]
async fn ghsa_qq9h_g4jm_xgf3(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    // Somebody signs up with the address of another, and stays signed in.
    let [squatter] = app.users(["ada"]);
    let anyone = app.anonymous();
    // They ask for another address meanwhile, and keep the link.
    let wish = json!({ "newEmail": "mallory@example.com", "callbackURL": "/done" });
    squatter.post("/api/auth/change-email", wish).await;
    let kept = link(&app, "mallory@example.com", "verify-new-email").await;
    anyone.post("/api/auth/sign-in/magic-link", json!({ "email": squatter.email })).await;

    let owner = anyone.get(link(&app, &squatter.email, "magic-link").await).await;

    assert_eq!(owner.status, 302);
    assert_eq!(squatter.get("projects").await.status, 401, "the squatter's session has ended");
    let body = json!({ "email": squatter.email, "password": PASSWORD });
    assert_eq!(anyone.post("/api/auth/sign-in/email", body).await.status, 401, "and the password");
    assert_eq!(anyone.get(&kept).await.header("location"), "/done?error=USER_NOT_FOUND");
    let cookie = session_cookie(&owner);
    let request = anyone.request("GET", "/api/auth/get-session").header("Cookie", &cookie);
    let user = request.send().await.json()["user"].clone();
    assert_eq!((&user["emailVerified"], &user["email"]), (&json!(true), &json!(squatter.email)));
}

/// The same, proven by a new password: what else signed in, such as an account elsewhere, is gone.
#[rstest]
#[tokio::test]
async fn ghsa_qq9h_g4jm_xgf3_by_a_new_password(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [squatter] = app.users(["ada"]);
    let anyone = app.anonymous();
    app.execute("UPDATE account SET provider_id = 'elsewhere' WHERE provider_id = 'credential'")
        .await;
    anyone.post("/api/auth/request-password-reset", json!({ "email": squatter.email })).await;
    let reset = link(&app, &squatter.email, "reset-password").await;
    let token = reset.trim_start_matches("/api/auth/reset-password/").split('?').next();

    let body = json!({ "token": token, "newPassword": "another horse altogether" });
    assert_eq!(anyone.post("/api/auth/reset-password", body).await.status, 200);

    let id = app.literal(&squatter.id);
    let ways = format!("SELECT provider_id FROM account WHERE user_id = {id}");
    assert_eq!(app.sql(&ways).await, ["credential"]);
    let body = json!({ "email": squatter.email, "password": "another horse altogether" });
    let user = anyone.post("/api/auth/sign-in/email", body).await.json()["user"].clone();
    assert_eq!(user["emailVerified"], true);
}

/// Several at once signed in by one magic link.
#[rstest]
#[tokio::test]
async fn ghsa_hc7v_rggr_4hvx(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    app.anonymous().post("/api/auth/sign-in/magic-link", json!({ "email": ada.email })).await;
    let link = link(&app, &ada.email, "magic-link").await;
    let sessions = app.count("session").await;
    let verified = r#"UPDATE "user" SET email_verified = true WHERE name = 'ada'"#;
    app.execute(verified).await;

    let follow = || async { app.anonymous().get(&link).await.header("set-cookie") };
    let followed = tokio::join!(follow(), follow(), follow(), follow(), follow(), follow());

    let all = [followed.0, followed.1, followed.2, followed.3, followed.4, followed.5];
    assert_eq!(all.iter().filter(|cookies| cookies.contains("session_token")).count(), 1);
    assert_eq!(app.count("session").await, sessions + 1);
}

/// Who is meant was taken from the body in place of the session.
#[rstest]
#[tokio::test]
async fn ghsa_99h5_pjcv_gr6v(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);

    let body = json!({ "name": "Mallory", "userId": ada.id, "id": ada.id });
    assert_eq!(bob.post("/api/auth/update-user", body).await.status, 200);

    let name = async |user: &crate::harness::Client| {
        user.get("/api/auth/get-session").await.json()["user"]["name"].clone()
    };
    assert_eq!((name(&ada).await, name(&bob).await), (json!("ada"), json!("Mallory")));
    let body = json!({ "userId": ada.id, "name": "Mallory" });
    assert_eq!(app.anonymous().post("/api/auth/update-user", body).await.status, 401);
}

/// A path with two slashes went past what was switched off.
#[rstest]
#[tokio::test]
async fn ghsa_x732_6j76_qmhm(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    for path in
        ["//api/auth/ok", "/api//auth/ok", "/api/auth//ok", "/api/auth/ok/", "/api/auth/./ok"]
    {
        let answer = app.send_raw(
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        );
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    let answer = ada.post("/api/auth/sign-in/email", json!({})).await;
    assert_eq!(answer.status, 400, "the one way to write it");
}

/// Callbacks led to other sites.
#[rstest]
#[tokio::test]
async fn ghsa_vp58_j275_797x_and_8jhw_6pjj_8723_and_hjpm_7mrm_26w8_and_36rg_gfq2_3h56(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start_with(backend, &[("TRUSTED_ORIGINS", "https://app.example.com")]).await;
    for url in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\\/evil.example",
        "/%5cevil.example",
        "/%2Fevil.example",
        "https://app.example.com.evil.example",
        "https://app.example.com@evil.example",
        "https://evil.example#app.example.com",
        "https://evil.example?https://app.example.com",
        "http://app.example.com",
        "javascript:alert(1)",
        "data:text/html,hi",
        "app.example.com",
        "\t//evil.example",
    ] {
        let encoded = url.bytes().fold(String::new(), |url, byte| format!("{url}%{byte:02X}"));
        for path in
            ["reset-password/x", "verify-email", "magic-link/verify", "delete-user/callback"]
        {
            let path = format!("/api/auth/{path}?token=x&callbackURL={encoded}");
            let answer = app.anonymous().get(&path).await;
            assert_eq!((answer.status, answer.header("location")), (403, String::new()), "{path}");
        }
        let body = json!({ "email": "ada@example.com", "password": PASSWORD, "callbackURL": url });
        assert_eq!(
            app.anonymous().post("/api/auth/sign-in/email", body).await.status,
            403,
            "{url}"
        );
    }
}

/// Sessions outlived a user who was deleted.
#[rstest]
#[tokio::test]
async fn ghsa_2vg6_77g8_24mp(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let body = json!({ "email": ada.email, "password": PASSWORD });
    app.anonymous().post("/api/auth/sign-in/email", body).await;
    let id = app.literal(&ada.id);

    assert_eq!(ada.post("/api/auth/delete-user", json!({})).await.status, 200);

    assert!(app.sql(&format!("SELECT 'one' FROM session WHERE user_id = {id}")).await.is_empty());
    assert_eq!(ada.get("/api/auth/get-session").await.text(), "null");
}

/// A cookie was believed without its signature.
#[rstest]
#[tokio::test]
async fn ghsa_wmjr_v86c_m9jj(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    for name in ["session_token", "session_token_multi-x", "admin_session", "session_data"] {
        let cookie = format!("better-auth.{name}={}", ada.token);
        let request = app.anonymous().request("GET", "/api/auth/get-session");
        assert_eq!(request.header("Cookie", &cookie).send().await.text(), "null", "{name}");
    }
}

/// The page that tells an error repeated what it was given as HTML.
#[rstest]
#[tokio::test]
async fn ghsa_9x4v_xfq5_m8x5_and_569q_mpph_wgww(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let path = "/api/auth/error?error=%3Cscript%3Ealert(1)%3C/script%3E";
    let answer = app.anonymous().request("GET", path).header("Host", "evil.example").send().await;
    assert!(!answer.text().contains('<'), "{answer}");
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer}");

    let body = json!({ "email": "ada@example.com" });
    let request = app.anonymous().request("POST", "/api/auth/request-password-reset");
    request
        .header("Host", "evil.example")
        .header("X-Forwarded-Host", "evil.example")
        .json(&body)
        .send()
        .await;
    let letters = super::letter::letters(&app, "ada@example.com", "reset-password").await;
    let url = letters[0]["url"].as_str().expect("a link");
    assert!(url.starts_with(&app.url("/api/auth/reset-password/")), "{url}");
}

/// An invitation was accepted by who had only claimed the address.
#[rstest]
#[tokio::test]
async fn ghsa_fmh4_wcc4_5jm3(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let body = json!({ "name": "Kites", "slug": "kites" });
    ada.post("/api/auth/organization/create", body).await;
    let invite = json!({ "email": bob.email, "role": "member" });
    let invitation = ada.post("/api/auth/organization/invite-member", invite).await.id();
    let accept = async || {
        let body = json!({ "invitationId": invitation });
        bob.post("/api/auth/organization/accept-invitation", body).await
    };

    let refused = accept().await;
    let code = "EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION";
    assert_eq!((refused.status, refused.json()["code"].clone()), (403, json!(code)));
    super::letter::verify(&app, &bob).await;
    assert_eq!(accept().await.status, 200);
}

/// A copy of the session in a cookie was made before all was proven: here none is made at all.
#[rstest]
#[tokio::test]
async fn ghsa_xg6x_h9c9_2m83(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let body = json!({ "email": ada.email, "password": PASSWORD });

    let signed_in = app.anonymous().post("/api/auth/sign-in/email", body).await;

    let cookie = session_cookie(&signed_in);
    let read = app.anonymous().request("GET", "/api/auth/get-session").header("Cookie", &cookie);
    for answer in [signed_in, read.send().await] {
        assert!(!answer.header("set-cookie").contains("session_data"), "{answer}");
    }
}
