//! In which steps the tables of a database are filled, so that every reference finds its row and nothing is ever switched
//! off that a process which is killed would leave so.
//!
//! A table comes after those that it refers to. Tables that refer to one another in a circle, or to themselves, are one step:
//! PostgreSQL takes it in one transaction, in which these references are deferred; SQLite does not look at references until
//! the end, for it can switch them off for a connection.

use anyhow::bail;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Relation, relations};
use crate::catalog::{Catalog, Constraint, ForeignKey, quote};

/// Tables that are filled together.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The tables.
    pub relations: Vec<Relation>,
    /// References to rows that come later, as `ALTER TABLE … ALTER CONSTRAINT …`, and what they are as a rule.
    deferred: Vec<(String, String)>,
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
        let later =
            later_references(catalog, &relation.name, names.get(place..).unwrap_or_default());
        let reach = later.iter().map(|(distance, ..)| place + distance).max();
        let continues = end.is_some_and(|end| place <= end);
        if !continues {
            steps.push(Step::default());
            end = None;
        }
        end = end.max(reach);
        if let Some(step) = steps.last_mut() {
            step.deferred.extend(
                later.into_iter().map(|(_, name, key)| alteration(&relation.name, name, key)),
            );
            step.relations.push(relation);
        }
    }
    steps
}

/// The references of a table to itself and to those after it: how far, which, and what it is.
fn later_references<'a>(
    catalog: &'a Catalog,
    table: &str,
    from_here: &[String],
) -> Vec<(usize, &'a str, &'a ForeignKey)> {
    let constraints = catalog.tables.get(table).into_iter().flat_map(|table| &table.constraints);
    let references = constraints.filter_map(|(name, constraint)| match constraint {
        Constraint::ForeignKey(key) => {
            let distance = from_here.iter().position(|later| *later == key.table)?;
            Some((distance, name.as_str(), key))
        }
        _ => None,
    });
    references.collect()
}

fn alteration(table: &str, name: &str, key: &ForeignKey) -> (String, String) {
    let has = |option: &str| key.options.iter().any(|one| one == option);
    let usual = match (has("deferrable"), has("initially deferred")) {
        (_, true) => "DEFERRABLE INITIALLY DEFERRED",
        (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
        (false, false) => "NOT DEFERRABLE",
    };
    (format!("ALTER TABLE {} ALTER CONSTRAINT {}", quote(table), quote(name)), usual.to_owned())
}

/// Lets the references of these steps wait, in a transaction that has begun and ends with [`enforce`].
///
/// # Errors
/// Those of the database: the user must own the tables.
pub async fn defer(db: &DatabaseConnection, steps: &[Step]) -> anyhow::Result<()> {
    for (alter, _) in steps.iter().flat_map(|step| &step.deferred) {
        db.execute_unprepared(&format!("{alter} DEFERRABLE INITIALLY DEFERRED")).await?;
    }
    Ok(())
}

/// Checks the references that waited, and has them checked at once from now on, as before.
///
/// # Errors
/// When one finds no row.
pub async fn enforce(db: &DatabaseConnection, steps: &[Step]) -> anyhow::Result<()> {
    let deferred: Vec<_> = steps.iter().flat_map(|step| &step.deferred).collect();
    if !deferred.is_empty() {
        db.execute_unprepared("SET CONSTRAINTS ALL IMMEDIATE").await?;
    }
    for (alter, usual) in deferred {
        db.execute_unprepared(&format!("{alter} {usual}")).await?;
    }
    Ok(())
}

impl Step {
    /// Whether it takes one transaction, because rows may refer to later ones.
    pub fn is_one_transaction(&self) -> bool {
        !self.deferred.is_empty()
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
                let (table, quoted) = (quote(name), quote(&column.name));
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
