//! Front ends speak to `/api/auth` by the client of Better Auth, and are served as Better Auth serves them.
//!
//! The scripts are in `tests/client`: the real client drives the server, and then the server and Better Auth itself,
//! whose answers must be equal but for a written list. `tests/run` installs what they need.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rstest::rstest;
use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::sleep;

use crate::harness::App;
use crate::harness::Backend::{self, Postgres, Sqlite};

/// The folder in which the scripts ask for what no request can do, in the folder of the server.
const WISHES: &str = "wishes";
const OUTBOX: &str = "outbox";
const COVERAGE: &str = "coverage.json";

#[rstest]
#[tokio::test]
async fn the_real_client_is_served(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = run("acceptance.ts", backend).await;

    let seen = fs::read(app.folder().join(COVERAGE)).expect("the script says what it has seen");
    let seen: Vec<Seen> = serde_json::from_slice(&seen).expect("that is JSON");
    let table = table(&app.anonymous().get("/openapi.json").await.json(), &seen);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/identity-routes.md");
    #[expect(
        clippy::disallowed_methods,
        reason = "the switch of the snapshots, which this page is one of"
    )]
    let update = env::var("INSTA_UPDATE");
    if update.is_ok_and(|update| update == "always") {
        fs::write(&page, &table).expect("the page can be written");
    }
    let page = fs::read_to_string(page).expect("there is the page");
    assert!(
        page == table,
        "docs/identity-routes.md is not what was seen: INSTA_UPDATE=always\n{table}"
    );
}

/// What the scripts have seen of a route.
#[derive(Deserialize)]
struct Seen {
    method: String,
    path: String,
    successes: u32,
    errors: Vec<String>,
}

/// The page of the routes: those of the OpenAPI document, and what the client has seen of them.
fn table(document: &Value, seen: &[Seen]) -> String {
    let mut page = "# Routes of identity\n\n\
        Every route under `/api/auth`, with the codes of the refusals that the client of Better Auth 1.7.7 was given in the\n\
        acceptance tests, on SQLite and on PostgreSQL alike. This page is written by those tests.\n\n\
        | route | succeeds | refusals |\n|---|---|---|\n"
        .to_owned();
    let paths = document["paths"].as_object().expect("a document has paths");
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/api/auth/")) {
        let path = path.trim_start_matches("/api/auth");
        for method in ["get", "post"].into_iter().filter(|method| item.get(method).is_some()) {
            let method = method.to_uppercase();
            let pattern = path.replace('{', ":").replace('}', "");
            let seen = seen.iter().find(|seen| seen.method == method && seen.path == pattern);
            let seen = seen.unwrap_or_else(|| panic!("no script asks {method} {path}"));
            let succeeds = if seen.successes > 0 { "yes" } else { "never" };
            let codes: Vec<_> = seen.errors.iter().map(|code| format!("`{code}`")).collect();
            let codes = codes.join(" ");
            page.extend(["| `", &method, " ", path, "` | ", succeeds, " | ", &codes, " |\n"]);
        }
    }
    page
}

#[rstest]
#[tokio::test]
async fn answers_are_those_of_better_auth(#[values(Sqlite, Postgres)] backend: Backend) {
    run("differential.ts", backend).await;
}

#[tokio::test]
async fn the_scripts_are_well_typed() {
    let compiler = Command::new("node")
        .args(["node_modules/typescript/bin/tsc"])
        .current_dir(scripts())
        .output()
        .await;
    let compiler = compiler.expect("node starts");
    assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stdout));
}

/// Runs one of the scripts against a server of its own, and fails with all that it has printed.
async fn run(script: &str, backend: Backend) -> App {
    let address = format!("127.0.0.1:{}", free_port());
    let providers = format!("example=http://garboard:the%20secret%20of%20a%20client@{address}");
    let app = App::start_with(backend, &settings(providers.leak())).await;
    let wishes = app.folder().join(WISHES);
    fs::create_dir(&wishes).expect("a folder can be made");

    let mut node = Command::new("node");
    node.args(["--import", "tsx", script])
        .current_dir(scripts())
        // For `garboard`, which the script runs to make an administrator.
        .envs(app.settings())
        .env("SERVER_URL", app.url(""))
        .env("OUTBOX", app.folder().join(OUTBOX))
        .env("GRANT_ADMIN", concat!(env!("CARGO_BIN_EXE_garboard"), " user grant-admin"))
        .env("BEHIND", &wishes)
        .env("OIDC_ISSUER", format!("http://{address}"))
        .env("COVERAGE", app.folder().join(COVERAGE))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let done = tokio::select! {
        done = node.output() => done.expect("node starts"),
        () = grant(&app, &wishes) => unreachable!("there may always be another wish"),
    };
    let printed =
        [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(done.status.success(), "{script} failed:\n{}", printed.concat());
    app
}

/// Grants the wishes of a script: `age-sessions EMAIL` makes the sessions of a user older than is fresh.
async fn grant(app: &App, wishes: &Path) {
    loop {
        for wish in fs::read_dir(wishes).expect("the folder can be read").map_while(Result::ok) {
            let name = wish.file_name().into_string().expect("a wish is text");
            let email = name.strip_prefix("age-sessions ").expect("there is one kind of wish");
            app.execute(&format!(
                r#"UPDATE session SET created_at = '2020-01-01T00:00:00.000000+00:00'
                WHERE user_id = (SELECT id FROM "user" WHERE email = '{email}')"#
            ))
            .await;
            fs::remove_dir(wish.path()).expect("a wish can be taken away");
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn settings(providers: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("EMAIL_OUTBOX", OUTBOX),
        ("SMTP_URL", ""),
        ("TRUSTED_ORIGINS", "http://app.example.com,https://one.apps.example.com"),
        ("OAUTH_PROVIDERS", providers),
    ]
}

fn scripts() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client");
    assert!(
        folder.join("node_modules").exists(),
        "the scripts are not installed: `tests/run` does that"
    );
    folder
}

/// A port for a provider that the server must know of before the script starts it.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}
