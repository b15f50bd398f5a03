//! The database that each test gets a copy of: migrated and signed up once per run, because a password hash is
//! slow by design and a copy is not.

use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::app::settings;
use super::client::Client;
use super::database::{Backend, Database};
use super::process::{self, Output, Process};

/// Who has an account in every test; the last is an administrator.
const NAMES: [&str; 7] = ["ada", "bob", "cat", "dan", "eve", "fay", "root"];

/// The password of all of them.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A person with a session.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) email: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

/// A prepared database and the people in it.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) accounts: Arc<[Account]>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Sqlite(Vec<u8>),
    Postgres(Database),
}

impl Template {
    /// The template for `backend`, made when it is first asked for.
    pub(crate) async fn get(backend: Backend) -> &'static Self {
        static SQLITE: OnceCell<Template> = OnceCell::const_new();
        static POSTGRES: OnceCell<Template> = OnceCell::const_new();
        let cell = match backend {
            Backend::Sqlite => &SQLITE,
            Backend::Postgres => &POSTGRES,
        };
        cell.get_or_init(|| Self::make(backend)).await
    }

    /// A database of the test's own, in `folder` or on the PostgreSQL server.
    pub(crate) async fn copy(&self, folder: &TempDir) -> Database {
        match &self.content {
            Content::Sqlite(bytes) => Database::from_bytes(bytes, folder.path()),
            Content::Postgres(template) => template.copy().await,
        }
    }

    async fn make(backend: Backend) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let database = Database::create(backend, folder.path()).await;
        let settings = settings(&database, &[]);
        process::run(folder.path(), &settings, &["migrate"]);

        let mut server = Process::serve(folder.path(), &settings, &Output::default());
        let mut accounts = Vec::new();
        for name in NAMES {
            accounts.push(sign_up(&server, name).await);
        }
        assert!(server.stop().success(), "the server stops cleanly");

        // A test sees the trail, the messages and the slow statements of what it does itself.
        for table in ["audit_log", "email", "_slow_statement"] {
            database.execute(&format!("DELETE FROM {table}")).await;
        }
        database.execute(r#"UPDATE "user" SET role = 'admin' WHERE name = 'root'"#).await;
        let content = match backend {
            Backend::Sqlite => Content::Sqlite(database.into_bytes(folder.path()).await),
            Backend::Postgres => Content::Postgres(database),
        };
        Self { accounts: accounts.into(), content }
    }
}

async fn sign_up(server: &Process, name: &'static str) -> Account {
    let email = format!("{name}@example.com");
    let anonymous = Client::nobody(server.address);
    let body = json!({ "name": name, "email": email, "password": PASSWORD });
    let answer = anonymous.post("/api/auth/sign-up/email", body).await;
    assert_eq!(answer.status, 200, "signing up {name}: {answer}");
    let body = answer.json();
    let text = |member: &serde_json::Value| member.as_str().expect("a string").to_owned();
    Account { name, email, id: text(&body["user"]["id"]), token: text(&body["token"]) }
}
