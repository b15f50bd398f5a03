//! How a transaction begins, ends, and is tried again.

use std::time::{Duration, Instant};

use rand::RngExt;
use sea_orm::{
    AccessMode, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::{Database, Isolation, Transaction, deadline::Deadline};
use crate::{Error, Result, error::is_conflict};

/// How often a transaction is tried before the caller is told to come back.
const MAX_ATTEMPTS: u32 = 6;
/// For how long it is tried: when SQLite has waited for a lock in vain, waiting as long again helps nobody.
const MAX_RETRYING: Duration = Duration::from_secs(3);

impl Database {
    pub(super) async fn with_retries<T>(
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
        let deadline = Deadline::new(self.statement_timeout);
        let attempt = async {
            let transaction = self.begin(isolation).await?;
            let run = deadline.start();
            match work(&transaction).await {
                Ok(value) => {
                    match isolation {
                        // What the work has read is all that it wanted.
                        Isolation::Snapshot => drop(run),
                        Isolation::ReadCommitted | Isolation::Serializable => run.end(),
                    }
                    transaction.commit().await?;
                    Ok(value)
                }
                Err(error) => {
                    // A statement that the work gave up need not come to its end first.
                    drop(run);
                    // The error that stopped the work is what the caller wants to know, not that of a lost connection.
                    let _ = transaction.rollback().await;
                    Err(error)
                }
            }
        };
        deadline.over(attempt).await
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

/// Runs `work` inside `tx` so that its failure undoes what it did and leaves the rest of the transaction standing;
/// except `TooSlow`, after which the transaction must end.
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
            match nested.rollback().await {
                // With a write that it interrupts, SQLite undoes the whole transaction, and knows no savepoint any more.
                Err(_) if matches!(error, Error::TooSlow(_)) => {}
                done => done?,
            }
            Err(error)
        }
    }
}
