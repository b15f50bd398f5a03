//! Signing in elsewhere, at a provider that these tests start.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::provider::{Person, Provider};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client};

mod provider;

const GRACE: &str = "grace@elsewhere.example";

async fn start(backend: Backend, provider: &Provider) -> App {
    App::start_with(backend, &[("OAUTH_PROVIDERS", provider.setting())]).await
}

/// Who is at the provider: its address, and the cookie of the browser that went there.
struct Away {
    url: String,
    cookie: String,
}

async fn depart(client: &Client, path: &str) -> Away {
    let body = json!({
        "provider": "acme",
        "callbackURL": "/dashboard",
        "newUserCallbackURL": "/welcome",
        "errorCallbackURL": "/oops?from=acme",
    });
    let answer = client.post(path, body).await;
    assert_eq!(answer.status, 200, "{answer}");
    let (body, cookie) = (answer.json(), answer.header("set-cookie"));
    assert_eq!(body["redirect"], true);
    assert_eq!(body["url"].as_str(), Some(&*answer.header("location")));
    assert!(
        cookie.contains("better-auth.state=")
            && cookie.ends_with("; Max-Age=300; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    Away { url: answer.header("location"), cookie }
}

async fn come_back(app: &App, query: &str, cookie: &str) -> Answer {
    let path = format!("/api/auth/callback/acme?{query}");
    let request = app.anonymous().request("GET", path);
    let request = if cookie.is_empty() { request } else { request.header("cookie", cookie) };
    let answer = request.send().await;
    assert_eq!(answer.status, 302, "{answer}");
    answer
}

/// A person goes to the provider, agrees and comes back; where they go on to, and the session's cookie.
async fn sign_in(app: &App, provider: &Provider, person: Person) -> (String, String) {
    let away = depart(&app.anonymous(), "/api/auth/sign-in/social").await;
    let back = come_back(app, &provider.agree(&away.url, person), &away.cookie).await;
    let session = back.headers.get_all("set-cookie").iter().filter_map(|it| it.to_str().ok());
    let session = session.filter_map(|it| it.split(';').next());
    let session = session.filter(|it| it.starts_with("better-auth.session_token=")).collect();
    (back.header("location"), session)
}

async fn link(app: &App, client: &Client, provider: &Provider, person: Person) -> String {
    let away = depart(client, "/api/auth/link-social").await;
    come_back(app, &provider.agree(&away.url, person), &away.cookie).await.header("location")
}

async fn whose(app: &App, cookie: &str) -> Value {
    let request = app.anonymous().request("GET", "/api/auth/get-session");
    request.header("cookie", cookie).send().await.json()["user"].clone()
}

async fn verify(app: &App, name: &str) {
    app.execute(&format!(r#"UPDATE "user" SET email_verified = true WHERE name = '{name}'"#)).await;
}

#[rstest]
#[tokio::test]
async fn who_is_new_is_given_a_user_and_who_comes_again_has_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;

    let (to, first) = sign_in(&app, &provider, Person::new("1", "Grace@Elsewhere.example")).await;
    let grace = whose(&app, &first).await;
    assert_eq!(to, "/welcome");
    assert_eq!([&grace["name"], &grace["email"]], ["Grace", GRACE]);
    assert_eq!(grace["emailVerified"], true);

    // It is known by its subject, whatever its address.
    let (to, again) = sign_in(&app, &provider, Person::new("1", "hopper@elsewhere.example")).await;
    assert_eq!((to.as_str(), &whose(&app, &again).await["id"]), ("/dashboard", &grace["id"]));

    let accounts = app.anonymous().request("GET", "/api/auth/list-accounts");
    let accounts = accounts.header("cookie", &again).send().await.json();
    assert_eq!(accounts.as_array().map(Vec::len), Some(1), "{accounts}");
    assert_eq!([&accounts[0]["providerId"], &accounts[0]["accountId"]], ["acme", "1"]);
    assert_eq!(accounts[0]["scopes"], json!(["openid", "email", "profile"]));

    let stored = "provider_id = 'acme' AND coalesce(access_token, refresh_token, id_token) IS NULL";
    let stored = app.sql(&format!("SELECT provider_id FROM account WHERE {stored}")).await;
    assert_eq!(stored, ["acme"]);
    assert_eq!(app.audit_actions().await, ["create user"]);
}

#[rstest]
#[tokio::test]
async fn keys_of_a_provider_may_change(#[values(Sqlite, Postgres)] backend: Backend) {
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let (to, _) = sign_in(&app, &provider, Person::new("1", GRACE)).await;
    assert_eq!(to, "/welcome");
    // Keys are asked for again, but not as often as anybody likes.
    provider.change_key();
    let (to, _) = sign_in(&app, &provider, Person::new("1", GRACE)).await;
    assert_eq!(to, "/oops?from=acme&error=unable_to_get_user_info");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (to, _) = sign_in(&app, &provider, Person::new("1", GRACE)).await;
    assert_eq!(to, "/dashboard");
}

#[tokio::test]
async fn a_provider_that_hangs_is_waited_for_once() {
    // Connections are made, and nobody answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("the listener has an address");
    let setting = format!("acme=http://client:s3cret@{address}").leak();
    let app = App::start_with(Sqlite, &[("OAUTH_PROVIDERS", setting)]).await;
    let nobody = app.anonymous();
    let leave = || nobody.post("/api/auth/sign-in/social", json!({ "provider": "acme" }));
    let started = Instant::now();
    let (first, second, third) = tokio::join!(leave(), leave(), leave());
    assert_eq!([first.status, second.status, third.status, leave().await.status], [503; 4]);
    assert!(started.elapsed() < Duration::from_secs(19), "{:?}", started.elapsed());
}

#[rstest]
#[tokio::test]
async fn ghsa_g38m_r43w_p2q7_an_address_is_a_person_only_if_both_sides_have_verified_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    const REFUSED: &str = "/oops?from=acme&error=account_not_linked";
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let ada = Person::new("1", "ada@example.com");
    let unverified = Person { verified: false, ..ada.clone() };

    assert_eq!(sign_in(&app, &provider, ada.clone()).await.0, REFUSED);
    verify(&app, "ada").await;
    assert_eq!(sign_in(&app, &provider, unverified).await.0, REFUSED);
    let (to, session) = sign_in(&app, &provider, ada).await;
    assert_eq!((to.as_str(), &whose(&app, &session).await["name"]), ("/dashboard", &json!("ada")));
    assert_eq!(app.audit_actions().await, ["linkAccount user"]);
}

#[rstest]
#[tokio::test]
async fn ghsa_wxw3_q3m9_c3jr_a_journey_ends_once_and_in_the_browser_that_began_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    const MISMATCH: &str = "/oops?from=acme&error=state_mismatch";
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let nobody = app.anonymous();
    let error = |code: &str| app.url(&format!("/api/auth/error?error={code}"));
    let mine = depart(&nobody, "/api/auth/sign-in/social").await;
    let other = depart(&nobody, "/api/auth/sign-in/social").await;
    let query = provider.agree(&mine.url, Person::new("1", GRACE));
    let to =
        async |query: &str, cookie: &str| come_back(&app, query, cookie).await.header("location");

    assert_eq!(to(&query, "").await, MISMATCH);
    assert_eq!(to(&query, &other.cookie).await, MISMATCH);
    let unsigned = mine.cookie.split('.').take(2).collect::<Vec<_>>().join(".");
    assert_eq!(to(&query, &unsigned).await, MISMATCH);
    assert_eq!(to("code=1", &mine.cookie).await, error("state_not_found"));
    assert_eq!(to("code=1&state=made-up", &mine.cookie).await, error("state_mismatch"));
    assert_eq!(to(&query, &mine.cookie).await, "/welcome");
    assert_eq!(to(&query, &mine.cookie).await, error("state_mismatch"));

    app.execute("UPDATE verification SET expires_at = created_at").await;
    let query = provider.agree(&other.url, Person::new("1", GRACE));
    assert_eq!(to(&query, &other.cookie).await, error("state_mismatch"));
    assert_eq!(
        app.sql("SELECT provider_id FROM account WHERE provider_id = 'acme'").await.len(),
        1
    );
}

#[rstest]
#[tokio::test]
async fn a_token_that_is_not_for_this_journey_signs_nobody_in(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let grace = Person::new("1", GRACE);
    for person in [
        Person { nonce: Some("of another journey"), ..grace.clone() },
        Person { issuer: Some("https://evil.example"), ..grace.clone() },
        Person { audience: "another client", ..grace.clone() },
        Person { subject: "", ..grace.clone() },
        Person { subject: "1\0", ..grace.clone() },
        Person { subject: "x".repeat(256).leak(), ..grace.clone() },
    ] {
        let (to, session) = sign_in(&app, &provider, person.clone()).await;
        assert_eq!(to, "/oops?from=acme&error=unable_to_get_user_info", "{person:?}");
        assert_eq!(session, "");
    }
    let users = app.count("user").await;

    for (more, error) in [
        (
            "&error=access_denied&error_description=No%20way",
            "access_denied&error_description=No%20way",
        ),
        ("&iss=https://evil.example", "issuer_mismatch"),
        ("&code=made-up", "invalid_code"),
        ("&code=", "no_code"),
    ] {
        let away = depart(&app.anonymous(), "/api/auth/sign-in/social").await;
        let query = provider.agree(&away.url, grace.clone()) + more;
        let back = come_back(&app, &query, &away.cookie).await;
        assert_eq!(back.header("location"), format!("/oops?from=acme&error={error}"));
        assert!(back.header("set-cookie").starts_with("better-auth.state=; Max-Age=0"));
    }
    assert_eq!(app.count("user").await, users);
    assert!(!app.output().contains("hush"));
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_stored_of_a_person_is_left_out(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let person = Person {
        name: ["Gr\0ace ", &"é".repeat(300)].concat().leak(),
        picture: Some("https://elsewhere.example/\0.png"),
        ..Person::new("é".repeat(255).leak(), GRACE)
    };
    let (to, session) = sign_in(&app, &provider, person).await;
    assert_eq!(to, "/welcome");
    let grace = whose(&app, &session).await;
    assert_eq!(grace["name"], ["Grace ", &"é".repeat(249)].concat());
    assert_eq!(grace["image"], Value::Null);
}

#[rstest]
#[tokio::test]
async fn who_is_banned_stays_out(#[values(Sqlite, Postgres)] backend: Backend) {
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let grace = Person::new("1", GRACE);
    sign_in(&app, &provider, grace.clone()).await;
    app.execute(&format!(r#"UPDATE "user" SET banned = true WHERE email = '{GRACE}'"#)).await;
    let (to, session) = sign_in(&app, &provider, grace).await;
    assert!(
        to.starts_with("/oops?from=acme&error=BANNED_USER&error_description=You%20have"),
        "{to}"
    );
    assert_eq!(session, "");
}

#[rstest]
#[tokio::test]
async fn a_user_links_and_unlinks_but_keeps_one_way_in(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let person = Person::new("1", "ada@example.com");
    let refused = |code: &str| format!("/oops?from=acme&error={code}");

    let to = link(&app, &ada, &provider, person.clone()).await;
    assert_eq!(to, refused("unable_to_link_account"));
    verify(&app, "ada").await;
    verify(&app, "bob").await;
    let to = link(&app, &ada, &provider, Person { verified: false, ..person.clone() }).await;
    assert_eq!(to, refused("unable_to_link_account"));
    assert_eq!(link(&app, &ada, &provider, person.clone()).await, "/dashboard");
    assert_eq!(link(&app, &ada, &provider, person.clone()).await, "/dashboard");
    let to = link(&app, &bob, &provider, person).await;
    assert_eq!(to, refused("email_does_not_match"));
    let to = link(&app, &bob, &provider, Person::new("1", "bob@example.com")).await;
    assert_eq!(to, refused("account_already_linked_to_different_user"));

    let accounts = ada.get("/api/auth/list-accounts").await.json();
    assert_eq!([&accounts[0]["providerId"], &accounts[1]["providerId"]], ["credential", "acme"]);
    let unlink = async |body| {
        let answer = ada.post("/api/auth/unlink-account", body).await;
        (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |code: &str| (400, code.to_owned());
    assert_eq!(unlink(json!({})).await, refused("VALIDATION_ERROR"));
    assert_eq!(unlink(json!({ "accountId": "made-up" })).await, refused("ACCOUNT_NOT_FOUND"));
    assert_eq!(unlink(json!({ "providerId": "other" })).await, refused("ACCOUNT_NOT_FOUND"));
    assert_eq!(unlink(json!({ "accountId": accounts[0]["id"] })).await, (200, String::new()));
    let last = json!({ "providerId": "acme", "accountId": "1" });
    assert_eq!(unlink(last).await, refused("FAILED_TO_UNLINK_LAST_ACCOUNT"));
    assert_eq!(app.audit_actions().await, ["linkAccount user", "unlinkAccount user"]);
}

#[rstest]
#[tokio::test]
async fn one_leaves_for_known_providers_and_trusted_sites(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let provider = Provider::start().await;
    let app = start(backend, &provider).await;
    let ask = async |path: &str, more: Value| {
        let mut body = json!({ "provider": "acme" });
        let members = more.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(members);
        let answer = app.anonymous().post(path, body).await;
        (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    let path = "/api/auth/sign-in/social";
    for (more, status, code) in [
        (json!({ "provider": "nobody" }), 404, "PROVIDER_NOT_FOUND"),
        (json!({ "idToken": { "token": "a" } }), 404, "ID_TOKEN_NOT_SUPPORTED"),
        (json!({ "callbackURL": "https://evil.example" }), 403, "INVALID_CALLBACK_URL"),
        (json!({ "errorCallbackURL": "//evil.example" }), 403, "INVALID_ERROR_CALLBACK_URL"),
        (json!({ "newUserCallbackURL": "/\\evil" }), 403, "INVALID_NEW_USER_CALLBACK_URL"),
        (json!({ "additionalParams": { "state": "mine" } }), 400, "VALIDATION_ERROR"),
        (json!({ "additionalParams": { "prompt": "login" }, "disableRedirect": true }), 200, ""),
    ] {
        assert_eq!(ask(path, more.clone()).await, (status, code.to_owned()), "{more}");
    }
    assert_eq!(ask("/api/auth/link-social", json!({})).await, (401, "UNAUTHORIZED".to_owned()));

    let form = app.anonymous().request("POST", "/api/auth/callback/acme?iss=a");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer =
        form.header("origin", "https://acme.example").body("code=1&state=a%20b").send().await;
    let to = app.url("/api/auth/callback/acme?code=1&state=a%20b&iss=a");
    assert_eq!((answer.status, answer.header("location")), (302, to));
}
