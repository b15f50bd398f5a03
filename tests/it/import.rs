//! Users that come from a database of Better Auth.

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Database, PASSWORD, assert_snapshot};

macro_rules! layout {
    ($version:literal) => {
        [
            include_str!(concat!("import/", $version, ".postgres.sql")),
            include_str!(concat!("import/", $version, ".sqlite.sql")),
        ]
    };
}

/// The layouts that there are, by version, as that version makes them on PostgreSQL and on SQLite.
const LAYOUTS: [(&str, [&str; 2]); 5] = [
    ("1.4-core", layout!("1.4-core")),
    ("1.4", layout!("1.4")),
    ("1.6", layout!("1.6")),
    ("1.7.0", layout!("1.7.0")),
    ("1.7.7", layout!("1.7.7")),
];

/// A database of Better Auth with the rows of `import/rows.json`.
struct Foreign {
    database: Database,
    _folder: TempDir,
}

impl Foreign {
    async fn new(backend: Backend, version: &str) -> Self {
        let (_, [postgres, sqlite]) =
            LAYOUTS.iter().find(|(name, _)| *name == version).expect("a layout");
        let layout = if backend == Postgres { postgres } else { sqlite };
        let folder = TempDir::new().expect("a temporary folder can be made");
        let database = Database::create(backend, folder.path()).await;
        database.execute(layout).await;
        let rows: Value = serde_json::from_str(include_str!("import/rows.json")).expect("JSON");
        for table in ["user", "account", "organization", "member"] {
            let line =
                layout.lines().find(|line| line.starts_with(&format!("create table \"{table}\"")));
            let Some(columns) = line else { continue };
            for row in rows[table].as_array().expect("rows") {
                database.execute(&insert(table, columns, row)).await;
            }
        }
        Self { database, _folder: folder }
    }

    fn url(&self) -> &str {
        &self.database.url
    }
}

/// The row, as far as the table has its columns.
fn insert(table: &str, columns: &str, row: &Value) -> String {
    let members = row.as_object().expect("a row").iter();
    let members = members.filter(|(name, _)| columns.contains(&format!("\"{name}\" ")));
    let (names, values): (Vec<_>, Vec<_>) = members
        .map(|(name, value)| {
            let value = match value {
                Value::String(text) => format!("'{}'", text.replace('\'', "''")),
                other => other.to_string(),
            };
            (format!("\"{name}\""), value)
        })
        .unzip();
    format!("INSERT INTO \"{table}\" ({}) VALUES ({})", names.join(", "), values.join(", "))
}

fn import(app: &App, foreign: &Foreign, options: &[&str]) -> Value {
    let arguments = [&["import", "better-auth", foreign.url(), "--json"], options].concat();
    let ran = app.command(&arguments, "");
    assert!(ran.success, "{}{}", ran.out, ran.error);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

/// What became of the rows of a table: found, imported, there already, different, skipped.
fn counts(report: &Value, table: &str) -> [u64; 5] {
    let tally = &report[table];
    let number = |member: &str| match &tally[member] {
        Value::Array(rows) => rows.len().try_into().expect("a small number"),
        other => other.as_u64().expect("a number"),
    };
    ["found", "imported", "alreadyThere", "different", "skipped"].map(number)
}

async fn sign_in(app: &App, email: &str, password: &str) -> u16 {
    let body = json!({ "email": email, "password": password });
    app.anonymous().post("/api/auth/sign-in/email", body).await.status
}

#[rstest]
#[tokio::test]
async fn users_come_with_their_passwords_once(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(Sqlite, Postgres)] from: Backend,
    #[values("1.4-core", "1.4", "1.6", "1.7.0", "1.7.7")] version: &str,
) {
    let app = App::start(backend).await;
    let foreign = Foreign::new(from, version).await;
    let (users, has_plugins) = (app.count("user").await, version != "1.4-core");

    let dry = import(&app, &foreign, &["--dry-run"]);
    assert_eq!((app.count("user").await, app.count("audit_log").await), (users, 0));
    let report = import(&app, &foreign, &[]);

    assert_eq!(dry, report, "a dry run foretells what happens");
    assert_eq!(counts(&report, "users"), [5, 3, 0, 0, 2]);
    assert_eq!(counts(&report, "accounts"), [5, 3, 0, 0, 2]);
    assert_eq!(
        (counts(&report, "organizations"), counts(&report, "members")),
        if has_plugins { ([2, 2, 0, 0, 0], [3, 2, 0, 0, 1]) } else { ([0; 5], [0; 5]) }
    );
    assert_eq!(app.count("user").await, users + 3);
    assert_eq!(sign_in(&app, "grace@example.com", PASSWORD).await, 200);
    // The same text in its other forms, as people's keyboards make it.
    assert_eq!(sign_in(&app, "heidi@example.com", "fianc\u{e9} 1 password").await, 200);
    assert_eq!(sign_in(&app, "grace@example.com", "another password").await, 401);

    app.execute(r#"UPDATE "user" SET name = 'Admiral Hopper' WHERE email = 'grace@example.com'"#)
        .await;
    let audited = app.count("audit_log").await;
    let again = import(&app, &foreign, &[]);
    assert_eq!(counts(&again, "users"), [5, 0, 2, 1, 2]);
    assert_eq!(counts(&again, "accounts"), [5, 0, 3, 0, 2]);
    assert_eq!(again["users"]["different"][0]["columns"], json!(["name"]));
    assert_eq!(
        app.sql(r#"SELECT name FROM "user" WHERE email = 'grace@example.com'"#).await,
        ["Admiral Hopper"]
    );
    assert_eq!((app.count("user").await, app.count("audit_log").await), (users + 3, audited));
}

#[rstest]
#[tokio::test]
async fn a_user_is_here_what_they_were_there(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(Sqlite, Postgres)] from: Backend,
) {
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);
    let foreign = Foreign::new(from, "1.6").await;
    let report = import(&app, &foreign, &[]);

    let skipped = |table: &str| {
        let rows = report[table]["skipped"].as_array().expect("rows").iter();
        let texts = rows.map(|row| row["reason"].as_str().expect("text").to_owned());
        texts.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(["users", "accounts", "members"].map(skipped).join("\n"), @r#"
    its e-mail address is not valid: "not an address"
    another user has the e-mail address: ada@example.com
    its password is hashed in another way than Better Auth's own: the user has to reset it
    its user "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" was not brought in
    its user "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" was not brought in
    "#);
    assert_snapshot!(report["notes"], @r#"{"members who had a role that there is not here, and have only their others now":1,"organizations that have no owner here":1,"users who are administrators":1,"users who had a role that there is not here, and are ordinary users now":1,"users who had a second factor, and sign in without one until they set it up again":1,"users who had a user name that is not allowed here, and have none now":1}"#);

    let users = root.get("/api/auth/admin/list-users?searchValue=@example.com&sortBy=email&filterField=createdAt&filterOperator=lt&filterValue=2026-01-01T00:00:00.000Z").await;
    let users = users.json()["users"].clone();
    assert_eq!(users[0]["createdAt"], "2025-03-04T05:06:07.891Z");
    assert_eq!(users[0]["updatedAt"], "2025-04-05T06:07:08.912Z");
    let facts = |user: &Value| {
        [
            "email",
            "emailVerified",
            "username",
            "displayUsername",
            "role",
            "banned",
            "banReason",
            "banExpires",
            "twoFactorEnabled",
        ]
        .map(|member| user[member].to_string())
        .join(" ")
    };
    let facts: Vec<_> = users.as_array().expect("users").iter().map(facts).collect();
    assert_snapshot!(facts.join("\n"), @r#"
    "grace@example.com" true "grace.h" "Grace.H" "admin" false null null false
    "heidi@example.com" false null null "user" false null null false
    "mallory@example.com" true null null "user" true "Spam" "2099-01-01T00:00:00.000Z" false
    "#);

    let accounts = app
        .sql("SELECT a.provider_id || ' ' || CASE WHEN a.provider_id = 'credential' THEN 'own' ELSE a.account_id END \
              || ' ' || coalesce(a.scope, '') || coalesce(a.access_token, '') FROM account a \
              JOIN \"user\" u ON u.id = a.user_id WHERE u.email = 'grace@example.com' ORDER BY 1")
        .await;
    assert_eq!(accounts, ["credential own ", "github 4711 user:email"]);
    let members = app
        .sql("SELECT o.slug || ' ' || u.email || ' ' || m.role || ' ' || coalesce(o.metadata, '') FROM member m \
              JOIN organization o ON o.id = m.organization_id JOIN \"user\" u ON u.id = m.user_id ORDER BY 1")
        .await;
    assert_eq!(
        members,
        [
            r#"compilers grace@example.com owner {"plan":"pro"}"#,
            r#"compilers heidi@example.com member {"plan":"pro"}"#
        ]
    );
    let actions = app.audit_actions().await;
    let imported =
        |table: &str| actions.iter().filter(|action| **action == format!("import {table}")).count();
    assert_eq!((imported("user"), imported("organization")), (3, 2));
}

#[rstest]
#[tokio::test]
async fn many_come_in_batches(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(Sqlite, Postgres)] from: Backend,
) {
    let app = App::start(backend).await;
    let foreign = Foreign::new(from, "1.7.7").await;
    let now = "'2025-03-04T05:06:07.891Z'";
    let flag = if from == Postgres { "true" } else { "1" };
    let cast = if from == Postgres { "::timestamptz" } else { "" };
    foreign.database.execute(&format!(
        "INSERT INTO \"user\" (\"id\", \"name\", \"email\", \"emailVerified\", \"createdAt\", \"updatedAt\") \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1203) \
         SELECT 'many' || i, 'Many', CASE WHEN i = 1203 THEN 'MANY1@example.com' ELSE 'many' || i || '@example.com' END, \
         {flag}, {now}{cast}, {now}{cast} FROM n"
    )).await;

    let dry = import(&app, &foreign, &["--dry-run"]);
    let report = import(&app, &foreign, &[]);

    assert_eq!(dry, report);
    assert_eq!(counts(&report, "users"), [1208, 1205, 0, 0, 3]);
    assert_eq!(counts(&import(&app, &foreign, &[]), "users"), [1208, 0, 1205, 0, 3]);
}

#[rstest]
#[tokio::test]
async fn the_report_is_for_people_unless_asked_otherwise(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let foreign = Foreign::new(backend, "1.6").await;

    let ran = app.command(&["import", "better-auth", foreign.url(), "--dry-run"], "");

    assert!(ran.success, "{}", ran.error);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    assert_snapshot!(ran.out, @r#"
                      found  imported  already here  different  skipped
    users                 5         3             0          0        2
    accounts              5         3             0          0        2
    organizations         2         2             0          0        0
    members               3         2             0          0        1

    users that were skipped, by their ids there:
      nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn  its e-mail address is not valid: "not an address"
      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  another user has the e-mail address: ada@example.com

    accounts that were skipped, by their ids there:
      acc00000000000000000000000000004  its password is hashed in another way than Better Auth's own: t…
      acc00000000000000000000000000005  its user "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" was not brought in

    members that were skipped, by their ids there:
      mem00000000000000000000000000003  its user "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" was not brought in

    to know:
          1  members who had a role that there is not here, and have only their others now
          1  organizations that have no owner here
          1  users who are administrators
          1  users who had a role that there is not here, and are ordinary users now
          1  users who had a second factor, and sign in without one until they set it up again
          1  users who had a user name that is not allowed here, and have none now

    Nothing was written: this was a dry run.
    "#);
}

#[rstest]
#[tokio::test]
async fn the_commands_of_the_page_for_operators_run(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let foreign = Foreign::new(backend, "1.7.7").await;
    let page = include_str!("../../docs/operators.md");
    let commands: Vec<_> =
        page.lines().filter(|line| line.starts_with("garboard import")).collect();
    assert_eq!(commands.len(), 3);
    for command in commands {
        let command = command.split('#').next().unwrap_or_default();
        let command = command.replace("sqlite://auth.db", foreign.url());
        let ran = app.command(&command.split_whitespace().skip(1).collect::<Vec<_>>(), "");
        assert!(ran.success, "{command}: {}", ran.error);
    }
}

#[rstest]
#[tokio::test]
async fn what_is_no_database_of_better_auth_is_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let folder = TempDir::new().expect("a temporary folder can be made");
    let empty = Database::create(backend, folder.path()).await;
    empty.execute("CREATE TABLE \"user\" (id text)").await;
    let refused = |url: &str| {
        let ran = app.command(&["import", "better-auth", url], "");
        assert!(!ran.success, "{}", ran.out);
        ran.error
    };

    let error = refused(&empty.url);
    assert!(error.contains("there is no table \"user\" there, as Better Auth makes it"), "{error}");
    let missing = folder.path().join("missing.db");
    let error = refused(&format!("sqlite://{}", missing.display()));
    assert!(error.contains("cannot read the other database"), "{error}");
    assert!(!missing.exists());
    let error = refused("mysql://root@localhost/app");
    assert!(error.contains("sqlite://PATH or postgres://"), "{error}");
}

#[rstest]
#[tokio::test]
async fn a_row_is_not_taken_for_another_with_its_id(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    import(&app, &Foreign::new(backend, "1.6").await, &[]);
    let (accounts, members) = (app.count("account").await, app.count("member").await);
    let other = Foreign::new(backend, "1.6").await;
    for sql in [
        r#"UPDATE "user" SET "email" = 'eve@example.com' WHERE "email" = 'grace@example.com'"#,
        &format!(
            r#"INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt")
               SELECT '{}', 'Ada', 'oscar@example.com', "emailVerified", "createdAt", "updatedAt"
               FROM "user" WHERE "email" = 'eve@example.com'"#,
            ada.id
        ),
        &format!(r#"UPDATE "account" SET "userId" = '{}' WHERE "providerId" = 'github'"#, ada.id),
        r#"UPDATE "account" SET "id" = 'x' || "id", "accountId" = 'x' || "accountId""#,
        r#"UPDATE "organization" SET "slug" = 'acme' WHERE "slug" = 'compilers'"#,
        r#"UPDATE "member" SET "id" = 'x' || "id""#,
    ] {
        other.database.execute(sql).await;
    }

    let report = import(&app, &other, &[]);

    assert_eq!(counts(&report, "users"), [6, 0, 2, 0, 4]);
    assert_eq!(counts(&report, "accounts"), [5, 0, 0, 0, 5]);
    assert_eq!(counts(&report, "organizations"), [2, 0, 1, 0, 1]);
    assert_eq!(counts(&report, "members"), [3, 0, 0, 0, 3]);
    let reasons = report["users"].to_string() + &report["organizations"].to_string();
    assert_eq!(reasons.matches("a row here has its id, with another email").count(), 2);
    assert_eq!(reasons.matches("a row here has its id, with another slug").count(), 1);
    assert_eq!((app.count("account").await, app.count("member").await), (accounts, members));
}

#[rstest]
#[tokio::test]
async fn what_was_taken_away_does_not_come_back(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);
    let foreign = Foreign::new(backend, "1.6").await;
    import(&app, &foreign, &[]);
    let found = root.get("/api/auth/admin/list-users?searchValue=mallory@example.com").await.json();
    let signed_in = json!({ "email": "grace@example.com", "password": PASSWORD });
    let answer = app.anonymous().post("/api/auth/sign-in/email", signed_in).await.json();
    let bearer = format!("Bearer {}", answer["token"].as_str().expect("a token"));
    let as_grace = async |route: &str, body: Value| {
        let request = app.anonymous().request("POST", format!("/api/auth/{route}"));
        let answer = request.header("Authorization", &bearer).json(&body).send().await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()
    };
    let removed = root
        .post("/api/auth/admin/remove-user", json!({ "userId": found["users"][0]["id"] }))
        .await;
    assert_eq!(removed.status, 200, "{removed}");
    as_grace("unlink-account", json!({ "providerId": "github" })).await;
    let compilers = json!({ "organizationSlug": "compilers" });
    let compilers = as_grace("organization/set-active", compilers).await["id"].clone();
    let heidi = json!({ "memberIdOrEmail": "heidi@example.com", "organizationId": compilers });
    as_grace("organization/remove-member", heidi).await;
    // Of an import that was interrupted the rest comes.
    app.execute("DELETE FROM account WHERE user_id = (SELECT id FROM \"user\" WHERE email = 'heidi@example.com')").await;

    let dry = import(&app, &foreign, &["--dry-run"]);
    let report = import(&app, &foreign, &[]);

    assert_eq!(dry, report);
    assert_eq!(counts(&report, "users"), [5, 0, 2, 0, 3]);
    assert_eq!(counts(&report, "accounts"), [5, 1, 1, 0, 3]);
    assert_eq!(counts(&report, "members"), [3, 0, 1, 0, 2]);
    let reasons = |table: &str| report[table]["skipped"].to_string();
    for table in ["users", "members"] {
        assert_eq!(reasons(table).matches("it was here before, and was removed").count(), 1);
    }
    assert!(reasons("accounts").contains("its user was changed here, or did not come from there"));
    assert_eq!(sign_in(&app, "heidi@example.com", "fianc\u{e9} 1 password").await, 200);
}
