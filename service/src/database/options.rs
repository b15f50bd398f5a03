//! How connections are made.

use std::time::Duration;

use sea_orm::ConnectOptions;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use tracing::log::LevelFilter;

use super::deadline;

/// How long SQLite waits for a lock held by another process before it reports a conflict.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What [`Database::connect`](super::Database::connect) needs to know; every value is explained in
/// `docs/configuration.md`.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// The most connections this pool opens (on SQLite: readers; there is always exactly one writer).
    pub max_connections: u32,
    /// The connections kept open when idle.
    pub min_connections: u32,
    /// When an idle connection above the minimum is closed.
    pub idle_timeout: Duration,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest run of one statement.
    pub statement_timeout: Duration,
    /// When SQLite tells the disk to keep a commit.
    pub synchronous: Synchronous,
    /// Whether statements (never their values) are logged at debug level.
    pub log_queries: bool,
}

/// SQLite's `PRAGMA synchronous`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// A commit survives a power cut.
    Full,
    /// A commit survives a crash of the process; the last ones may be lost in a power cut.
    Normal,
}

impl DatabaseOptions {
    pub(super) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    fn base(&self) -> ConnectOptions {
        let mut connect = ConnectOptions::new(&self.url);
        connect
            .connect_timeout(self.connect_timeout)
            .acquire_timeout(self.connect_timeout)
            .idle_timeout(self.idle_timeout)
            // A ping before every use cost 9 to 19 % of throughput; a broken connection is known by its error.
            .test_before_acquire(false)
            .sqlx_logging(self.log_queries)
            .sqlx_logging_level(LevelFilter::Debug);
        connect
    }

    pub(super) fn postgres(&self) -> ConnectOptions {
        let mut connect = self.base();
        connect
            .max_connections(self.max_connections)
            .min_connections(self.min_connections)
            .statement_timeout(self.statement_timeout)
            .map_sqlx_postgres_opts(|options| options.statement_cache_capacity(256));
        connect
    }

    pub(super) fn sqlite(&self, writes: bool) -> ConnectOptions {
        let mut connect = self.base();
        let synchronous = match self.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        };
        // A wait for a lock is part of the statement that waits.
        let busy_timeout = SQLITE_BUSY_TIMEOUT.min(self.statement_timeout);
        connect
            .max_connections(if writes { 1 } else { self.max_connections.max(1) })
            .min_connections(1)
            // Opening a file again costs its page cache and its prepared statements.
            .idle_timeout(None)
            .max_lifetime(None)
            .map_sqlx_sqlite_pool_opts(deadline::keep)
            .map_sqlx_sqlite_opts(move |sqlite| {
                let sqlite = sqlite
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(synchronous)
                    .foreign_keys(true)
                    .busy_timeout(busy_timeout)
                    .statement_cache_capacity(256);
                // Whoever tries to write through a reader finds out at once.
                if writes { sqlite } else { sqlite.pragma("query_only", "ON") }
            });
        connect
    }
}
