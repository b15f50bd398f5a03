//! Runs migrations, one at a time, and notes each in the same transaction.

use std::time::{Duration, Instant};

use sea_orm::{
    ConnectOptions, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{IntoSchemaManagerConnection, MigrationTrait, SchemaManager};
use serde::Serialize;

use super::{concurrent, failure::Failure};
use crate::{
    Locked, history, panics,
    patience::Patience,
    recorder::{Direction, Script, record_one},
    report::{Report, notice},
    slow_statement,
};

/// A migration that has been applied or undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// How long that took, in milliseconds, without what it had to wait before.
    pub duration_ms: i64,
}

/// A database under its lock, and how to go about it.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    locked: Locked,
    patience: &'a Patience,
    report: &'a Report,
}

impl<'a> Runner<'a> {
    /// Connects, and waits for other processes.
    pub(crate) async fn open(
        options: impl Into<ConnectOptions>,
        patience: &'a Patience,
        report: &'a Report,
    ) -> Result<Self, DbErr> {
        let locked = Locked::open_within(options, patience.wait.0, report).await?;
        Ok(Self { locked, patience, report })
    }

    /// The kind of database.
    pub(crate) fn backend(&self) -> DbBackend {
        self.locked.connection().get_database_backend()
    }

    /// What the database has had.
    pub(crate) async fn applied(&self) -> Result<Vec<history::Applied>, DbErr> {
        history::read(self.locked.connection()).await
    }

    /// Applies the migrations, or undoes them, in the order given; tells `done` of each; notes the fingerprint of the
    /// schema that comes of it; and closes the connection.
    pub(crate) async fn run(
        self,
        migrations: Vec<Box<dyn MigrationTrait>>,
        direction: Direction,
        mut done: impl FnMut(&Step),
    ) -> anyhow::Result<Vec<Step>> {
        if direction == Direction::Up
            && let Err(error) = slow_statement::install(self.locked.connection()).await
        {
            // Nothing depends on it but `db stats`; and who may not make tables may still find that nothing is pending.
            tracing::debug!(%error, "cannot make the table of slow statements");
        }
        let mut steps = Vec::new();
        let mut outcome = Ok(());
        for migration in migrations {
            match self.step(migration.as_ref(), direction).await {
                Ok(step) => {
                    done(&step);
                    steps.push(step);
                }
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if !steps.is_empty()
            && let Err(error) = history::remember(self.locked.connection()).await
        {
            // What was to be done is done; only `db status` will know less.
            tracing::warn!(%error, "cannot note the fingerprint of the schema");
        }
        let closed = self.locked.close().await;
        outcome?;
        closed?;
        Ok(steps)
    }

    async fn step(
        &self,
        migration: &dyn MigrationTrait,
        direction: Direction,
    ) -> anyhow::Result<Step> {
        let name = migration.name();
        let backend = self.backend();
        let script = record_one(migration, backend, direction).await;
        let again = script.in_transaction || concurrent::only(&script);
        let mut attempt = 1;
        loop {
            let work = self.attempt(migration, direction, &script);
            let line = |time: Duration| format!("{name}: {} s", time.as_secs());
            let failure = match self.report.during(work, line).await {
                Ok(duration_ms) => return Ok(Step { name: name.to_owned(), duration_ms }),
                Err(failure) => failure,
            };
            if !(again && failure.is_conflict(backend)) {
                return Err(failure.explain(&script));
            }
            if attempt >= self.patience.attempts {
                let hint = match backend {
                    DbBackend::Sqlite => "another process keeps writing",
                    _ => {
                        "`SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start` tells who is in the way"
                    }
                };
                let error = failure.explain(&script);
                return Err(error.context(format!("gave up after attempt {attempt}: {hint}")));
            }
            let pause = self.patience.pause(attempt);
            notice(&format!(
                "{name}: others have a lock on what it needs; try {} of {} in {pause:.1?}",
                attempt + 1,
                self.patience.attempts
            ));
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// How many milliseconds it took.
    async fn attempt(
        &self,
        migration: &dyn MigrationTrait,
        direction: Direction,
        script: &Script,
    ) -> Result<i64, Failure> {
        let db = self.locked.connection();
        // While an index is built concurrently, it waits for others but nobody waits for it.
        let lock_timeout =
            if concurrent::only(script) { Duration::ZERO } else { self.patience.lock_timeout.0 };
        self.locked.renew(lock_timeout, self.patience.statement_timeout.0).await?;
        history::install(db).await?;
        let start = Instant::now();
        if !script.in_transaction {
            concurrent::drop_broken(db, script).await?;
            execute(migration, direction, db).await?;
        }
        let transaction = db.begin_with_options(immediate()).await?;
        let work = async {
            if script.in_transaction {
                execute(migration, direction, &transaction).await?;
            }
            let taken = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
            match direction {
                Direction::Up => {
                    let checksum = checksum(migration, script, db.get_database_backend()).await;
                    history::add(&transaction, migration.name(), checksum, taken).await?;
                }
                Direction::Down => history::remove(&transaction, migration.name()).await?,
            }
            Ok(taken)
        };
        match work.await {
            Ok(taken) => {
                transaction.commit().await.map_err(Failure::Commit)?;
                Ok(taken)
            }
            Err(failure) => {
                if let Err(error) = transaction.rollback().await {
                    tracing::debug!(%error, "the transaction ended with its connection");
                }
                Err(failure)
            }
        }
    }
}

/// How a migration's transaction begins: on SQLite, as the one that writes.
pub(crate) fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

async fn execute<'c>(
    migration: &dyn MigrationTrait,
    direction: Direction,
    db: impl IntoSchemaManagerConnection<'c>,
) -> Result<(), Failure> {
    let manager = SchemaManager::new(db);
    match panics::caught(direction.run(migration, &manager)).await {
        Ok(done) => Ok(done?),
        Err(panic) => Err(Failure::Panic(panic)),
    }
}

/// None for a migration that says something else each time, such as one with a random id in it.
async fn checksum(
    migration: &dyn MigrationTrait,
    script: &Script,
    backend: DbBackend,
) -> Option<String> {
    let again = record_one(migration, backend, script.direction).await;
    (again.statements == script.statements).then(|| script.checksum())
}
