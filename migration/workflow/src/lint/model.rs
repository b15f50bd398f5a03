//! What the schema is between two statements, as far as the rules need it.
//!
//! The statements of earlier migrations are replayed on a description, not on a server, for there may be none.

mod change;

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    AlterIndexOperation, ColumnDef, ColumnOption, CreateIndex, CreateTable, ObjectType,
    Statement as Sql, TableConstraint, UserDefinedTypeRepresentation,
};

use super::statement::Statement;
use crate::catalog::{
    Catalog, Column, Constraint, ForeignKey, Generated, Index, Object, ObjectKind, Table,
    constraint_of_table, constraints_of_column, part, plain, ruled_name,
};

/// The schema after some statements.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// Its tables, views, triggers and enumerations.
    pub(crate) catalog: Catalog,
    /// The column beside which a constraint stands, by table and constraint.
    beside: BTreeMap<(String, String), String>,
    /// Constraints that the rows there are need not fulfil, by table and name.
    unvalidated: BTreeSet<(String, String)>,
}

impl Model {
    /// The table of this name.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.catalog.tables.get(name)
    }

    /// Whether a column may be null; nothing if it is not known.
    pub(crate) fn is_nullable(&self, table: &str, column: &str) -> Option<bool> {
        self.table(table)?.column(column).map(|column| column.nullable)
    }

    /// The foreign keys of other tables to this one, with the table they are in.
    pub(crate) fn children(&self, of: &str) -> Vec<(&str, &ForeignKey)> {
        let tables = self.catalog.tables.iter().filter(|(name, _)| *name != of);
        let keys = tables
            .flat_map(|(name, table)| table.foreign_keys().map(move |key| (name.as_str(), key)));
        keys.filter(|(_, key)| key.table == of).collect()
    }

    /// Whether a constraint was declared beside this column, not behind all of them.
    pub(crate) fn is_beside(&self, table: &str, constraint: &str, column: &str) -> bool {
        let beside = self.beside.get(&(table.to_owned(), constraint.to_owned()));
        beside.is_some_and(|beside| beside == column)
    }

    /// Whether every row has been found to have a value in this column, by a CHECK that was validated.
    pub(crate) fn is_checked_not_null(&self, table: &str, column: &str) -> bool {
        let constraints = self.table(table).into_iter().flat_map(|table| &table.constraints);
        constraints.into_iter().any(|(name, constraint)| {
            let says = matches!(constraint, Constraint::Check { expression }
                if expression.replace('"', "") == format!("{column} IS NOT NULL"));
            says && !self.unvalidated.contains(&(table.to_owned(), name.clone()))
        })
    }

    /// What the statement does.
    pub(crate) fn apply(&mut self, statement: &Statement) {
        match &statement.sql {
            Some(sql) => self.apply_sql(sql, statement),
            None if statement.starts("CREATE VIRTUAL TABLE") => {
                if let Some(name) = statement.name_after("VIRTUAL TABLE") {
                    self.object(ObjectKind::VirtualTable, name, statement);
                }
            }
            None if statement.starts("CREATE TABLE") => {
                if let Some(name) = statement.name_after("CREATE TABLE") {
                    self.catalog.tables.insert(name, Table::default());
                }
            }
            None => {}
        }
    }

    fn apply_sql(&mut self, sql: &Sql, statement: &Statement) {
        match sql {
            Sql::CreateTable(table) => self.create_table(table),
            Sql::AlterTable(alter) => {
                let mut name = plain(&alter.name);
                for operation in &alter.operations {
                    if statement.names_follow {
                        self.names_follow(&name, operation);
                    }
                    self.alter(&mut name, operation);
                }
            }
            Sql::CreateIndex(index) => self.create_index(index),
            Sql::AlterIndex {
                name,
                operation: AlterIndexOperation::RenameIndex { index_name },
            } => {
                for table in self.catalog.tables.values_mut() {
                    if let Some(index) = table.indexes.remove(&plain(name)) {
                        table.indexes.insert(plain(index_name), index);
                    }
                }
            }
            Sql::Drop { object_type, names, .. } => {
                for name in names {
                    self.drop(*object_type, &plain(name));
                }
            }
            Sql::CreateView(view) => {
                let kind =
                    if view.materialized { ObjectKind::MaterializedView } else { ObjectKind::View };
                self.object(kind, plain(&view.name), statement);
            }
            Sql::CreateTrigger(trigger) => {
                let name = format!("{}.{}", plain(&trigger.table_name), plain(&trigger.name));
                self.object(ObjectKind::Trigger, name, statement);
            }
            Sql::DropTrigger(trigger) => {
                let name = format!(".{}", plain(&trigger.trigger_name));
                self.catalog.objects.retain(|object, _| {
                    object.kind != ObjectKind::Trigger || !object.name.ends_with(&name)
                });
            }
            Sql::CreateType {
                name,
                representation: Some(UserDefinedTypeRepresentation::Enum { .. }),
            } => self.object(ObjectKind::Enum, plain(name), statement),
            _ => {}
        }
    }

    fn object(&mut self, kind: ObjectKind, name: String, statement: &Statement) {
        self.catalog.objects.insert(Object { kind, name }, statement.text.clone());
    }

    fn create_table(&mut self, create: &CreateTable) {
        let name = plain(&create.name);
        if create.if_not_exists && self.catalog.tables.contains_key(&name) {
            return;
        }
        self.catalog.tables.insert(name.clone(), Table::default());
        for column in &create.columns {
            self.add_column(&name, column);
        }
        for constraint in &create.constraints {
            self.add_constraint(&name, constraint);
        }
    }

    fn add_column(&mut self, table: &str, column: &ColumnDef) {
        let constraints = constraints_of_column(column);
        let Some(target) = self.catalog.tables.get_mut(table) else { return };
        let mut made = Column {
            name: column.name.value.clone(),
            kind: column.data_type.to_string().to_lowercase(),
            nullable: true,
            ..Column::default()
        };
        for option in &column.options {
            match &option.option {
                ColumnOption::NotNull | ColumnOption::PrimaryKey(_) => made.nullable = false,
                ColumnOption::Default(value) => made.default = Some(value.to_string()),
                ColumnOption::Generated { generation_expr: Some(value), .. } => {
                    let expression = value.to_string();
                    made.generated = Some(Generated { expression, stored: true });
                }
                _ => {}
            }
        }
        target.columns.retain(|other| other.name != made.name);
        for (name, constraint) in constraints {
            self.beside.insert((table.to_owned(), name.clone()), made.name.clone());
            target.constraints.insert(name, constraint);
        }
        target.columns.push(made);
    }

    fn add_constraint(&mut self, table: &str, constraint: &TableConstraint) {
        let (mut name, mut made) = constraint_of_table(constraint);
        let Some(target) = self.catalog.tables.get_mut(table) else { return };
        if let TableConstraint::PrimaryKeyUsingIndex(key) | TableConstraint::UniqueUsingIndex(key) =
            constraint
        {
            let index = target.indexes.remove(&key.index_name.value).unwrap_or_default();
            name.clone_from(&key.name.as_ref().unwrap_or(&key.index_name).value);
            made = Constraint::Unique { columns: index.parts };
        }
        if let (TableConstraint::ForeignKey(written), Constraint::ForeignKey(key)) =
            (constraint, &made)
            && written.name.is_none()
        {
            name = ruled_name(table, key);
        }
        target.constraints.insert(name, made);
    }

    fn create_index(&mut self, create: &CreateIndex) {
        let Some(table) = self.catalog.tables.get_mut(&plain(&create.table_name)) else { return };
        let made = Index {
            parts: create.columns.iter().map(part).collect(),
            unique: create.unique,
            condition: create.predicate.as_ref().map(ToString::to_string),
            ..Index::default()
        };
        let name = create.name.as_ref().map_or_else(|| made.parts.join("_"), plain);
        table.indexes.insert(name, made);
    }

    fn drop(&mut self, kind: ObjectType, name: &str) {
        match kind {
            ObjectType::Table => {
                self.catalog.tables.remove(name);
                let triggers = format!("{name}.");
                self.catalog.objects.retain(|object, _| match object.kind {
                    ObjectKind::VirtualTable => object.name != name,
                    ObjectKind::Trigger => !object.name.starts_with(&triggers),
                    _ => true,
                });
            }
            ObjectType::Index => {
                for table in self.catalog.tables.values_mut() {
                    table.indexes.remove(name);
                }
            }
            _ => self.catalog.objects.retain(|object, _| {
                object.name != name || matches!(object.kind, ObjectKind::Trigger)
            }),
        }
    }
}
