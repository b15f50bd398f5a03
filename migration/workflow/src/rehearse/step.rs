//! Running one migration, and what it holds up meanwhile.

use std::{collections::BTreeSet, time::Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait};
use sea_orm_migration::{IntoSchemaManagerConnection, MigrationTrait, SchemaManager};
use serde::Serialize;

use crate::{
    migrate::immediate,
    panics,
    recorder::{Direction, in_transaction},
};

/// How one migration went.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Its name.
    pub migration: String,
    /// Forwards or back.
    pub direction: Direction,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What it holds until it ends, of the tables that were there before: `task: AccessExclusiveLock`. On SQLite a migration
    /// holds up every writer.
    pub locks: Vec<String>,
    /// Why it did not come to its end.
    pub failed: Option<String>,
}

/// Runs a migration in its own transaction, where it has one, without noting it.
pub(super) async fn run(
    db: &DatabaseConnection,
    migration: &dyn MigrationTrait,
    direction: Direction,
) -> Step {
    let before = tables(db).await;
    let start = Instant::now();
    let run = async {
        if !in_transaction(migration, db.get_database_backend()) {
            execute(migration, direction, db).await?;
            return Ok(Vec::new());
        }
        let transaction = db.begin_with_options(immediate()).await.map_err(told)?;
        let done = execute(migration, direction, &transaction).await;
        let Err(failed) = done else {
            let locks = locks(&transaction, &before.map_err(told)?).await.map_err(told)?;
            transaction.commit().await.map_err(told)?;
            return Ok(locks);
        };
        transaction.rollback().await.map_err(told)?;
        Err(failed)
    };
    let outcome = run.await;
    Step {
        migration: migration.name().to_owned(),
        direction,
        duration_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        failed: outcome.as_ref().err().cloned(),
        locks: outcome.unwrap_or_default(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn told(error: DbErr) -> String {
    error.to_string()
}

async fn execute<'c>(
    migration: &dyn MigrationTrait,
    direction: Direction,
    db: impl IntoSchemaManagerConnection<'c>,
) -> Result<(), String> {
    let manager = SchemaManager::new(db);
    panics::caught(direction.run(migration, &manager)).await?.map_err(told)
}

async fn tables(db: &impl ConnectionTrait) -> Result<BTreeSet<String>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(BTreeSet::new());
    }
    let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// The strongest lock on each of these tables that this session holds, but for those that only reading takes.
async fn locks(db: &impl ConnectionTrait, of: &BTreeSet<String>) -> Result<Vec<String>, DbErr> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT DISTINCT ON (c.relname) c.relname::text, l.mode
        FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE l.pid = pg_backend_pid() AND n.nspname = current_schema() AND c.relkind IN ('r', 'p')
            AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
        ORDER BY c.relname, array_position(ARRAY['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock',
            'ShareLock', 'ShareUpdateExclusiveLock', 'RowExclusiveLock'], l.mode)";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let mut locks = Vec::new();
    for row in rows {
        let (table, mode): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        if of.contains(&table) {
            locks.push(format!("{table}: {mode}"));
        }
    }
    Ok(locks)
}
