//! Adding rows, and telling which one cannot be added.

use anyhow::{Context, bail};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Relation, Row, is_derived, postgres, refusal::refusal, sqlite};
use crate::{catalog::Catalog, definition::identifier};

/// Does all or nothing.
///
/// # Errors
/// Those of the work and of the database.
pub async fn transaction<T>(
    db: &DatabaseConnection,
    work: impl AsyncFnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let begin = match db.get_database_backend() {
        DbBackend::Sqlite => "BEGIN IMMEDIATE",
        _ => "BEGIN",
    };
    db.execute_unprepared(begin).await?;
    match work().await {
        Ok(done) => {
            db.execute_unprepared("COMMIT").await?;
            Ok(done)
        }
        Err(error) => {
            // Where this fails too, the connection is gone, and the transaction with it.
            let _ = db.execute_unprepared("ROLLBACK").await;
            Err(error)
        }
    }
}

/// Adds rows to a table, in a transaction that has begun.
///
/// # Errors
/// When one of them cannot be held, naming the table, the column where it is known, and the row.
pub async fn write(
    db: &DatabaseConnection,
    relation: &Relation,
    rows: &[Row],
) -> anyhow::Result<()> {
    let backend = db.get_database_backend();
    for row in rows {
        for (field, value) in relation.fields.iter().zip(row) {
            if let Some(why) = refusal(value, field, backend) {
                bail!("{}.{} of {} {why}", relation.name, field.name, relation.describe(row));
            }
        }
    }
    let Err(error) = attempt(db, relation, rows).await else { return Ok(()) };
    match culprit(db, relation, rows).await? {
        Some((row, error)) => Err(error.context(refused(relation, row))),
        None => Err(error.context(format!("cannot write to {}", relation.name))),
    }
}

fn refused(relation: &Relation, row: &Row) -> String {
    format!("the database refuses {} of {}", relation.describe(row), relation.name)
}

/// Adds the rows, or none.
async fn attempt(db: &DatabaseConnection, relation: &Relation, rows: &[Row]) -> anyhow::Result<()> {
    db.execute_unprepared("SAVEPOINT batch").await?;
    let written = match db.get_database_backend() {
        DbBackend::Sqlite => sqlite::write(db.get_sqlite_connection_pool(), relation, rows).await,
        _ => postgres::write(db.get_postgres_connection_pool(), relation, rows).await,
    };
    if written.is_err() {
        db.execute_unprepared("ROLLBACK TO SAVEPOINT batch")
            .await
            .context("the connection is lost")?;
    }
    db.execute_unprepared("RELEASE SAVEPOINT batch").await?;
    written
}

/// The first row that is refused, after all before it are added.
async fn culprit<'a>(
    db: &DatabaseConnection,
    relation: &Relation,
    rows: &'a [Row],
) -> anyhow::Result<Option<(&'a Row, anyhow::Error)>> {
    let mut rows = rows;
    while let Some((first, rest)) = rows.split_first() {
        if rest.is_empty() {
            return Ok(attempt(db, relation, rows).await.err().map(|error| (first, error)));
        }
        let (left, right) = rows.split_at(rows.len() / 2);
        rows = if attempt(db, relation, left).await.is_ok() { right } else { left };
    }
    Ok(None)
}

/// Removes every row of the tables.
///
/// # Errors
/// Those of the database.
pub async fn empty(db: &DatabaseConnection, tables: &[&str]) -> anyhow::Result<()> {
    let names: Vec<_> = tables.iter().map(|table| identifier(table)).collect();
    match db.get_database_backend() {
        DbBackend::Sqlite => {
            for name in names {
                db.execute_unprepared(&format!("DELETE FROM {name}")).await?;
            }
        }
        _ if names.is_empty() => {}
        _ => {
            db.execute_unprepared(&format!("TRUNCATE {}", names.join(", "))).await?;
        }
    }
    Ok(())
}

/// The tables of a catalog that have rows, but for derived ones.
///
/// # Errors
/// Those of the database.
pub async fn tables_with_rows(
    db: &DatabaseConnection,
    catalog: &Catalog,
) -> anyhow::Result<Vec<String>> {
    let mut full = Vec::new();
    for name in catalog.tables.keys().filter(|name| !is_derived(name)) {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", identifier(name));
        if db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?.is_some()
        {
            full.push(name.clone());
        }
    }
    Ok(full)
}
