//! `garboard user`: what operators do to users, beside a server that runs.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, PASSWORD, assert_snapshot};

/// What a command says that succeeds.
fn done(app: &App, arguments: &[&str]) -> String {
    let ran = app.command(&[&["user"], arguments].concat(), "");
    assert!(ran.success, "{arguments:?}: {}{}", ran.out, ran.error);
    assert!(
        ran.out.lines().all(|line| line.chars().count() <= 100 || line.starts_with('{')),
        "{}",
        ran.out
    );
    ran.out.trim_end().to_owned()
}

async fn sign_in(app: &App, email: &str, password: &str) -> u16 {
    let body = json!({ "email": email, "password": password });
    app.anonymous().post("/api/auth/sign-in/email", body).await.status
}

#[rstest]
#[tokio::test]
async fn the_first_administrator_is_made(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    assert_eq!(ada.get("/health").await.status, 403);

    assert_eq!(
        done(&app, &["grant-admin", "Ada@Example.com"]),
        "Ada@Example.com is an administrator now"
    );
    assert_eq!(ada.get("/health").await.status, 200, "at once");
    assert!(
        done(&app, &["grant-admin", "ada@example.com"]).ends_with("already: nothing was changed")
    );
    assert!(
        done(&app, &["revoke-admin", "ada@example.com"]).ends_with("no administrator any more")
    );
    assert_eq!(ada.get("/health").await.status, 403);
    assert!(done(&app, &["revoke-admin", "ada@example.com"]).ends_with("nothing was changed"));

    assert_eq!(app.audit_actions().await, ["grantAdmin user", "revokeAdmin user"]);
    assert_eq!(app.sql("SELECT count(actor_id) FROM audit_log").await, ["0"]);
}

#[rstest]
#[tokio::test]
async fn a_ban_ends_sessions_and_is_lifted(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [bob] = app.users(["bob"]);

    let said = done(&app, &["ban", &bob.email, "--for", "7d", "--reason", "Spam"]);
    assert!(
        said.contains("is banned until 20") && said.ends_with("their sessions have ended"),
        "{said}"
    );
    assert_eq!(bob.get("projects").await.status, 401);
    assert_eq!(sign_in(&app, &bob.email, PASSWORD).await, 403);
    let profile: Value =
        serde_json::from_str(&done(&app, &["show", &bob.email, "--json"])).expect("JSON");
    assert_eq!((&profile["banned"], &profile["banReason"]), (&json!(true), &json!("Spam")));
    assert_eq!(profile["sessions"], 0);

    assert!(done(&app, &["unban", &bob.email]).ends_with("may sign in again"));
    assert!(done(&app, &["unban", &bob.email]).ends_with("nothing was changed"));
    assert_eq!(sign_in(&app, &bob.email, PASSWORD).await, 200);
    assert!(done(&app, &["ban", &bob.email]).contains("is banned for good"));
    assert_eq!(app.audit_actions().await, ["ban user", "unban user", "ban user"]);
}

#[rstest]
#[tokio::test]
async fn a_password_is_made_up_or_read(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [cat] = app.users(["cat"]);
    for _ in 0..11 {
        sign_in(&app, &cat.email, "wrong password").await;
    }
    assert_eq!(sign_in(&app, &cat.email, PASSWORD).await, 429, "locked");

    let said = done(&app, &["reset-password", &cat.email]);
    let password = said.lines().last().expect("a line").trim().to_owned();
    assert_eq!(password.len(), 20);
    assert_eq!(cat.get("projects").await.status, 401);
    assert_eq!(sign_in(&app, &cat.email, &password).await, 200, "no longer locked");
    assert_eq!(sign_in(&app, &cat.email, PASSWORD).await, 401);

    let read = |input: &str| app.command(&["user", "reset-password", &cat.email, "--stdin"], input);
    let ran = read("a password of my own\n");
    assert!(ran.success && !ran.out.contains("my own"), "{}{}", ran.out, ran.error);
    assert_eq!(sign_in(&app, &cat.email, "a password of my own").await, 200);
    for input in ["", "short\n"] {
        let ran = read(input);
        assert!(!ran.success && ran.error.contains("8 to 128 characters"), "{}", ran.error);
    }
    assert_eq!(app.audit_actions().await, ["setPassword user", "setPassword user"]);
    let audited =
        app.sql("SELECT CAST(before AS text) || CAST(after AS text) FROM audit_log").await;
    assert_eq!(audited, ["{}{}", "{}{}"]);
}

#[rstest]
#[tokio::test]
async fn users_are_shown(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    app.organization("acme", &[(&ada, "owner"), (&bob, "member")]).await;
    app.execute(&format!(
        "UPDATE \"user\" SET name = 'B\u{1b}[31mob {}' WHERE name = 'bob'",
        "b".repeat(60)
    ))
    .await;

    assert_snapshot!(done(&app, &["list"]), @"
    EMAIL                                   NAME                    ROLE   STATE
    ada@example.com                         ada                     user
    bob@example.com                         B�[31mob bbbbbbbbbbbb…  user
    cat@example.com                         cat                     user
    dan@example.com                         dan                     user
    eve@example.com                         eve                     user
    fay@example.com                         fay                     user
    root@example.com                        root                    admin
    ");
    let shown = done(&app, &["show", "ada@example.com"]).replace(&ada.id, "[ada]");
    let shown: Vec<_> = shown.lines().filter(|line| !line.starts_with("created")).collect();
    assert_snapshot!(shown.join("\n"), @"
    id            [ada]
    name          ada
    email         ada@example.com (not verified)
    role          user
    signs in by   password
    sessions      1
    organization  acme (owner)
    ");
    let users: Vec<Value> = serde_json::from_str(&done(&app, &["list", "--json"])).expect("JSON");
    assert_eq!(users.len(), 7);
    assert_eq!(users[0]["email"], "ada@example.com");
    assert!(app.count("audit_log").await == 0);
}

#[rstest]
#[tokio::test]
async fn a_wrong_address_is_told_with_what_to_do(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    for command in ["show", "grant-admin", "revoke-admin", "ban", "unban", "reset-password"] {
        let ran = app.command(&["user", command, "nobody@example.com"], "");
        assert!(!ran.success && ran.out.is_empty(), "{command}: {}", ran.out);
        assert!(ran.error.contains("`garboard user list` shows who there is"), "{}", ran.error);
    }
    let help = app.command(&["user", "--help"], "");
    assert!(
        help.out.contains("Examples:") && help.out.lines().all(|line| line.len() <= 100),
        "{}",
        help.out
    );
    let wrong = app.command(&["user", "ban", "ada@example.com", "--for", "soon"], "");
    assert!(!wrong.success && wrong.error.contains("30m, 12h, 7d"), "{}", wrong.error);
}

#[rstest]
#[tokio::test]
async fn the_commands_of_the_page_for_operators_run(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let page = include_str!("../../docs/operators.md");
    let commands = page.lines().filter_map(|line| line.strip_prefix("garboard user "));
    let mut count = 0;
    for command in commands {
        let command = command.split('#').next().unwrap_or_default();
        done(&app, &command.split_whitespace().collect::<Vec<_>>());
        count += 1;
    }
    assert_eq!(count, 7);
}
