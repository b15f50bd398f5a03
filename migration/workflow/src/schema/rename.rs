//! Tables and columns get other names, and with them what the rule of names calls after them.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, Statement},
};

use super::{
    change::{Change, Step},
    search,
};
use crate::{
    catalog::{Catalog, Constraint, Table},
    definition::identifier,
};

/// What a recorded rename has behind it: which names follow depends on what the table has, and no table was asked.
pub(crate) const NAMES_FOLLOW: &str = "/* and with it the names of its constraints and indexes */";

/// A column has another name, and so have the constraints and indexes that are named after it: `fk_<table>_<column>`,
/// `ck_<table>_<column>`, `uq_<table>_<columns>` and `ix_<table>_<columns>`.
///
/// Run again, it changes nothing. SQLite makes the table anew for the names of constraints, so the migration leaves
/// `use_transaction` as it is, as for [`change_table`](super::change_table). What else names the column is the database's
/// affair: views, triggers, keys and conditions follow, except that SQLite refuses where a view would no longer work.
///
/// # Errors
/// When there is no such column, the name is taken, or a row or a view is in the way; while the column is
/// [searched](super::searchable). Nothing is changed then.
pub async fn rename_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    from: &'static str,
    to: &'static str,
) -> Result<(), DbErr> {
    rename(manager, table, &Rename::Column { table, from, to }).await
}

/// A table has another name, and so have its constraints and indexes: what begins with `pk_<table>`, `uq_<table>`,
/// `fk_<table>`, `ix_<table>` or `ck_<table>`. References of other tables to it stay what they are.
///
/// Otherwise like [`rename_column`].
///
/// # Errors
/// When there is no such table, the name is taken, or a view is in the way; while it is
/// [searched](super::searchable). Nothing is changed then.
pub async fn rename_table(
    manager: &SchemaManager<'_>,
    from: &'static str,
    to: &'static str,
) -> Result<(), DbErr> {
    rename(manager, to, &Rename::Table { from, to }).await
}

/// Renames what is called `table` afterwards, or something in it.
async fn rename(
    manager: &SchemaManager<'_>,
    table: &'static str,
    rename: &Rename<'_>,
) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let backend = manager.get_database_backend();
    let answers = Statement::from_string(backend, "SELECT 1 /* does a database answer? */");
    if db.query_one_raw(answers).await?.is_none() {
        let recorded = format!("{} {NAMES_FOLLOW}", rename.statement());
        return db.execute_unprepared(&recorded).await.map(|_| ());
    }
    let catalog = Catalog::read(db).await?;
    let Some(before) = rename.before(&catalog)? else { return Ok(()) };
    if let Some(why) = rename.why_not(&catalog) {
        return Err(DbErr::Custom(why));
    }
    let mut steps = vec![Renamed::First(rename.statement())];
    let names = rename.names(before);
    for (old, new) in &names {
        let taken = before.constraints.contains_key(new) || before.indexes.contains_key(new);
        if taken && names.iter().all(|(old, _)| old != new) {
            let why = format!("{old} cannot be called {new}: the table {table} has one already");
            return Err(DbErr::Custom(why));
        }
        let (old, new) = (old.clone(), new.clone());
        steps.push(if before.indexes.contains_key(&old) {
            Renamed::Index(old, new)
        } else {
            Renamed::Constraint(old, new)
        });
    }
    let change = Change { table, steps: steps.into_iter().map(Step::Rename).collect() };
    if backend == DbBackend::Sqlite {
        return change.apply(manager).await;
    }
    // In one message, so that all of it happens, or nothing, outside of a transaction as well.
    db.execute_unprepared(&change.postgres().join("; ")).await.map(|_| ())
}

/// A step of a rename.
#[derive(Clone, Debug)]
pub(super) enum Renamed {
    /// The statement that both databases know, before everything else.
    First(String),
    /// A constraint has another name.
    Constraint(String, String),
    /// An index has another name.
    Index(String, String),
}

impl Renamed {
    /// The statement for PostgreSQL.
    pub(super) fn postgres(&self, table: &str) -> String {
        match self {
            Self::First(statement) => statement.clone(),
            Self::Constraint(old, new) => format!(
                "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                identifier(table),
                identifier(old),
                identifier(new)
            ),
            Self::Index(old, new) => {
                format!("ALTER INDEX {} RENAME TO {}", identifier(old), identifier(new))
            }
        }
    }
}

/// What gets another name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rename<'a> {
    /// A column of a table.
    Column { table: &'a str, from: &'a str, to: &'a str },
    /// A table.
    Table { from: &'a str, to: &'a str },
}

impl Rename<'_> {
    fn statement(&self) -> String {
        let alter = |table: &str| format!("ALTER TABLE {}", identifier(table));
        match self {
            Self::Column { table, from, to } => {
                let (from, to) = (identifier(from), identifier(to));
                format!("{} RENAME COLUMN {from} TO {to}", alter(table))
            }
            Self::Table { from, to } => format!("{} RENAME TO {}", alter(from), identifier(to)),
        }
    }

    /// The table before the rename; nothing, if it is done.
    fn before<'c>(&self, catalog: &'c Catalog) -> Result<Option<&'c Table>, DbErr> {
        let (place, kind, from, to) = match self {
            Self::Column { table, from, to } => (format!("the table {table}"), "column", from, to),
            Self::Table { from, to } => ("the database".to_owned(), "table", from, to),
        };
        let table = |name: &str| {
            let missing = || DbErr::Custom(format!("the database has no table {name}"));
            catalog.tables.get(name).ok_or_else(missing)
        };
        let (old, new) = match self {
            Self::Column { table: name, .. } => {
                let table = table(name)?;
                (table.column(from).map(|_| table), table.column(to).is_some())
            }
            Self::Table { .. } => (table(from).ok(), table(to).is_ok()),
        };
        match (old, new) {
            (Some(_), true) => {
                Err(DbErr::Custom(format!("{place} has a {kind} {from} and a {kind} {to}")))
            }
            (None, false) => Err(DbErr::Custom(format!("{place} has no {kind} {from}"))),
            (old, _) => Ok(old),
        }
    }

    /// Why this cannot be done as long as something is searched.
    fn why_not(&self, catalog: &Catalog) -> Option<String> {
        let (table, column) = match self {
            Self::Column { table, from, .. } => (table, Some(*from)),
            Self::Table { from, .. } => (from, None),
        };
        search::why_not(&search::searched(catalog, table), table, column)
    }

    /// The names of constraints and indexes that follow, each with the new one, in an order in which none is in the way of
    /// another; `table` is as before.
    pub(crate) fn names(&self, table: &Table) -> Vec<(String, String)> {
        let constraints = table.constraints.iter().filter_map(|(name, constraint)| {
            let (prefix, columns) = match constraint {
                Constraint::PrimaryKey { .. } => ("pk", &[][..]),
                Constraint::Unique { columns } => ("uq", columns.as_slice()),
                Constraint::ForeignKey(key) => ("fk", key.columns.as_slice()),
                Constraint::Check { .. } => ("ck", &[][..]),
                Constraint::Other { .. } => return None,
            };
            Some((name, self.follow(name, prefix, columns)?))
        });
        let indexes = table.indexes.iter().filter_map(|(name, index)| {
            let prefix = if index.unique { "uq" } else { "ix" };
            Some((name, self.follow(name, prefix, &index.parts)?))
        });
        let all = constraints.chain(indexes);
        let mut names: Vec<_> = all.map(|(old, new)| (old.clone(), new)).collect();
        names.sort_by_key(|(old, _)| old.len());
        if names.first().is_some_and(|(old, new)| new.len() > old.len()) {
            names.reverse();
        }
        names
    }

    /// The new name of what is called `name`, if that follows.
    fn follow(&self, name: &str, prefix: &str, columns: &[String]) -> Option<String> {
        match self {
            Self::Table { from, to } => {
                let rest = name.strip_prefix(prefix)?.strip_prefix('_')?.strip_prefix(from)?;
                let whole = rest.is_empty() || rest.starts_with('_');
                whole.then(|| format!("{prefix}_{to}{rest}"))
            }
            Self::Column { table, from, to } => {
                // PostgreSQL puts what is a word of SQL as well in quotation marks.
                let mut columns: Vec<_> =
                    columns.iter().map(|column| column.trim_matches('"')).collect();
                if prefix == "ck" {
                    columns.push(from);
                }
                let called = |columns: &[&str]| format!("{prefix}_{table}_{}", columns.join("_"));
                if called(&columns) != name || !columns.contains(from) {
                    return None;
                }
                for column in columns.iter_mut().filter(|column| *column == from) {
                    *column = to;
                }
                Some(called(&columns))
            }
        }
    }
}
