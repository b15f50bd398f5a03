//! The OpenAPI document is complete and true.

use std::path::Path;
use std::process::Command;

use rstest::rstest;
use serde_json::json;

use crate::harness::App;
use crate::harness::Backend::{self, Postgres, Sqlite};

/// Schemathesis reads the document, sends what it allows and what it forbids, and compares the answers with it.
#[rstest]
#[tokio::test]
async fn the_server_does_as_its_document_says(#[values(Sqlite, Postgres)] backend: Backend) {
    let schemathesis = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis/bin/schemathesis");
    assert!(schemathesis.exists(), "schemathesis is not installed: `tests/run` does that");
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);
    root.post("projects", json!({ "name": "Kite", "tasks": [{ "title": "Cut" }] })).await;

    // The cases at the edges of what each parameter may be are the same each time, many, and mostly refused before the
    // database is asked: once is enough.
    let phases = match backend {
        Sqlite => "examples,coverage,fuzzing",
        Postgres => "examples,fuzzing",
    };
    let run = Command::new(schemathesis)
        .args(["run", &app.url("/openapi.json")])
        .args(["--header", &format!("Authorization: Bearer {}", root.token)])
        // Signing out would leave everything after it unauthorized.
        .args(["--exclude-path", "/api/auth/sign-out"])
        // A document cannot say which references exist, nor which texts are filters; and under /api/auth a wrong
        // method is 404, as Better Auth's clients know it.
        .args(["--exclude-checks", "positive_data_acceptance,unsupported_method"])
        .args(["--phases", phases, "--max-examples", "10", "--seed", "1"])
        .args(["--continue-on-failure", "--suppress-health-check", "all"])
        .current_dir(app.folder())
        .output()
        .expect("schemathesis starts");

    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}
