//! The rules: what is unsafe, why, and the safe way. Those that Squawk has as well bear its names.

mod breaking;
mod column;
mod constraint;
mod index;
mod kind;
mod rebuild;
mod sqlite;
mod transaction;
mod whole;

use std::collections::BTreeSet;

use serde::Serialize;
use sqlparser::ast::{AlterTableOperation as Operation, ColumnDef, DataType, Statement as Sql};

use super::{Database, model::Model, statement::Statement};
use crate::{
    catalog::plain,
    recorder::{Direction, Script},
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// It fails, or loses data.
    Error,
    /// It blocks others, breaks them, or cannot be relied upon.
    Warning,
}

/// What is unsafe, and the safe way.
#[derive(Debug, Serialize)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The databases on which it is unsafe.
    pub databases: &'static [Database],
    /// How bad it is.
    pub severity: Severity,
    /// Whether it also looks at the way down: what fails or loses data there does so when a bad release is taken back.
    /// Locks and old binaries are left to the way up.
    pub down: bool,
    /// What it finds.
    pub what: &'static str,
    /// Why that is unsafe.
    pub why: &'static str,
    /// What to do instead.
    pub safe_way: &'static str,
    #[serde(skip)]
    pub(crate) check: fn(&Migration<'_>) -> Vec<Hit>,
}

const POSTGRES: &[Database] = &[Database::Postgres];
const SQLITE: &[Database] = &[Database::Sqlite];
const BOTH: &[Database] = &[Database::Postgres, Database::Sqlite];

/// Every rule, in the order in which they are listed.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        whole::RULES,
        breaking::RULES,
        column::RULES,
        constraint::RULES,
        index::RULES,
        transaction::RULES,
        kind::RULES,
        sqlite::RULES,
        rebuild::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Where a rule found something, and in what: a table, `table.column`, an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// The statement, from 0; none, if it is about the migration as a whole.
    pub(crate) place: Option<usize>,
    /// What it is about.
    pub(crate) subject: String,
}

/// What a rule looks at: one migration, on one database, in one direction.
#[derive(Debug)]
pub(crate) struct Migration<'a> {
    /// As it was recorded.
    pub(crate) script: &'a Script,
    /// What it would run on.
    pub(crate) database: Database,
    /// Its statements.
    pub(crate) steps: Vec<Step>,
    /// The schema before it.
    pub(crate) before: &'a Model,
    /// The schema after it.
    pub(crate) after: Model,
    /// What this migration makes of the other database.
    pub(crate) other: &'a Model,
    /// Whether the way up changes the schema.
    pub(crate) changes_schema: bool,
    /// Whether who runs it sets `lock_timeout` and `statement_timeout`, as `db migrate` does.
    pub(crate) timeouts: bool,
    created: BTreeSet<String>,
}

/// A statement of a migration, and what it meets.
#[derive(Debug)]
pub(crate) struct Step {
    /// What it says.
    pub(crate) statement: Statement,
    /// The schema before it.
    pub(crate) before: Model,
    /// Whether it runs in a transaction.
    pub(crate) in_transaction: bool,
}

/// A type that a statement gives a column.
pub(crate) struct Typed<'a> {
    pub(crate) place: usize,
    pub(crate) subject: String,
    pub(crate) kind: &'a DataType,
}

impl<'a> Migration<'a> {
    /// Follows the statements of a migration from the schema before it.
    pub(crate) fn new(
        script: &'a Script,
        database: Database,
        before: &'a Model,
        other: &'a Model,
    ) -> Self {
        let mut model = before.clone();
        let mut created = BTreeSet::new();
        let mut explicit = false;
        let texts = script.statements.iter();
        let statements = texts.flat_map(|text| Statement::parse(text, database));
        let mut steps = Vec::new();
        for statement in statements {
            let known = model.clone();
            model.apply(&statement);
            let new = model
                .catalog
                .tables
                .keys()
                .filter(|name| !known.catalog.tables.contains_key(*name));
            let renamed = matches!(&statement.sql, Some(Sql::AlterTable(alter)) if !created.contains(&plain(&alter.name)));
            if !renamed {
                created.extend(new.cloned());
            }
            if statement.is_note {
                continue;
            }
            let in_transaction = script.in_transaction || explicit;
            match &statement.sql {
                Some(Sql::StartTransaction { .. }) => explicit = true,
                Some(Sql::Commit { .. } | Sql::Rollback { savepoint: None, .. }) => {
                    explicit = false;
                }
                _ => {}
            }
            steps.push(Step { statement, before: known, in_transaction });
        }
        Self {
            script,
            database,
            steps,
            before,
            after: model,
            other,
            changes_schema: true,
            timeouts: true,
            created,
        }
    }

    /// Whether this migration made the table: it has no rows that others wait for, and no binary knows it.
    pub(crate) fn is_new(&self, table: &str) -> bool {
        self.created.contains(table) && self.before.table(table).is_none()
    }

    /// The statements, with their places.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate()
    }

    /// The statements as far as they were parsed, with their places.
    pub(crate) fn parsed(&self) -> impl Iterator<Item = (usize, &Step, &Sql)> {
        self.steps().filter_map(|(place, step)| Some((place, step, step.statement.sql.as_ref()?)))
    }

    /// What is done to tables, with the place of the statement and the table.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (usize, String, &Operation)> {
        self.parsed().flat_map(|(place, _, sql)| {
            let alter = match sql {
                Sql::AlterTable(alter) => Some(alter),
                _ => None,
            };
            alter.into_iter().flat_map(move |alter| {
                alter.operations.iter().map(move |operation| (place, plain(&alter.name), operation))
            })
        })
    }

    /// What is done to tables that were there before this migration.
    pub(crate) fn alterations(&self) -> impl Iterator<Item = (usize, String, &Operation)> {
        self.operations().filter(|(_, table, _)| !self.is_new(table))
    }

    /// The columns that are added to tables that were there before this migration.
    pub(crate) fn added_columns(&self) -> impl Iterator<Item = (usize, String, &ColumnDef)> {
        self.alterations().filter_map(|(place, table, operation)| match operation {
            Operation::AddColumn { column_def, .. } => Some((place, table, column_def)),
            _ => None,
        })
    }

    /// The types that columns get, of new tables as well.
    pub(crate) fn types(&self) -> Vec<Typed<'_>> {
        let mut types = Vec::new();
        let mut push = |place, table: &str, column: &str, kind| {
            types.push(Typed { place, subject: format!("{table}.{column}"), kind });
        };
        for (place, _, sql) in self.parsed() {
            if let Sql::CreateTable(create) = sql {
                for column in &create.columns {
                    push(place, &plain(&create.name), &column.name.value, &column.data_type);
                }
            }
        }
        for (place, table, operation) in self.operations() {
            use sqlparser::ast::AlterColumnOperation::SetDataType;
            match operation {
                Operation::AddColumn { column_def: column, .. } => {
                    push(place, &table, &column.name.value, &column.data_type);
                }
                Operation::AlterColumn { column_name, op: SetDataType { data_type, .. } } => {
                    push(place, &table, &column_name.value, data_type);
                }
                _ => {}
            }
        }
        types
    }

    /// Finds the statements for which a function names what they are about.
    pub(crate) fn find(&self, subject: impl Fn(&Step) -> Option<String>) -> Vec<Hit> {
        self.steps()
            .filter_map(|(place, step)| subject(step).map(|subject| hit(place, subject)))
            .collect()
    }

    /// The last statement that names all of these.
    pub(crate) fn last_naming(&self, names: &[&str]) -> Option<usize> {
        let naming = |step: &Step| {
            let own: BTreeSet<_> = step.statement.names().collect();
            names.iter().all(|name| own.contains(*name))
        };
        self.steps.iter().rposition(naming)
    }

    /// Whether some of it changes the schema.
    pub(crate) fn has_schema_changes(&self) -> bool {
        let starts = ["ALTER", "CREATE", "DROP"];
        self.steps.iter().any(|step| starts.iter().any(|start| step.statement.starts(start)))
    }

    /// Whether a rule looks at it.
    pub(crate) fn is_for(&self, rule: &Rule) -> bool {
        rule.databases.contains(&self.database) && (self.is_up() || rule.down)
    }

    /// Whether it goes forwards.
    pub(crate) fn is_up(&self) -> bool {
        self.script.direction == Direction::Up
    }
}

/// A find in a statement.
pub(crate) fn hit(place: usize, subject: impl Into<String>) -> Hit {
    Hit { place: Some(place), subject: subject.into() }
}

/// The rules of comments in the sources, which are not found in statements.
pub(crate) fn never(_: &Migration<'_>) -> Vec<Hit> {
    Vec::new()
}
