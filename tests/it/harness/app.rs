//! A running server with a database of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Client as Http;
use service::database::{DatabaseOptions, Synchronous};
use sqlx::AnyConnection;
use tempfile::TempDir;
use uuid::Uuid;

use super::client::{Client, Site, http};
use super::database::{Backend, Database};
use super::process::{Output, Process, Ran, try_run};
use super::template::Template;

/// What the servers sign and seal with.
pub(crate) const SECRET: &str = "a secret of the tests, forty characters";

/// A running server. Dropping it ends the process and removes the database.
#[derive(Debug)]
pub(crate) struct App {
    process: Mutex<Process>,
    output: Output,
    extra: Vec<(&'static str, &'static str)>,
    database: Database,
    folder: TempDir,
    template: &'static Template,
    site: Arc<Site>,
    http: Http,
}

impl App {
    /// Starts a server on a fresh copy of the prepared database.
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_with(backend, &[]).await
    }

    /// Starts a server with settings beside, or instead of, the usual ones.
    pub(crate) async fn start_with(
        backend: Backend,
        extra: &[(&'static str, &'static str)],
    ) -> Self {
        let template = Template::get(backend).await;
        let folder = TempDir::new().expect("a temporary folder can be made");
        let database = template.copy(&folder).await;
        let output = Output::default();
        let process = Process::serve(folder.path(), &settings(&database, extra), &output);
        let names =
            template.accounts.iter().map(|account| (account.id.clone(), account.name.to_owned()));
        let site = Arc::new(Site::new(process.address, names.collect()));
        let extra = extra.to_vec();
        let process = Mutex::new(process);
        Self { process, output, extra, database, folder, template, site, http: http() }
    }

    /// Clients for people with an account, by name.
    pub(crate) fn users<const N: usize>(&self, names: [&str; N]) -> [Client; N] {
        names.map(|name| {
            let account = self.template.accounts.iter().find(|account| account.name == name);
            let account = account.unwrap_or_else(|| panic!("there is no account for {name}"));
            Client::new(self.http.clone(), Arc::clone(&self.site), Some(account))
        })
    }

    /// A client without credentials.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), Arc::clone(&self.site), None)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.site.address()
    }

    /// Where the server is, for programs that are not clients of this harness.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.site.address())
    }

    /// The whole environment of the server, for programs that work beside it.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        settings(&self.database, &self.extra)
    }

    /// A folder that goes with the server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection on which a test speaks HTTP, or something else, by itself.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream =
            TcpStream::connect(self.site.address()).expect("the server accepts connections");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout can be set");
        stream
    }

    /// Whether the server still lets anyone in.
    pub(crate) fn accepts_connections(&self) -> bool {
        TcpStream::connect(self.site.address()).is_ok()
    }

    /// Sends bytes that need not be HTTP, and gives all that comes back until the server closes.
    pub(crate) fn send_raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may refuse and close before it has read everything: what it said is then still there.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The first column of each row of a query, read behind the server's back.
    pub(crate) async fn sql(&self, query: &str) -> Vec<String> {
        self.database.texts(query).await
    }

    /// Changes rows behind the server's back.
    pub(crate) async fn execute(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// Runs statements and keeps what they lock until the connection is dropped.
    pub(crate) async fn hold(&self, sql: &str) -> AnyConnection {
        self.database.hold(sql).await
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> usize {
        let rows = self.sql(&format!(r#"SELECT count(*) FROM "{table}""#)).await;
        rows.concat().parse().expect("a count is a number")
    }

    /// What the audit log says was done, oldest first, as `create project`.
    pub(crate) async fn audit_actions(&self) -> Vec<String> {
        self.sql("SELECT action || ' ' || table_name FROM audit_log ORDER BY id").await
    }

    /// An id as both databases write it in SQL.
    pub(crate) fn literal(&self, id: &str) -> String {
        self.database.literal(id)
    }

    /// Makes an organization with these members and roles, and gives its id.
    pub(crate) async fn organization(&self, slug: &str, members: &[(&Client, &str)]) -> String {
        let organization = new_id();
        let id = self.literal(&organization);
        // The times of a row that the server has written are in the form that the server writes.
        let times = r#"created_at, updated_at FROM "user" WHERE name = 'root'"#;
        self.execute(&format!(
            "INSERT INTO organization (id, name, slug, created_at, updated_at) SELECT {id}, '{slug}', '{slug}', {times}"
        ))
        .await;
        for (member, role) in members {
            let [row, user] = [&new_id(), &member.id].map(|id| self.literal(id));
            self.execute(&format!(
                "INSERT INTO member (id, organization_id, user_id, role, created_at, updated_at) \
                 SELECT {row}, {id}, {user}, '{role}', {times}"
            ))
            .await;
        }
        organization
    }

    /// What the server has written to its standard output and error.
    pub(crate) fn output(&self) -> String {
        self.output.text()
    }

    /// Runs a command of `garboard` on the server's database, beside the server.
    pub(crate) fn command(&self, arguments: &[&str], input: &str) -> Ran {
        try_run(self.folder.path(), &settings(&self.database, &self.extra), arguments, input)
    }

    /// Ends the server as a power cut would: without a warning.
    pub(crate) fn kill(&self) {
        self.process().kill();
    }

    /// Asks the server to stop, and waits until it has.
    pub(crate) fn stop(&self) -> ExitStatus {
        self.process().stop()
    }

    /// Starts the server again on the same database. Clients made earlier go on working.
    pub(crate) fn restart(&self) {
        let settings = settings(&self.database, &self.extra);
        let mut process = self.process();
        *process = Process::serve(self.folder.path(), &settings, &self.output);
        self.site.move_to(process.address);
    }

    /// Starts one more server on the same database, as a second instance behind a load balancer. Its clients are without
    /// credentials.
    pub(crate) fn another(&self) -> (Process, Client) {
        let settings = settings(&self.database, &self.extra);
        let process = Process::serve(self.folder.path(), &settings, &self.output);
        let client = Client::nobody(process.address);
        (process, client)
    }

    /// The service on the same database, without HTTP.
    pub(crate) async fn service(&self) -> service::Database {
        let options = DatabaseOptions {
            url: self.database.url.clone(),
            max_connections: 4,
            min_connections: 1,
            idle_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            synchronous: Synchronous::Normal,
            log_queries: false,
        };
        service::Database::connect(&options).await.expect("the database is there")
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An id for a row that the server has not made.
fn new_id() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    Uuid::from_u128(LAST.fetch_add(1, Ordering::Relaxed).into()).to_string()
}

/// The whole environment of a server under test: the usual settings, then `extra`, which wins.
pub(crate) fn settings<'a>(
    database: &'a Database,
    extra: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("APP_ENV", "test"),
        ("AUTH_SECRET", SECRET),
        ("DATABASE_MAX_CONNECTIONS", "4"),
        ("DATABASE_MIN_CONNECTIONS", "0"),
        ("DATABASE_URL", &database.url),
        ("HOST", "127.0.0.1"),
        ("LOG_FORMAT", "json"),
        ("PORT", "0"),
        ("RATE_LIMIT", "off"),
        // Nobody listens there: messages wait in their table, where the tests read them.
        ("SMTP_URL", "smtp://127.0.0.1:9"),
        ("WORKERS", "2"),
    ];
    usual.into_iter().chain(extra.iter().copied()).collect()
}
