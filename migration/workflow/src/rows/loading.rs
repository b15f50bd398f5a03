//! In which steps the tables of a database are filled, so that every reference finds its row and nothing is ever switched
//! off that a process which is killed would leave so.
//!
//! A table comes after those that it refers to. Tables that refer to one another in a circle, or to themselves, are one step,
//! which PostgreSQL takes in one transaction. What is loaded in one transaction there has its foreign keys dropped at the
//! beginning and made again, as they were, at the end of it: to look at all references at once takes half the time, and
//! circles need it. Who is killed in between has changed nothing. SQLite does not look at references until the end, for it
//! can switch them off for a connection.

use anyhow::bail;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Relation, relations};
use crate::{
    catalog::{Catalog, Table},
    definition::identifier,
};

/// Tables that are filled together.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The tables.
    pub relations: Vec<Relation>,
    /// Whether rows may refer to later ones.
    circular: bool,
}

/// The steps in which the tables of a database that `wanted` names are filled.
pub fn steps(catalog: &Catalog, backend: DbBackend, wanted: impl Fn(&str) -> bool) -> Vec<Step> {
    let relations = relations(catalog, backend).into_iter().filter(|one| wanted(&one.name));
    let relations: Vec<_> = relations.collect();
    if backend == DbBackend::Sqlite {
        let alone = |relation| Step { relations: vec![relation], ..Step::default() };
        return relations.into_iter().map(alone).collect();
    }
    let names: Vec<_> = relations.iter().map(|relation| relation.name.clone()).collect();
    let mut steps: Vec<Step> = Vec::new();
    // Up to which table the last step reaches.
    let mut end = None;
    for (place, relation) in relations.into_iter().enumerate() {
        let reach = last_reference(catalog, &relation.name, names.get(place..).unwrap_or_default());
        let reach = reach.map(|distance| place + distance);
        let continues = end.is_some_and(|end| place <= end);
        if !continues {
            steps.push(Step::default());
            end = None;
        }
        end = end.max(reach);
        if let Some(step) = steps.last_mut() {
            step.circular |= reach.is_some();
            step.relations.push(relation);
        }
    }
    steps
}

/// How far the last table is, from this one on, that the table refers to.
fn last_reference(catalog: &Catalog, table: &str, from_here: &[String]) -> Option<usize> {
    let keys = catalog.tables.get(table).into_iter().flat_map(Table::foreign_keys);
    keys.filter_map(|key| from_here.iter().position(|later| *later == key.table)).max()
}

/// What makes the references that were dropped.
#[derive(Debug)]
#[must_use = "the references have to be made again"]
pub struct Deferred(Vec<String>);

/// Lets the references of these tables wait, in a transaction that has begun and ends with [`enforce`].
///
/// # Errors
/// Those of the database: the user must own the tables.
pub async fn defer(db: &DatabaseConnection, steps: &[Step]) -> anyhow::Result<Deferred> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(Deferred(Vec::new()));
    }
    let list = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname),
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname = current_schema()
            AND c.relname IN (SELECT json_array_elements_text($1::json)) ORDER BY k.conname";
    let tables = steps.iter().flat_map(|step| &step.relations).map(|relation| &relation.name);
    let tables = serde_json::to_string(&tables.collect::<Vec<_>>())?;
    let list = Statement::from_sql_and_values(DbBackend::Postgres, list, [tables.into()]);
    let mut made = Vec::new();
    for row in db.query_all_raw(list).await? {
        db.execute_unprepared(&row.try_get_by_index::<String>(0)?).await?;
        made.push(row.try_get_by_index(1)?);
    }
    Ok(Deferred(made))
}

/// Makes the references as they were, which looks at every row.
///
/// # Errors
/// When one finds no row.
pub async fn enforce(db: &DatabaseConnection, deferred: Deferred) -> anyhow::Result<()> {
    for statement in deferred.0 {
        db.execute_unprepared(&statement).await?;
    }
    Ok(())
}

impl Step {
    /// Whether it takes one transaction, because rows may refer to later ones.
    pub fn is_one_transaction(&self) -> bool {
        self.circular
    }
}

/// Readies a connection for long work. On SQLite, references are not looked at from now on, until [`check_references`].
///
/// # Errors
/// Those of the database.
pub async fn prepare(db: &DatabaseConnection) -> anyhow::Result<()> {
    let settings = match db.get_database_backend() {
        DbBackend::Sqlite => "PRAGMA foreign_keys = OFF",
        _ => "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0",
    };
    db.execute_unprepared(settings).await?;
    Ok(())
}

/// Begins a transaction that only reads, and sees the database as it is now, whatever others do meanwhile. On PostgreSQL, nobody
/// changes the tables until it ends.
///
/// # Errors
/// Those of the database.
pub async fn snapshot(db: &DatabaseConnection) -> anyhow::Result<Catalog> {
    if db.get_database_backend() == DbBackend::Sqlite {
        db.execute_unprepared("BEGIN").await?;
        return Ok(Catalog::read(db).await?);
    }
    let list = "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()";
    let list = db.query_one_raw(Statement::from_string(DbBackend::Postgres, list)).await?;
    let tables = list.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose()?.flatten();
    db.execute_unprepared("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    if let Some(tables) = tables {
        // Before anything is asked, for what is asked first decides what is seen.
        db.execute_unprepared(&format!("LOCK TABLE {tables} IN ACCESS SHARE MODE")).await?;
    }
    Ok(Catalog::read(db).await?)
}

/// Looks at the references that SQLite did not look at.
///
/// # Errors
/// When one finds no row: the message names the tables.
pub async fn check_references(db: &DatabaseConnection) -> anyhow::Result<()> {
    if db.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let sql = "SELECT DISTINCT \"table\", parent FROM pragma_foreign_key_check() LIMIT 10";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let broken = rows.iter().map(|row| {
        let (child, parent): (String, String) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok(format!("{child} refers to rows of {parent} that are not there"))
    });
    let broken = broken.collect::<anyhow::Result<Vec<_>>>()?;
    if !broken.is_empty() {
        bail!("{}", broken.join("; "));
    }
    Ok(())
}

/// Has the columns that the database counts up go on behind the rows there are.
///
/// # Errors
/// Those of the database.
pub async fn restart_counters(db: &DatabaseConnection, catalog: &Catalog) -> anyhow::Result<()> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    for (name, table) in &catalog.tables {
        for column in &table.columns {
            let counted =
                column.default.as_ref().is_some_and(|default| default.starts_with("nextval("));
            if counted || column.identity.is_some() {
                let (table, quoted) = (identifier(name), identifier(&column.name));
                let sql = format!(
                    "SELECT setval(pg_get_serial_sequence($1, $2), (SELECT max({quoted}) FROM {table}))"
                );
                let values = [table.into(), column.name.clone().into()];
                let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
                db.query_one_raw(statement).await?;
            }
        }
    }
    Ok(())
}
