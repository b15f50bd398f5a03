//! Changes to a table that holds rows: `ALTER TABLE` on PostgreSQL, a [`rebuild`] on SQLite.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, Value},
};

use super::rebuild::{self, clause::Column as Text, definition::Definition};
use super::{Column, OnDelete, index, rename::Renamed};
use crate::definition::identifier;

/// What is to become of a table: see [`change_table`].
#[derive(Clone, Debug)]
#[must_use = "a change is made by `apply`"]
pub struct Change {
    pub(super) table: &'static str,
    pub(super) steps: Vec<Step>,
}

/// One step of a change. Each says how something is afterwards, so that a second run changes nothing.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The column is as described; with the expression that its values come from.
    Column(Box<Column>, Option<&'static str>),
    Nullable(&'static str),
    NotNull(&'static str),
    Default(&'static str, Option<Value>),
    DropColumn(&'static str),
    /// Its name, and what it says.
    Constraint(String, String),
    DropConstraint(String),
    Index(&'static str, Vec<&'static str>),
    DropIndex(&'static str, Vec<&'static str>),
    Rename(Renamed),
}

/// Changes columns, keys and constraints of the table `name`, on either database, with whatever rows it and others have.
///
/// The migration must leave `use_transaction` as it is (`None`: a transaction on PostgreSQL, none on SQLite), for
/// SQLite can do most of this only by making the table anew, and inside a transaction, dropping the old one would delete
/// the rows that refer to it. There, each `apply` is a transaction of its own, checks every row and every
/// reference, and does nothing if the table is in the wanted form already; so a migration that was interrupted is run again
/// from its beginning.
///
/// ```
/// # use sea_orm_migration::{DbErr, SchemaManager};
/// # use workflow::schema::{Restrict, SetNull, big_integer, change_table, string};
/// # async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
/// change_table("task")
///     .column(string("title", 500))
///     .column_from(big_integer("estimate_minutes").default(0_i64), "coalesce(estimate_minutes, 0)")
///     .nullable("project_id")
///     .reference("project_id", "project", SetNull)
///     .check("title_description", "description <> title")
///     .apply(manager)
///     .await
/// # }
/// ```
pub fn change_table(name: &'static str) -> Change {
    Change { table: name, steps: Vec::new() }
}

impl Change {
    /// The type, nullability, default and CHECK of a column become what is described here; a unique index or a foreign key
    /// that is described is made, or made anew. Values are converted where both databases can: a number stays a number,
    /// text that is one becomes one, anything becomes text.
    pub fn column(self, column: Column) -> Self {
        self.describe(column, None)
    }

    /// The same, with values that come from an expression over the old row.
    pub fn column_from(self, column: Column, expression: &'static str) -> Self {
        self.describe(column, Some(expression))
    }

    fn describe(mut self, column: Column, from: Option<&'static str>) -> Self {
        let (name, unique, reference) = (column.name, column.unique, column.references);
        self.steps.push(Step::Column(Box::new(column), from));
        if let Some((table, on_delete)) = reference {
            self = self.reference(name, table, on_delete);
        }
        if unique { self.unique([name]) } else { self }
    }

    /// The column may be null.
    pub fn nullable(self, column: &'static str) -> Self {
        self.with(Step::Nullable(column))
    }

    /// The column may not be null, and is not.
    pub fn not_null(self, column: &'static str) -> Self {
        self.with(Step::NotNull(column))
    }

    /// What the column has when nothing is said.
    pub fn default(self, column: &'static str, value: impl Into<Value>) -> Self {
        self.with(Step::Default(column, Some(value.into())))
    }

    /// The column has no default.
    pub fn no_default(self, column: &'static str) -> Self {
        self.with(Step::Default(column, None))
    }

    /// The column is gone, with the indexes and constraints that name it.
    pub fn drop_column(self, column: &'static str) -> Self {
        self.with(Step::DropColumn(column))
    }

    /// The column refers to the `id` of `table` (`fk_<table>_<column>`), in place of a reference it has. Unless an index
    /// begins with it, add an [`index`](Self::index).
    pub fn reference(self, column: &'static str, table: &str, on_delete: OnDelete) -> Self {
        let says = format!(
            "FOREIGN KEY ({}) REFERENCES {} (\"id\") ON DELETE {}",
            identifier(column),
            identifier(table),
            on_delete.sql()
        );
        let name = format!("fk_{}_{column}", self.table);
        self.constraint(name, says)
    }

    /// The column refers to nothing.
    pub fn drop_reference(self, column: &str) -> Self {
        let name = format!("fk_{}_{column}", self.table);
        self.drop_constraint(name)
    }

    /// Every row fulfils a condition (`ck_<table>_<name>`), in place of one of this name.
    pub fn check(self, name: &str, condition: &str) -> Self {
        let name = format!("ck_{}_{name}", self.table);
        self.constraint(name, format!("CHECK ({condition})"))
    }

    /// The condition `ck_<table>_<name>` is gone; that of a column has the column's name.
    pub fn drop_check(self, name: &str) -> Self {
        let name = format!("ck_{}_{name}", self.table);
        self.drop_constraint(name)
    }

    /// No two rows share the values of these columns (`uq_<table>_<columns>`).
    pub fn unique(self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.with(Step::Index("uq", columns.into_iter().collect()))
    }

    /// Rows may share the values of these columns.
    pub fn drop_unique(self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.with(Step::DropIndex("uq", columns.into_iter().collect()))
    }

    /// There is an index over these columns (`ix_<table>_<columns>`).
    pub fn index(self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.with(Step::Index("ix", columns.into_iter().collect()))
    }

    /// There is no index over these columns.
    pub fn drop_index(self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.with(Step::DropIndex("ix", columns.into_iter().collect()))
    }

    /// There is a constraint of this name, in words of SQL that both databases know; it takes the place of one of this name.
    pub fn constraint(self, name: impl Into<String>, says: impl Into<String>) -> Self {
        self.with(Step::Constraint(name.into(), says.into()))
    }

    /// There is no constraint of this name.
    pub fn drop_constraint(self, name: impl Into<String>) -> Self {
        self.with(Step::DropConstraint(name.into()))
    }

    fn with(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Makes the change: all of it, or nothing.
    ///
    /// # Errors
    /// When a row does not fit: on SQLite the message says how many do not. When SQLite would lose rows, because this runs
    /// inside a transaction. When the change names what there is not, or a view or a trigger needs what it removes.
    pub async fn apply(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            return rebuild::apply(manager, &self).await;
        }
        for statement in self.postgres() {
            manager.get_connection().execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    /// One `ALTER TABLE`, so that the rows are read, and perhaps written, once; indexes before and after it.
    pub(super) fn postgres(&self) -> Vec<String> {
        let (mut before, mut actions, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for step in &self.steps {
            match step {
                Step::Column(column, from) => {
                    actions.extend(self.postgres_column(column, *from));
                }
                Step::Nullable(column) => {
                    actions.push(format!("ALTER COLUMN {} DROP NOT NULL", identifier(column)));
                }
                Step::NotNull(column) => {
                    actions.push(format!("ALTER COLUMN {} SET NOT NULL", identifier(column)));
                }
                Step::Default(column, value) => {
                    let default = value.as_ref().map(|value| literal(value, DbBackend::Postgres));
                    let action = default.map_or_else(
                        || "DROP DEFAULT".to_owned(),
                        |value| format!("SET DEFAULT {value}"),
                    );
                    actions.push(format!("ALTER COLUMN {} {action}", identifier(column)));
                }
                Step::DropColumn(column) => {
                    actions.push(format!("DROP COLUMN {}", identifier(column)));
                }
                Step::Constraint(name, says) => {
                    actions.push(format!("DROP CONSTRAINT IF EXISTS {}", identifier(name)));
                    actions.push(format!("ADD CONSTRAINT {} {says}", identifier(name)));
                }
                Step::DropConstraint(name) => {
                    actions.push(format!("DROP CONSTRAINT {}", identifier(name)));
                }
                Step::Index(prefix, columns) => after.push(self.make_index(prefix, columns)),
                Step::DropIndex(prefix, columns) => before.push(self.remove_index(prefix, columns)),
                Step::Rename(renamed) => before.push(renamed.postgres(self.table)),
            }
        }
        if !actions.is_empty() {
            before.push(format!("ALTER TABLE {} {}", identifier(self.table), actions.join(", ")));
        }
        before.append(&mut after);
        before
    }

    fn postgres_column(&self, column: &Column, from: Option<&str>) -> Vec<String> {
        let text = text_of(self.table, column, DbBackend::Postgres);
        let (name, kind) = (identifier(column.name), text.kind.as_str());
        let collation = text.clause("COLLATE").map(|clause| format!(" {}", clause.text));
        let from = from.map_or_else(|| format!("{name}::{kind}"), str::to_owned);
        let null = if column.null { "DROP" } else { "SET" };
        let mut actions = vec![
            // What it had may not fit the new type.
            format!("ALTER COLUMN {name} DROP DEFAULT"),
            format!(
                "DROP CONSTRAINT IF EXISTS {}",
                identifier(&check_name(self.table, column.name))
            ),
            format!(
                "ALTER COLUMN {name} TYPE {kind}{} USING {from}",
                collation.unwrap_or_default()
            ),
            format!("ALTER COLUMN {name} {null} NOT NULL"),
        ];
        if let Some(default) = text.clause("DEFAULT") {
            actions.push(format!("ALTER COLUMN {name} SET {}", default.text));
        }
        if let Some(check) = text.clause("CHECK") {
            actions.push(format!("ADD {}", check.text));
        }
        actions
    }

    /// The statement that makes an index unless it is there.
    pub(super) fn make_index(&self, prefix: &str, columns: &[&'static str]) -> String {
        index(prefix, self.table, columns).if_not_exists().to_string(PostgresQueryBuilder)
    }

    /// The statement that removes an index if it is there.
    pub(super) fn remove_index(&self, prefix: &str, columns: &[&'static str]) -> String {
        let name = format!("{prefix}_{}_{}", self.table, columns.join("_"));
        format!("DROP INDEX IF EXISTS {}", identifier(&name))
    }
}

/// The name of the CHECK that a column's description brings.
pub(super) fn check_name(table: &str, column: &str) -> String {
    format!("ck_{table}_{column}")
}

/// A column as this database would keep it.
pub(super) fn text_of(table: &'static str, column: &Column, backend: DbBackend) -> Text {
    let mut definition = column.definition(table, backend);
    let statement = Table::create().table(table).col(&mut definition).to_owned();
    let sql = match backend {
        DbBackend::Sqlite => statement.to_string(SqliteQueryBuilder),
        _ => statement.to_string(PostgresQueryBuilder),
    };
    let text = Definition::parse(&sql).and_then(|definition| definition.column(column.name));
    // Of a table that was described with this column, and no other.
    text.unwrap_or_default()
}

/// A value as SQL.
pub(crate) fn literal(value: &Value, backend: DbBackend) -> String {
    match backend {
        DbBackend::Sqlite => SqliteQueryBuilder.value_to_string(value),
        _ => PostgresQueryBuilder.value_to_string(value),
    }
}
