//! Columns that are not declared do not exist: no clause of a list names them, no answer holds them.

use rstest::rstest;
use serde_json::json;

use crate::harness::App;
use crate::harness::Backend::{self, Postgres, Sqlite};

/// `client_name` → `clientName`.
fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[rstest]
#[tokio::test]
async fn a_hidden_column_is_out_of_reach_in_every_clause(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);
    let slug = json!({ "name": "Kites", "slug": "kites" });
    root.post("/api/auth/organization/create", slug).await;
    let invite = json!({ "email": "zoe@example.com", "role": "member" });
    root.post("/api/auth/organization/invite-member", invite).await;
    root.post("themes", json!({ "name": "Sea", "primaryColor": "#336699" })).await;
    root.post("projects", json!({ "name": "Kite", "tasks": [{ "title": "Cut" }] })).await;

    let mut refused = Vec::new();
    for (path, table) in [
        ("projects", "project"),
        ("tasks", "task"),
        ("themes", "theme"),
        ("audit-logs", "audit_log"),
        ("organizations", "organization"),
        ("members", "member"),
        ("invitations", "invitation"),
        ("sessions", "session"),
        ("users", "user"),
    ] {
        let columns = match backend {
            Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            Postgres => {
                format!(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
                )
            }
        };
        let shown = root.get(path).await.json()["items"][0].clone();
        let mut hidden: Vec<_> =
            app.sql(&columns).await.iter().map(|name| camel_case(name)).collect();
        hidden.retain(|name| shown.get(name).is_none());
        hidden.sort_unstable();
        refused.extend(hidden.iter().map(|name| format!("{path} {name}")));
        // Neither the name in the database, nor the columns of related tables, nor SQL.
        hidden.extend(
            ["created_at", "owner.email", "email", "password", "rowid", "ctid", "1", "*"]
                .map(str::to_owned),
        );
        hidden.retain(|name| shown.get(name).is_none());
        for name in hidden {
            for query in [
                format!("{name}=is.null"),
                format!("or=({name}.is.null)"),
                format!("sort={name}"),
                format!("sort=-{name}"),
                format!("fields={name}"),
                format!("include={name}"),
            ] {
                let answer = root.get(format!("{path}?{query}")).await;
                assert_eq!(answer.status, 400, "{path}?{query}: {answer}");
            }
        }
    }
    assert_eq!(
        refused,
        [
            "projects deletedAt",
            "organizations metadata",
            "sessions tokenHash",
            "users banExpires",
            "users banReason",
            "users banned",
            "users displayUsername",
            "users email",
            "users emailVerified",
            "users locale",
            "users onboardingComplete",
            "users paymentsCustomerId",
            "users role",
            "users twoFactorEnabled",
        ]
    );
}

#[rstest]
#[tokio::test]
async fn nobody_learns_an_address_or_a_secret_of_somebody_else(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kites = app.organization("kites", &[(&ada, "owner"), (&bob, "member")]).await;
    let kite = ada.post("projects", json!({ "name": "Kite", "organizationId": kites })).await.id();
    ada.post(format!("projects/{kite}/members"), json!({ "userId": bob.id, "role": "viewer" }))
        .await;

    for path in [
        format!("projects/{kite}?include=owner,organization,members,tasks"),
        "projects?include=owner,organization,members".to_owned(),
        format!("projects/{kite}/members?include=user"),
        format!("users/{}/projects", ada.id),
    ] {
        let answer = bob.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {answer}");
        for secret in ["@example.com", "email", "role\":\"user", "password", "token"] {
            assert!(!answer.text().contains(secret), "{secret} in {path}: {answer}");
        }
    }
}
