//! What migrations say to a database, without one.
//!
//! A migration is Rust, so its SQL is known only when it runs. [`record`] runs it against a connection that writes down every
//! statement, and the transactions that the migration begins itself, and hands none on. Where a migration asks the database
//! something, the answer is that of an empty one; one whose steps depend on the answer is recorded as far as that goes.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::sqlx::postgres::PgQueryResult;
use sea_orm::{
    DatabaseConnection, DatabaseConnectionType, DbBackend, DbErr, ExecResult,
    MockDatabaseConnection, MockDatabaseTrait, QueryResult, Statement, Transaction,
};
use sea_orm_migration::{MigrationTrait, SchemaManager};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Migrations, catalog::hexadecimal, panics};

/// Forwards, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// As `up` says.
    Up,
    /// As `down` says.
    Down,
}

impl Direction {
    /// Runs the migration that way.
    ///
    /// # Errors
    /// Those of the migration.
    pub async fn run(
        self,
        migration: &dyn MigrationTrait,
        manager: &SchemaManager<'_>,
    ) -> Result<(), DbErr> {
        match self {
            Self::Up => migration.up(manager).await,
            Self::Down => migration.down(manager).await,
        }
    }
}

/// What one migration says to one of the databases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Script {
    /// The name of the migration.
    pub migration: String,
    /// Whether this is its way up or down.
    pub direction: Direction,
    /// Its statements with their values in place, in order.
    pub statements: Vec<String>,
    /// Whether they run in one transaction.
    pub in_transaction: bool,
    /// Why the statements end here: the migration failed, or panicked as SeaORM does at what SQLite cannot do.
    pub broken: Option<String>,
}

impl Script {
    /// The same for the same statements, and for them alone.
    pub fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        for statement in &self.statements {
            hash.update(statement.as_bytes());
            hash.update([0]);
        }
        hexadecimal(&hash.finalize())
    }
}

/// What each of the migrations says to a database of this kind, in their order.
/// One that fails is recorded as such.
pub async fn record(
    migrations: Migrations,
    backend: DbBackend,
    direction: Direction,
) -> Vec<Script> {
    let mut scripts = Vec::new();
    for migration in migrations() {
        scripts.push(record_one(migration.as_ref(), backend, direction).await);
    }
    scripts
}

/// What one migration says to a database of this kind.
pub async fn record_one(
    migration: &dyn MigrationTrait,
    backend: DbBackend,
    direction: Direction,
) -> Script {
    let statements = Arc::default();
    let in_transaction = in_transaction(migration, backend);
    let transactions = usize::from(in_transaction);
    let recorder = Recorder { backend, statements: Arc::clone(&statements), transactions };
    let connection = MockDatabaseConnection::new(recorder);
    let connection: DatabaseConnection =
        DatabaseConnectionType::MockDatabaseConnection(Arc::new(connection)).into();
    let manager = SchemaManager::new(&connection);
    let broken = match panics::caught(direction.run(migration, &manager)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => Some(panic),
    };
    let statements =
        std::mem::take(&mut *statements.lock().unwrap_or_else(PoisonError::into_inner));
    Script { migration: migration.name().to_owned(), direction, statements, in_transaction, broken }
}

/// Whether SeaORM runs the migration in one transaction.
pub fn in_transaction(migration: &dyn MigrationTrait, backend: DbBackend) -> bool {
    migration.use_transaction().unwrap_or(backend == DbBackend::Postgres)
}

/// A connection that writes down what it is told.
#[derive(Debug)]
struct Recorder {
    backend: DbBackend,
    statements: Arc<Mutex<Vec<String>>>,
    /// How many are open, one in another; SeaORM's own does not show.
    transactions: usize,
}

impl Recorder {
    fn note(&self, statement: &(impl ToString + ?Sized)) {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).push(statement.to_string());
    }

    fn end(&mut self, whole: &str, part: &str) {
        self.transactions = self.transactions.saturating_sub(1);
        match self.transactions {
            0 => self.note(whole),
            depth => self.note(&format!("{part} SAVEPOINT migration_{depth}")),
        }
    }
}

impl MockDatabaseTrait for Recorder {
    fn execute(&mut self, _: usize, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement);
        Ok(PgQueryResult::default().into())
    }

    fn query(&mut self, _: usize, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement);
        Ok(Vec::new())
    }

    fn begin(&mut self) {
        match self.transactions {
            0 => self.note("BEGIN"),
            depth => self.note(&format!("SAVEPOINT migration_{depth}")),
        }
        self.transactions += 1;
    }

    fn commit(&mut self) {
        self.end("COMMIT", "RELEASE");
    }

    fn rollback(&mut self) {
        self.end("ROLLBACK", "ROLLBACK TO");
    }

    fn drain_transaction_log(&mut self) -> Vec<Transaction> {
        Vec::new()
    }

    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    fn ping(&self) -> Result<(), DbErr> {
        Ok(())
    }
}
