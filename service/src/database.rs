//! Connections, and the only place where transactions begin.
//!
//! **No transaction can be cut in half.** sqlx 0.9.0 loses track of a connection whose `BEGIN` is dropped while it is
//! in flight (launchbadge/sqlx#4393): the connection goes back to the pool inside an open transaction, and what is
//! later written on it is acknowledged and never committed. actix drops a handler's future when its client goes away.
//! So the future that talks to the database is never the handler's: [`Database::read`] and [`Database::write`] run it
//! as a task of its own, which a disconnect cannot cancel.
//!
//! What runs in a transaction may run twice (it is tried again after a conflict): nothing in it but SQL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::RngExt;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use tracing::{Instrument, log::LevelFilter};

use crate::{Error, Result, error::is_conflict};

mod reader;

pub use reader::Reader;

/// What is told of each statement: how long it took, and whether it failed.
type Observer = Arc<dyn Fn(Duration, bool) + Send + Sync>;

/// An open transaction: what every write takes, so that it cannot be called without one.
pub type Transaction = DatabaseTransaction;

/// How often a transaction is tried before the caller is told to come back.
const MAX_ATTEMPTS: u32 = 6;
/// For how long it is tried: when SQLite has waited for a lock in vain, waiting as long again helps nobody.
const MAX_RETRYING: Duration = Duration::from_secs(3);
/// How long SQLite waits for a lock held by another process before it reports a conflict.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What [`Database::connect`] needs to know; every value is explained in `docs/configuration.md`.
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

/// How a pool stands at this moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolStatus {
    /// Connections at work.
    pub in_use: u32,
    /// Connections waiting for work.
    pub idle: u32,
    /// How often, since the start, work found every connection taken and had to wait.
    pub waits: u64,
}

/// What a transaction promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Reads only, all of one moment.
    Snapshot,
    /// Each statement sees what is committed when it starts; rows that are decided on are locked by `fetch`.
    ReadCommitted,
    /// As if transactions ran one after the other.
    Serializable,
}

/// A database: a pool on PostgreSQL, a writer and readers on SQLite. Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Database {
    single: Arc<Reader>,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// On SQLite, whose statements the database itself cannot time out.
    read_timeout: Option<Duration>,
    waits: Arc<AtomicU64>,
}

impl Database {
    /// Connects. The schema is left as it is.
    ///
    /// # Errors
    /// `Busy` when the database cannot be reached.
    pub async fn connect(options: &DatabaseOptions) -> Result<Self> {
        let sqlite = options.url.starts_with("sqlite:");
        let (reader, writer) = if sqlite {
            let writer = sea_orm::Database::connect(sqlite_options(options, true)).await?;
            (sea_orm::Database::connect(sqlite_options(options, false)).await?, writer)
        } else {
            let pool = sea_orm::Database::connect(postgres_options(options)).await?;
            (pool.clone(), pool)
        };
        // Of connections that are open anyway; one is always left to transactions.
        let kept = options.min_connections.max(1).min(options.max_connections.saturating_sub(1));
        let single = Reader::new(reader.clone(), usize::try_from(kept).unwrap_or_default());
        let read_timeout = sqlite.then_some(options.statement_timeout);
        Ok(Self { single: Arc::new(single), reader, writer, read_timeout, waits: Arc::default() })
    }

    /// Calls `observer` after each statement, with its duration and whether it failed. For a database that has not been
    /// cloned yet.
    pub fn on_statement(&mut self, observer: impl Fn(Duration, bool) + Send + Sync + 'static) {
        let observer: Observer = Arc::new(observer);
        let of_pool = Arc::clone(&observer);
        let callback = move |info: &sea_orm::metric::Info<'_>| of_pool(info.elapsed, info.failed);
        self.reader.set_metric_callback(callback.clone());
        self.writer.set_metric_callback(callback);
        if let Some(single) = Arc::get_mut(&mut self.single) {
            single.observer = Some(observer);
        }
    }

    /// For single statements that only read. Reads that belong together go into [`Database::read`].
    pub fn reader(&self) -> &Reader {
        if self.single.at_rest() == 0 {
            self.note_wait(&self.reader);
        }
        &self.single
    }

    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.reader.get_database_backend()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// `Busy` when there is none.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.execute_unprepared("SELECT 1").await.map(|_| ())?)
    }

    /// The names of the migrations that the database lacks, oldest first. It only reads.
    ///
    /// # Errors
    /// `Busy` when the database cannot be reached.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        Ok(migration::pending(&self.reader).await?)
    }

    /// How the connections stand; on SQLite, the readers and the writer together.
    pub fn pool_status(&self) -> PoolStatus {
        let pools = match self.backend() {
            DbBackend::Sqlite => vec![open(&self.reader), open(&self.writer)],
            _ => vec![open(&self.reader)],
        };
        let at_rest = u32::try_from(self.single.at_rest()).unwrap_or(u32::MAX);
        let idle = pools.iter().map(|pool| pool.idle).sum::<u32>().saturating_add(at_rest);
        let in_use = pools.iter().map(|pool| pool.size).sum::<u32>().saturating_sub(idle);
        PoolStatus { in_use, idle, waits: self.waits.load(Ordering::Relaxed) }
    }

    /// sqlx does not count who waits for a connection, so it is counted here who is about to.
    fn note_wait(&self, connection: &DatabaseConnection) {
        let pool = open(connection);
        if pool.idle == 0 && pool.size == pool.most {
            self.waits.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Runs reads that belong together: everything `work` reads is of one moment.
    ///
    /// # Errors
    /// Those of `work`, and `Busy`.
    pub async fn read<T: 'static>(
        &self,
        work: impl AsyncFn(&Transaction) -> Result<T> + 'static,
    ) -> Result<T> {
        self.transaction(Isolation::Snapshot, work).await
    }

    /// Runs `work` in a transaction that is committed when it succeeds and rolled back when it does not.
    ///
    /// # Errors
    /// Those of `work`, and `Busy` when conflicts with other transactions did not cease.
    pub async fn write<T: 'static>(
        &self,
        work: impl AsyncFn(&Transaction) -> Result<T> + 'static,
    ) -> Result<T> {
        self.transaction(Isolation::ReadCommitted, work).await
    }

    /// Runs `work` in a transaction of the given isolation, again after a conflict, in a task that outlives the
    /// caller's future. Must be called on a thread with a local task set, as all of actix's are.
    ///
    /// # Errors
    /// Those of `work`; `Busy` when conflicts did not cease; `Panicked`.
    pub async fn transaction<T: 'static>(
        &self,
        isolation: Isolation,
        work: impl AsyncFn(&Transaction) -> Result<T> + 'static,
    ) -> Result<T> {
        let database = self.clone();
        let run = async move { database.with_retries(isolation, work).await };
        // Statements in the log keep naming the request.
        let task = tokio::task::spawn_local(run.in_current_span());
        match task.await {
            Ok(result) => result,
            Err(stopped) => {
                tracing::error!(%stopped, "a transaction stopped and was rolled back");
                Err(Error::Panicked)
            }
        }
    }

    async fn with_retries<T>(
        &self,
        isolation: Isolation,
        work: impl AsyncFn(&Transaction) -> Result<T>,
    ) -> Result<T> {
        let (start, mut attempt) = (Instant::now(), 1);
        let worthwhile = |attempt| attempt < MAX_ATTEMPTS && start.elapsed() < MAX_RETRYING;
        loop {
            match self.attempt(isolation, &work).await {
                Err(error) if is_conflict(&error) && worthwhile(attempt) => {
                    tracing::debug!(attempt, %error, "transaction conflict, trying again");
                    let longest = 10 << attempt;
                    let pause =
                        Duration::from_millis(rand::rng().random_range(longest / 2..=longest));
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn attempt<T>(
        &self,
        isolation: Isolation,
        work: &impl AsyncFn(&Transaction) -> Result<T>,
    ) -> Result<T> {
        let transaction = self.begin(isolation).await?;
        let result = match (isolation, self.read_timeout) {
            (Isolation::Snapshot, Some(limit)) => tokio::time::timeout(limit, work(&transaction))
                .await
                .unwrap_or(Err(Error::Busy { retry_after: Duration::from_secs(1), cause: None })),
            _ => work(&transaction).await,
        };
        match result {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The error that stopped the work is what the caller wants to know, not that of a lost connection.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one home of begin")]
    async fn begin(&self, isolation: Isolation) -> Result<Transaction, DbErr> {
        let (isolation_level, access_mode) = match (self.backend(), isolation) {
            // SQLite has one writer and snapshot readers: every level is already serializable.
            (DbBackend::Sqlite, _) | (_, Isolation::ReadCommitted) => (None, None),
            (_, Isolation::Snapshot) => {
                (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly))
            }
            (_, Isolation::Serializable) => (Some(IsolationLevel::Serializable), None),
        };
        let (connection, sqlite_transaction_mode) = match isolation {
            Isolation::Snapshot => (&self.reader, SqliteTransactionMode::Deferred),
            _ => (&self.writer, SqliteTransactionMode::Immediate),
        };
        let sqlite_transaction_mode = Some(sqlite_transaction_mode);
        self.note_wait(connection);
        connection
            .begin_with_options(TransactionOptions {
                isolation_level,
                access_mode,
                sqlite_transaction_mode,
            })
            .await
    }
}

/// The connections that a pool has opened.
struct Open {
    size: u32,
    idle: u32,
    most: u32,
}

fn open(connection: &DatabaseConnection) -> Open {
    let of = |size, idle: usize, most| Open {
        size,
        idle: u32::try_from(idle).unwrap_or(u32::MAX),
        most,
    };
    if connection.get_database_backend() == DbBackend::Sqlite {
        let pool = connection.get_sqlite_connection_pool();
        of(pool.size(), pool.num_idle(), pool.options().get_max_connections())
    } else {
        let pool = connection.get_postgres_connection_pool();
        of(pool.size(), pool.num_idle(), pool.options().get_max_connections())
    }
}

/// Runs `work` inside `tx` so that its failure undoes what it did and leaves the rest of the transaction standing.
///
/// # Errors
/// Those of `work`.
#[expect(clippy::disallowed_methods, reason = "the one home of begin")]
pub async fn savepoint<T>(
    tx: &Transaction,
    work: impl AsyncFnOnce(&Transaction) -> Result<T>,
) -> Result<T> {
    let nested = tx.begin().await?;
    match work(&nested).await {
        Ok(value) => {
            nested.commit().await?;
            Ok(value)
        }
        Err(error) => {
            nested.rollback().await?;
            Err(error)
        }
    }
}

fn base_options(options: &DatabaseOptions) -> ConnectOptions {
    let mut connect = ConnectOptions::new(&options.url);
    connect
        .connect_timeout(options.connect_timeout)
        .acquire_timeout(options.connect_timeout)
        .idle_timeout(options.idle_timeout)
        // A ping before every use cost 9 to 19 % of throughput; a broken connection is known by its error.
        .test_before_acquire(false)
        .sqlx_logging(options.log_queries)
        .sqlx_logging_level(LevelFilter::Debug);
    connect
}

fn postgres_options(options: &DatabaseOptions) -> ConnectOptions {
    let mut connect = base_options(options);
    connect
        .max_connections(options.max_connections)
        .min_connections(options.min_connections)
        .statement_timeout(options.statement_timeout)
        .map_sqlx_postgres_opts(|options| options.statement_cache_capacity(256));
    connect
}

fn sqlite_options(options: &DatabaseOptions, writes: bool) -> ConnectOptions {
    let mut connect = base_options(options);
    let synchronous = match options.synchronous {
        Synchronous::Full => SqliteSynchronous::Full,
        Synchronous::Normal => SqliteSynchronous::Normal,
    };
    connect
        .max_connections(if writes { 1 } else { options.max_connections.max(1) })
        .min_connections(1)
        // Opening a file again costs its page cache and its prepared statements.
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(synchronous)
                .foreign_keys(true)
                .busy_timeout(SQLITE_BUSY_TIMEOUT)
                .statement_cache_capacity(256);
            // Whoever tries to write through a reader finds out at once.
            if writes { sqlite } else { sqlite.pragma("query_only", "ON") }
        });
    connect
}
