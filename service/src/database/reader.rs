//! Single reads, on connections that stay out of the pool.
//!
//! sqlx tests a connection whenever it goes back to its pool: one more round trip and one more task for each statement,
//! a third of what a request for one row costs. So a few connections are kept aside between reads instead. One that
//! failed, or whose reader went away, is not kept: it goes back to the pool and is tested there.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Executor, IntoArguments, Pool, Postgres, Sqlite, pool::PoolConnection};

use super::{Observer, Ran, deadline::Deadline};

/// Where single statements that only read are run.
pub struct Reader {
    pool: DatabaseConnection,
    kept: Kept,
    pub(super) observer: Option<Observer>,
}

enum Kept {
    Postgres(Shelf<Postgres>),
    Sqlite(Shelf<Sqlite>),
}

struct Shelf<DB: sqlx::Database> {
    pool: Pool<DB>,
    connections: Mutex<Vec<(PoolConnection<DB>, Deadline)>>,
    room: usize,
    statement_timeout: Duration,
}

impl Reader {
    /// Reads on connections of `pool`, of which it keeps up to `room` aside.
    pub(super) fn new(pool: DatabaseConnection, room: usize, timeout: Duration) -> Self {
        let kept = if pool.get_database_backend() == DbBackend::Sqlite {
            Kept::Sqlite(Shelf::new(pool.get_sqlite_connection_pool().clone(), room, timeout))
        } else {
            Kept::Postgres(Shelf::new(pool.get_postgres_connection_pool().clone(), room, timeout))
        };
        Self { pool, kept, observer: None }
    }

    /// The connections that are kept and at rest.
    pub(super) fn at_rest(&self) -> usize {
        match &self.kept {
            Kept::Postgres(shelf) => shelf.connections().len(),
            Kept::Sqlite(shelf) => shelf.connections().len(),
        }
    }

    async fn read(&self, statement: Statement, most: Most) -> Result<Vec<QueryResult>, DbErr> {
        let start = Instant::now();
        let Statement { sql, values, .. } = statement;
        // Shared, because sqlx copies a text that it is only lent.
        let sql = Arc::new(sql);
        let rows = match &self.kept {
            Kept::Postgres(shelf) => shelf.read(Arc::clone(&sql), values, most).await,
            Kept::Sqlite(shelf) => shelf.read(Arc::clone(&sql), values, most).await,
        };
        if let Some(observer) = &self.observer {
            observer(Ran { sql: &sql, elapsed: start.elapsed(), failed: rows.is_err() });
        }
        rows
    }
}

#[derive(Clone, Copy)]
enum Most {
    One,
    All,
}

impl<DB: sqlx::Database> Shelf<DB> {
    fn new(pool: Pool<DB>, room: usize, statement_timeout: Duration) -> Self {
        Self { pool, connections: Mutex::default(), room, statement_timeout }
    }

    fn connections(&self) -> MutexGuard<'_, Vec<(PoolConnection<DB>, Deadline)>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(
        &self,
        sql: Arc<String>,
        values: Option<Values>,
        most: Most,
    ) -> Result<Vec<QueryResult>, DbErr>
    where
        for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
        SqlxValues: IntoArguments<DB>,
        DB::Row: Into<QueryResult>,
    {
        let kept = self.connections().pop();
        let (mut connection, deadline) = if let Some(kept) = kept {
            kept
        } else {
            let deadline = Deadline::new(self.statement_timeout);
            (deadline.over(self.pool.acquire()).await.map_err(failed)?, deadline)
        };
        let values = SqlxValues(values.unwrap_or_else(|| Values(Vec::new())));
        let query = sqlx::query_with(AssertSqlSafe(sql), values);
        // Held in a variable of its own until the rows are there: if the reader goes away meanwhile, or the statement
        // fails, the connection is dropped, which hands it to the pool to be tested.
        let run = deadline.start();
        let rows = match most {
            Most::One => query.fetch_optional(&mut *connection).await.map(Vec::from_iter),
            Most::All => query.fetch_all(&mut *connection).await,
        };
        let rows = rows.map_err(failed)?;
        run.end();
        let mut connections = self.connections();
        if connections.len() < self.room {
            connections.push((connection, deadline));
        }
        drop(connections);
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.pool.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.read(statement, Most::One).await?.pop())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.read(statement, Most::All).await
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reader").finish_non_exhaustive()
    }
}
