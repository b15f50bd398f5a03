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
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend};
use tokio::sync::RwLock;
use tracing::Instrument;

use crate::{Error, Result};

mod deadline;
mod options;
mod reader;
mod status;
mod transaction;

pub use options::{DatabaseOptions, Synchronous};
pub use reader::Reader;
pub use status::{PoolGauge, PoolStatus};
pub use transaction::savepoint;

/// What is told of each statement.
#[derive(Clone, Copy, Debug)]
pub struct Ran<'a> {
    /// Its text, with a placeholder for each value.
    pub sql: &'a str,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether it failed.
    pub failed: bool,
}

type Observer = Arc<dyn Fn(Ran<'_>) + Send + Sync>;

/// An open transaction: what every write takes, so that it cannot be called without one.
pub type Transaction = DatabaseTransaction;

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
    statement_timeout: Duration,
    waits: Arc<AtomicU64>,
    /// Read by each transaction that is under way.
    under_way: Arc<RwLock<()>>,
}

impl Database {
    /// Connects. The schema is left as it is.
    ///
    /// # Errors
    /// `Busy` when the database cannot be reached.
    pub async fn connect(options: &DatabaseOptions) -> Result<Self> {
        let (reader, writer) = if options.is_sqlite() {
            let writer = sea_orm::Database::connect(options.sqlite(true)).await?;
            (sea_orm::Database::connect(options.sqlite(false)).await?, writer)
        } else {
            let pool = sea_orm::Database::connect(options.postgres()).await?;
            (pool.clone(), pool)
        };
        // Of connections that are open anyway; one is always left to transactions.
        let kept = options.min_connections.max(1).min(options.max_connections.saturating_sub(1));
        let kept = usize::try_from(kept).unwrap_or_default();
        let statement_timeout = options.statement_timeout;
        let mut database = Self {
            single: Arc::new(Reader::new(reader.clone(), kept, statement_timeout)),
            reader,
            writer,
            statement_timeout,
            waits: Arc::default(),
            under_way: Arc::default(),
        };
        database.on_statement(|_| ());
        Ok(database)
    }

    /// Calls `observer` after each statement. For a database that has not been cloned yet.
    pub fn on_statement(&mut self, observer: impl Fn(Ran<'_>) + Send + Sync + 'static) {
        let observer: Observer = Arc::new(observer);
        let of_pool = Arc::clone(&observer);
        let callback = move |info: &sea_orm::metric::Info<'_>| {
            deadline::next_statement();
            let sql = &info.statement.sql;
            of_pool(Ran { sql, elapsed: info.elapsed, failed: info.failed });
        };
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

    /// The migrations that the database lacks, and those that a newer release has applied to it. It only reads.
    ///
    /// # Errors
    /// `Busy` when the database cannot be reached.
    pub async fn migrations(&self) -> Result<migration::Gap> {
        Ok(migration::gap(&self.reader).await?)
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

    /// Waits until no transaction is under way. For the end of a process: a task whose caller has gone would be dropped with
    /// its thread, where a connection can no longer be given back.
    pub async fn settled(&self) {
        drop(self.under_way.write().await);
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
        let under_way = Arc::clone(&self.under_way).read_owned().await;
        let run = async move {
            let result = database.with_retries(isolation, work).await;
            drop((database, under_way));
            result
        };
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
}
