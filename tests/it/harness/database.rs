//! One database per test, and a way to look into it behind the server's back.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tokio::runtime::Runtime;

/// The databases that every test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A database; a PostgreSQL one is dropped with this value, a SQLite one goes with its folder.
#[derive(Debug)]
pub(crate) struct Database {
    backend: Backend,
    /// As in `DATABASE_URL`.
    pub(crate) url: String,
}

impl Database {
    /// An empty database in `folder` or on the PostgreSQL server.
    pub(crate) async fn create(backend: Backend, folder: &Path) -> Self {
        match backend {
            Backend::Sqlite => Self::at(folder),
            Backend::Postgres => Self::create_postgres("template1").await,
        }
    }

    /// A copy of the SQLite database file whose content is `bytes`.
    pub(crate) fn from_bytes(bytes: &[u8], folder: &Path) -> Self {
        fs::write(folder.join("test.db"), bytes).expect("the folder of the test can be written");
        Self::at(folder)
    }

    /// The database as bytes that [`from_bytes`](Self::from_bytes) takes. No server may be running on it.
    pub(crate) async fn into_bytes(self, folder: &Path) -> Vec<u8> {
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
        fs::read(folder.join("test.db")).expect("the database file can be read")
    }

    /// A copy of this PostgreSQL database. No server may be running on it.
    pub(crate) async fn copy(&self) -> Self {
        Self::create_postgres(name_in(&self.url)).await
    }

    fn at(folder: &Path) -> Self {
        let file = folder.join("test.db");
        Self { backend: Backend::Sqlite, url: format!("sqlite://{}?mode=rwc", file.display()) }
    }

    async fn create_postgres(template: &str) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        static CLEAN: Once = Once::new();
        let server = server_url();
        if !CLEAN.is_completed() {
            drop_leftovers(&server).await;
            CLEAN.call_once(|| ());
        }
        let name =
            format!("garboard_test_{}_{}", process::id(), LAST.fetch_add(1, Ordering::Relaxed));
        execute(&server, &format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#)).await;
        Self { backend: Backend::Postgres, url: with_name(&server, &name) }
    }

    /// An id as this database writes it in SQL: SQLite holds the bytes.
    pub(crate) fn literal(&self, id: &str) -> String {
        match self.backend {
            Backend::Sqlite => format!("X'{}'", id.replace('-', "")),
            Backend::Postgres => format!("'{id}'::uuid"),
        }
    }

    /// Runs statements that answer nothing.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// A connection that has run statements, and keeps what they lock until it is dropped.
    pub(crate) async fn hold(&self, sql: &str) -> AnyConnection {
        hold(&self.url, sql).await
    }

    /// The first column of each row of a query, as text. NULL is `null`.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let query = format!("WITH answer(value) AS ({sql}) SELECT CAST(value AS text) FROM answer");
        texts(&self.url, &query).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.backend == Backend::Postgres {
            let sql = format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, name_in(&self.url));
            // A runtime cannot be entered from within one, so the statement gets a thread of its own.
            let dropped = thread::spawn(move || {
                Runtime::new().expect("a runtime starts").block_on(execute(&server_url(), &sql));
            });
            dropped.join().expect("the test's own database can be dropped");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one setting of the tests themselves")]
fn server_url() -> String {
    env::var("TEST_POSTGRES_URL").expect(
        "every test runs on PostgreSQL too: start them with `tests/run`, which brings a server, \
         or set TEST_POSTGRES_URL to one where databases may be created",
    )
}

/// The name of the database in a URL like `postgres://user@host/name?options`.
fn name_in(url: &str) -> &str {
    let address = url.split_once('?').map_or(url, |(address, _)| address);
    address.rsplit_once('/').map_or("", |(_, name)| name)
}

fn with_name(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = address.rsplit_once('/').unwrap_or((address, ""));
    format!("{server}/{name}?{options}")
}

/// Drops what a run that was killed has left behind.
async fn drop_leftovers(server: &str) {
    for name in texts(server, "SELECT datname::text FROM pg_database").await {
        let owner = name.strip_prefix("garboard_test_").and_then(|rest| rest.split('_').next());
        if owner.is_some_and(|pid| !is_running(pid)) {
            execute(server, &format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#)).await;
        }
    }
}

fn is_running(pid: &str) -> bool {
    Command::new("kill")
        .args(["-0", pid])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

async fn connect(url: &str) -> AnyConnection {
    install_default_drivers();
    AnyConnection::connect(url)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to {url}: {error}"))
}

async fn hold(url: &str, sql: &str) -> AnyConnection {
    let mut connection = connect(url).await;
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection
}

async fn execute(url: &str, sql: &str) {
    hold(url, sql).await.close().await.expect("the connection closes");
}

async fn texts(url: &str, sql: &str) -> Vec<String> {
    let mut connection = connect(url).await;
    let query = sqlx::query_scalar::<_, Option<String>>(AssertSqlSafe(sql));
    let rows =
        query.fetch_all(&mut connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("the connection closes");
    rows.into_iter().map(|row| row.unwrap_or_else(|| "null".to_owned())).collect()
}
