//! What ALTER TABLE does to the schema.

use sqlparser::ast::{AlterColumnOperation, AlterTableOperation as Operation, RenameTableNameKind};

use super::Model;
use crate::{
    catalog::{Column, Constraint, Object, ObjectKind, constraint_of_table, plain},
    schema::Rename,
};

impl Model {
    pub(super) fn alter(&mut self, table: &mut String, operation: &Operation) {
        match operation {
            Operation::AddColumn { column_def, .. } => self.add_column(table, column_def),
            Operation::AddConstraint { constraint, not_valid } => {
                self.add_constraint(table, constraint);
                if *not_valid {
                    let (name, _) = constraint_of_table(constraint);
                    self.unvalidated.insert((table.clone(), name));
                }
            }
            Operation::ValidateConstraint { name } => {
                self.unvalidated.remove(&(table.clone(), name.value.clone()));
            }
            Operation::RenameTable {
                table_name: RenameTableNameKind::To(name) | RenameTableNameKind::As(name),
            } => {
                self.rename_table(table, &plain(name));
                *table = plain(name);
            }
            Operation::RenameColumn { old_column_name, new_column_name } => {
                self.rename_column(table, &old_column_name.value, &new_column_name.value);
            }
            Operation::DropColumn { column_names, .. } => {
                for column in column_names {
                    self.drop_column(table, &column.value);
                }
            }
            Operation::DropConstraint { name, .. } => {
                if let Some(table) = self.catalog.tables.get_mut(table) {
                    table.constraints.remove(&name.value);
                }
            }
            Operation::RenameConstraint { old_name, new_name } => {
                self.rename_named(table, &old_name.value, &new_name.value);
            }
            Operation::AlterColumn { column_name, op } => {
                let table = self.catalog.tables.get_mut(table);
                let mut columns = table.into_iter().flat_map(|table| &mut table.columns);
                if let Some(column) = columns.find(|column| column.name == column_name.value) {
                    alter_column(column, op);
                }
            }
            _ => {}
        }
    }

    /// Gives what is named after a table or a column the name that it has after the operation.
    pub(super) fn names_follow(&mut self, table: &str, operation: &Operation) {
        let new;
        let rename = match operation {
            Operation::RenameColumn { old_column_name: old, new_column_name: new } => {
                Rename::Column { table, from: &old.value, to: &new.value }
            }
            Operation::RenameTable { table_name: RenameTableNameKind::To(name) } => {
                new = plain(name);
                Rename::Table { from: table, to: &new }
            }
            _ => return,
        };
        let names = self.table(table).map(|table| rename.names(table)).unwrap_or_default();
        for (old, new) in names {
            self.rename_named(table, &old, &new);
        }
    }

    /// A constraint or an index has another name.
    fn rename_named(&mut self, table: &str, old: &str, new: &str) {
        let Some(own) = self.catalog.tables.get_mut(table) else { return };
        if let Some(index) = own.indexes.remove(old) {
            own.indexes.insert(new.to_owned(), index);
        }
        if let Some(constraint) = own.constraints.remove(old) {
            own.constraints.insert(new.to_owned(), constraint);
        }
        let [old, new] = [old, new].map(|name| (table.to_owned(), name.to_owned()));
        if let Some(column) = self.beside.remove(&old) {
            self.beside.insert(new.clone(), column);
        }
        if self.unvalidated.remove(&old) {
            self.unvalidated.insert(new);
        }
    }

    fn rename_table(&mut self, from: &str, to: &str) {
        if let Some(table) = self.catalog.tables.remove(from) {
            self.catalog.tables.insert(to.to_owned(), table);
        }
        for table in self.catalog.tables.values_mut() {
            for constraint in table.constraints.values_mut() {
                if let Constraint::ForeignKey(key) = constraint
                    && key.table == from
                {
                    to.clone_into(&mut key.table);
                }
            }
        }
        let moved = |(table, name): (String, String)| {
            (if table == from { to.to_owned() } else { table }, name)
        };
        self.beside = std::mem::take(&mut self.beside)
            .into_iter()
            .map(|(key, column)| (moved(key), column))
            .collect();
        self.unvalidated = std::mem::take(&mut self.unvalidated).into_iter().map(moved).collect();
        let objects = std::mem::take(&mut self.catalog.objects).into_iter();
        let moved = |(mut object, text): (Object, String)| {
            if object.kind == ObjectKind::Trigger
                && let Some((table, name)) = object.name.split_once('.')
                && table == from
            {
                object.name = format!("{to}.{name}");
            }
            (object, text)
        };
        self.catalog.objects = objects.map(moved).collect();
    }

    fn rename_column(&mut self, table: &str, from: &str, to: &str) {
        let rename = |name: &mut String| {
            if name == from {
                to.clone_into(name);
            }
        };
        for (name, other) in &mut self.catalog.tables {
            let own = name == table;
            if own {
                other.columns.iter_mut().for_each(|column| rename(&mut column.name));
                other.indexes.values_mut().flat_map(|index| &mut index.parts).for_each(rename);
            }
            for constraint in other.constraints.values_mut() {
                match constraint {
                    Constraint::ForeignKey(key) => {
                        if own {
                            key.columns.iter_mut().for_each(rename);
                        }
                        if key.table == table {
                            key.references.iter_mut().for_each(rename);
                        }
                    }
                    Constraint::PrimaryKey { columns } | Constraint::Unique { columns } if own => {
                        columns.iter_mut().for_each(rename);
                    }
                    _ => {}
                }
            }
        }
        for ((of, _), column) in &mut self.beside {
            if of == table {
                rename(column);
            }
        }
    }

    /// What names the column goes with it, as on PostgreSQL; SQLite refuses instead.
    fn drop_column(&mut self, table: &str, column: &str) {
        let has = |columns: &[String]| columns.iter().any(|name| name == column);
        let (beside, name) = (&self.beside, table.to_owned());
        let Some(table) = self.catalog.tables.get_mut(table) else { return };
        table.columns.retain(|other| other.name != column);
        table.constraints.retain(|constraint, what| {
            let own = beside.get(&(name.clone(), constraint.clone()));
            let goes = match what {
                Constraint::PrimaryKey { columns } | Constraint::Unique { columns } => has(columns),
                Constraint::ForeignKey(key) => has(&key.columns),
                _ => false,
            };
            !goes && own.is_none_or(|own| own != column)
        });
        table.indexes.retain(|_, index| !index.parts.iter().any(|part| part == column));
    }
}

fn alter_column(column: &mut Column, operation: &AlterColumnOperation) {
    match operation {
        AlterColumnOperation::SetNotNull => column.nullable = false,
        AlterColumnOperation::DropNotNull => column.nullable = true,
        AlterColumnOperation::SetDefault { value } => column.default = Some(value.to_string()),
        AlterColumnOperation::DropDefault => column.default = None,
        AlterColumnOperation::SetDataType { data_type, .. } => {
            column.kind = data_type.to_string().to_lowercase();
        }
        AlterColumnOperation::AddGenerated { .. } => {}
    }
}
