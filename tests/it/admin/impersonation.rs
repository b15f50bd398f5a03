//! Acting as somebody else.

use super::*;

const ORIGIN: &str = "https://app.example.com";

/// A browser: the cookies it keeps.
struct Browser<'a> {
    app: &'a App,
    cookies: Vec<(String, String)>,
}

impl Browser<'_> {
    async fn send(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let request = self.app.anonymous().request(method, path);
        let request = request.header("Cookie", &pairs.collect::<Vec<_>>().join("; "));
        let request = request.header("Origin", ORIGIN);
        let request = if method == "GET" { request } else { request.json(&body) };
        let answer = request.send().await;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("text");
            let (pair, attributes) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.retain(|(other, _)| other != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    async fn post(&mut self, route: &str, body: Value) -> Answer {
        self.send("POST", &format!("/api/auth/{route}"), body).await
    }

    /// Who the session is of, and who acts.
    async fn who(&mut self) -> String {
        let session = self.send("GET", "/api/auth/get-session", json!(null)).await.json();
        let by = &session["session"]["impersonatedBy"];
        let name = session["user"]["name"].as_str().unwrap_or("nobody").to_owned();
        if by.is_string() { format!("{name}, by another") } else { name }
    }

    fn names(&self) -> Vec<String> {
        let names = self.cookies.iter().map(|(name, _)| name.replace("better-auth.", ""));
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

async fn start(backend: Backend) -> App {
    App::start_with(backend, &[("TRUSTED_ORIGINS", ORIGIN)]).await
}

#[rstest]
#[tokio::test]
async fn an_administrator_acts_as_a_user_and_comes_back(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(true, false)] remember: bool,
) {
    let app = start(backend).await;
    let [bob, root] = app.users(["bob", "root"]);
    let mut browser = Browser { app: &app, cookies: Vec::new() };
    let credentials = json!({ "email": root.email, "password": PASSWORD, "rememberMe": remember });
    browser.post("sign-in/email", credentials).await;
    let before = browser.cookies.clone();

    let answer = browser.post("admin/impersonate-user", json!({ "userId": bob.id })).await;
    assert_eq!(answer.status, 200, "{answer}");
    let body = answer.json();
    assert_eq!(
        (&body["user"]["id"], &body["session"]["impersonatedBy"]),
        (&json!(bob.id), &json!(root.id))
    );
    assert_eq!(browser.names(), ["admin_session", "dont_remember", "session_token"]);
    assert_eq!(browser.who().await, "bob, by another");
    let life = app
        .sql(match backend {
            Postgres => "SELECT extract(epoch FROM expires_at - created_at)::bigint FROM session WHERE impersonated_by IS NOT NULL",
            Sqlite => "SELECT round((julianday(expires_at) - julianday(created_at)) * 86400) FROM session WHERE impersonated_by IS NOT NULL",
        })
        .await;
    assert!(["3600", "3600.0"].contains(&life[0].as_str()), "{life:?}");
    let project = browser.send("POST", "/api/v1/projects", json!({ "name": "Kite" })).await;
    assert_eq!(project.status, 201, "{project}");
    // Whoever acts as an ordinary user is one.
    let refused = browser.post("admin/impersonate-user", json!({ "userId": bob.id })).await;
    assert_eq!(code(&refused), "403 YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS");

    let back = browser.post("admin/stop-impersonating", json!({})).await;
    assert_eq!((back.status, &back.json()["user"]["id"]), (200, &json!(root.id)), "{back}");
    assert_eq!(browser.who().await, "root");
    let mut after = browser.cookies.clone();
    after.sort();
    let mut expected = before;
    expected.sort();
    assert_eq!(after, expected, "as it was");
    assert_eq!(
        app.sql("SELECT count(*) FROM session WHERE impersonated_by IS NOT NULL").await,
        ["0"]
    );
    let again = browser.post("admin/stop-impersonating", json!({})).await;
    assert_eq!(
        (again.status, again.text().as_str()),
        (400, r#"{"message":"You are not impersonating anyone"}"#)
    );
    assert_eq!(
        trail(&app).await,
        ["root: impersonate bob", "bob for root: create ", "bob for root: stopImpersonating bob"]
    );
}

#[rstest]
#[tokio::test]
async fn nobody_acts_as_an_administrator(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = start(backend).await;
    let [bob, cat, root] = app.users(["bob", "cat", "root"]);
    let impersonate =
        async |by: &Client, id: &str| post(by, "impersonate-user", json!({ "userId": id })).await;
    app.execute(r#"UPDATE "user" SET role = 'admin' WHERE name = 'cat'"#).await;

    for id in [&root.id, &cat.id] {
        assert_eq!(code(&impersonate(&root, id).await), "403 YOU_CANNOT_IMPERSONATE_ADMINS");
    }
    assert_eq!(code(&impersonate(&root, "nobody").await), "404 USER_NOT_FOUND");
    app.execute(r#"UPDATE "user" SET banned = (1 = 1) WHERE name = 'dan'"#).await;
    let [dan] = app.users(["dan"]);
    assert_eq!(code(&impersonate(&root, &dan.id).await), "403 BANNED_USER");

    // Who becomes an administrator is no longer acted as; who is none any more no longer acts.
    let acting = impersonate(&root, &bob.id).await.header("set-auth-token");
    let as_bob = async |token: &str| {
        let request = app.anonymous().request("GET", "projects");
        request.header("Authorization", &format!("Bearer {token}")).send().await.status
    };
    assert_eq!(as_bob(&acting).await, 200);
    post(&root, "set-role", json!({ "userId": bob.id, "role": "admin" })).await;
    assert_eq!((as_bob(&acting).await, bob.get("projects").await.status), (401, 200));
    post(&root, "set-role", json!({ "userId": bob.id, "role": "user" })).await;
    for (route, body) in [
        ("set-role", json!({ "userId": cat.id, "role": "user" })),
        ("ban-user", json!({ "userId": cat.id })),
        ("set-user-password", json!({ "userId": cat.id, "newPassword": "a new password" })),
        ("remove-user", json!({ "userId": cat.id })),
    ] {
        app.execute(r#"UPDATE "user" SET role = 'admin', banned = (1 = 0) WHERE name = 'cat'"#)
            .await;
        let token = match sign_in(&app, &cat.email, PASSWORD).await {
            answer if answer.status == 200 => answer,
            _ => sign_in(&app, &cat.email, "a new password").await,
        };
        let token = token.json()["token"].as_str().expect("a token").to_owned();
        let request = app.anonymous().request("POST", "/api/auth/admin/impersonate-user");
        let request = request.header("Authorization", &format!("Bearer {token}"));
        let acting =
            request.json(&json!({ "userId": bob.id })).send().await.header("set-auth-token");
        assert_eq!(as_bob(&acting).await, 200, "{route}");
        post(&root, route, body).await;
        assert_eq!(as_bob(&acting).await, 401, "{route}");
    }
}

#[rstest]
#[tokio::test]
async fn one_comes_back_to_ones_own_session_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = start(backend).await;
    let [bob, root] = app.users(["bob", "root"]);
    let mut browser = Browser { app: &app, cookies: Vec::new() };
    browser.post("sign-in/email", json!({ "email": root.email, "password": PASSWORD })).await;
    browser.post("admin/impersonate-user", json!({ "userId": bob.id })).await;
    let admin_session = browser
        .cookies
        .iter()
        .position(|(name, _)| name.ends_with("admin_session"))
        .expect("a cookie");

    // Another user's cookie, put in its place.
    let theirs = browser
        .cookies
        .iter()
        .find(|(name, _)| name.ends_with("session_token"))
        .expect("a cookie")
        .1
        .clone();
    let own = std::mem::replace(&mut browser.cookies[admin_session].1, theirs);
    let refused = browser.post("admin/stop-impersonating", json!({})).await;
    assert_eq!(
        (refused.status, refused.text().as_str()),
        (400, r#"{"message":"Failed to find admin session"}"#)
    );
    assert_eq!(browser.who().await, "bob, by another");

    // One's own, after it has ended.
    browser.cookies[admin_session].1 = own;
    app.execute(&format!("DELETE FROM session WHERE user_id = {}", app.literal(&root.id))).await;
    let refused = browser.post("admin/stop-impersonating", json!({})).await;
    assert_eq!(refused.status, 400, "{refused}");
}
