//! How SQLite changes what `ALTER TABLE` cannot: the table is made anew under another name, gets the rows, and takes the
//! place of the old one. (<https://www.sqlite.org/lang_altertable.html#otheralter>, which this follows.)
//!
//! Dropping a table deletes its rows first while foreign keys are enforced, and with them, by `ON DELETE CASCADE`, those that
//! refer to them; `PRAGMA foreign_keys` does nothing inside a transaction. So they are switched off before it begins, and
//! on again after it, however it ended. What the new table breaks is found before it is kept: rows that do not fit,
//! references to nothing, views and triggers that no longer work.

pub(super) mod clause;
pub(super) mod definition;
mod edit;
mod sound;
mod swap;
mod text;

use sea_orm_migration::{
    SchemaManager, SchemaManagerConnection,
    sea_orm::{
        ConnectionTrait, DbBackend, DbErr, QueryResult, SqliteTransactionMode, Statement,
        TransactionOptions, TransactionTrait, Value,
    },
};

use crate::definition::identifier;

use super::{
    change::{Change, Step},
    rename::Renamed,
};

/// Makes a change on SQLite, all of it or nothing.
pub(super) async fn apply(manager: &SchemaManager<'_>, change: &Change) -> Result<(), DbErr> {
    if pragma(manager.get_connection(), "foreign_keys").await?.is_none() {
        return record(manager.get_connection(), change).await;
    }
    without_enforcement(manager, async |manager| steps(manager.get_connection(), change).await)
        .await
}

/// Several steps as one: all of them happen, or none.
///
/// A migration that [changes](super::change_table) a table, among other things, leaves `use_transaction` as it is (`None`),
/// and wraps what it does in this. On PostgreSQL a migration is a transaction anyway; on SQLite this makes it one, in
/// which no foreign key is enforced, so that dropping a table that was made anew deletes nothing, and after which
/// references are looked at instead.
///
/// # Errors
/// Those of the steps; on SQLite also when a row would refer to one that there is not, and did not before; and over a
/// pool of connections.
pub async fn all_or_nothing(
    manager: &SchemaManager<'_>,
    steps: impl AsyncFnOnce(&SchemaManager<'_>) -> Result<(), DbErr>,
) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        return steps(manager).await;
    }
    let db = manager.get_connection();
    // What writes down what it is told has no references to look at.
    if pragma(db, "foreign_keys").await?.is_none() {
        return in_transaction(db, steps).await;
    }
    let check = "SELECT count(*) FROM pragma_foreign_key_check";
    without_enforcement(manager, async |manager| {
        let before = number(manager.get_connection(), check, []).await?;
        steps(manager).await?;
        let after = number(manager.get_connection(), check, []).await?;
        if after > before {
            let count = after.unwrap_or_default() - before.unwrap_or_default();
            let why = format!("{count} rows would refer to rows that there are not");
            return Err(DbErr::Custom(why));
        }
        Ok(())
    })
    .await
}

/// Runs steps in a transaction in which SQLite enforces no foreign key.
async fn without_enforcement(
    manager: &SchemaManager<'_>,
    steps: impl AsyncFnOnce(&SchemaManager<'_>) -> Result<(), DbErr>,
) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let enforced = pragma(db, "foreign_keys").await?.unwrap_or_default();
    let legacy = pragma(db, "legacy_alter_table").await?.unwrap_or_default();
    if let SchemaManagerConnection::Connection(connection) = db {
        let pool = connection.get_sqlite_connection_pool().options();
        if pool.get_max_connections() != 1 {
            return Err(DbErr::Custom(
                "no table can be rebuilt over a pool of connections, each of which enforces foreign keys for itself: \
                 connect with max_connections(1)"
                    .to_owned(),
            ));
        }
        set_pragma(db, "foreign_keys", 0).await?;
    }
    let done = in_transaction(db, steps).await;
    let legacy = set_pragma(db, "legacy_alter_table", legacy).await;
    let enforced = set_pragma(db, "foreign_keys", enforced).await;
    done.and(legacy).and(enforced)
}

/// A connection that answers nothing writes down what it is told, so it is told what is to be.
async fn record(db: &impl ConnectionTrait, change: &Change) -> Result<(), DbErr> {
    for statement in change.postgres() {
        let note = statement.replace("*/", "* /");
        db.execute_unprepared(&format!("/* by a rebuild of the table: {note} */")).await?;
    }
    Ok(())
}

async fn in_transaction(
    db: &SchemaManagerConnection<'_>,
    steps: impl AsyncFnOnce(&SchemaManager<'_>) -> Result<(), DbErr>,
) -> Result<(), DbErr> {
    let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    let tx = db.begin_with_options(options).await?;
    match steps(&SchemaManager::new(&tx)).await {
        Ok(()) => tx.commit().await,
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

async fn steps(tx: &impl ConnectionTrait, change: &Change) -> Result<(), DbErr> {
    for step in &change.steps {
        if let Step::Rename(renamed) = step {
            rename(tx, renamed).await?;
        }
    }
    let table = swap::Table::read(tx, change.table).await?;
    let edited = edit::edited(change, &table.definition)?;
    for step in &change.steps {
        if let Step::DropIndex(prefix, columns) = step {
            tx.execute_unprepared(&change.remove_index(prefix, columns)).await?;
        }
    }
    if edited.definition == table.definition {
        return make_indexes(tx, change).await;
    }
    if let Some(missing) = edited.missing.first() {
        return Err(DbErr::Custom(format!("the table {} has no {missing}", table.name)));
    }
    let children = table.children(tx).await?;
    if pragma(tx, "foreign_keys").await? != Some(0) && !children.is_empty() {
        return Err(DbErr::Custom(format!(
            "the table {} cannot be rebuilt inside a transaction, where dropping the old one would delete or change the \
             rows that refer to it, in {}: leave use_transaction() of the migration out, so that SQLite has none",
            table.name,
            children.join(", ")
        )));
    }
    let unsound = sound::unsound(tx).await?;
    let before = table.violations(tx, &children).await?;
    table.swap(tx, change, &edited).await?;
    make_indexes(tx, change).await?;
    let reasons = sound::unsound(tx).await?;
    if let Some(reason) = reasons.iter().find(|reason| !unsound.contains(reason)) {
        return Err(DbErr::Custom(format!("the table {} cannot be changed: {reason}", table.name)));
    }
    for ((child, parent), count) in table.violations(tx, &children).await? {
        if before.get(&(child.clone(), parent.clone())).is_none_or(|before| count > *before) {
            return Err(DbErr::Custom(format!(
                "the table {} cannot be changed: {count} rows of {child} would refer to rows that {parent} does not have",
                table.name
            )));
        }
    }
    Ok(())
}

/// Does what SQLite can of a rename; the names of constraints are in the text of the table.
async fn rename(tx: &impl ConnectionTrait, renamed: &Renamed) -> Result<(), DbErr> {
    match renamed {
        Renamed::First(statement) => {
            // Or else what names the table elsewhere would not follow.
            set_pragma(tx, "legacy_alter_table", 0).await?;
            tx.execute_unprepared(statement).await?;
        }
        Renamed::Index(old, new) => {
            let sql = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?";
            let found = rows(tx, sql, [old.as_str().into()]).await?;
            tx.execute_unprepared(&format!("DROP INDEX {}", identifier(old))).await?;
            for row in found {
                let sql: String = row.try_get_by_index(0)?;
                tx.execute_unprepared(&text::renamed(&sql, old, new)).await?;
            }
        }
        Renamed::Constraint(..) => {}
    }
    Ok(())
}

async fn make_indexes(tx: &impl ConnectionTrait, change: &Change) -> Result<(), DbErr> {
    for step in &change.steps {
        let Step::Index(prefix, columns) = step else { continue };
        let Err(error) = tx.execute_unprepared(&change.make_index(prefix, columns)).await else {
            continue;
        };
        let names = columns.iter().map(|column| identifier(column)).collect::<Vec<_>>();
        let sql = format!(
            "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM {} WHERE {} IS NOT NULL GROUP BY {} HAVING n > 1)",
            identifier(change.table),
            names.join(" IS NOT NULL AND "),
            names.join(", ")
        );
        let count = number(tx, &sql, []).await?.unwrap_or_default();
        return Err(DbErr::Custom(format!(
            "the table {}: {count} rows share their ({}) with another: {error}",
            change.table,
            columns.join(", ")
        )));
    }
    Ok(())
}

async fn pragma(db: &impl ConnectionTrait, name: &str) -> Result<Option<i64>, DbErr> {
    number(db, &format!("PRAGMA {name}"), []).await
}

async fn set_pragma(db: &impl ConnectionTrait, name: &str, value: i64) -> Result<(), DbErr> {
    db.execute_unprepared(&format!("PRAGMA {name} = {value}")).await.map(|_| ())
}

/// The number that a query answers with; none from a connection that answers nothing.
async fn number<const N: usize>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<Option<i64>, DbErr> {
    let rows = rows(db, sql, values).await?;
    rows.first().map(|row| row.try_get_by_index(0)).transpose()
}

async fn rows<const N: usize>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await
}
