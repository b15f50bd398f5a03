//! The steps of a migration in words.

use sea_orm::{DbBackend, Value};

use super::operation::{Alteration, Operation, Target};
use crate::schema::{Column, Kind, literal};

/// What a step does, a line each.
pub(super) fn lines(operation: &Operation) -> Vec<String> {
    match operation {
        Operation::CreateTable(table) => {
            let own = |column: &&Column| !["id", "created_at", "updated_at"].contains(&column.name);
            let columns = table.columns.iter().filter(own).map(|column| column.name);
            vec![format!("+ table {} ({})", table.name, columns.collect::<Vec<_>>().join(", "))]
        }
        Operation::DropTable(table) => vec![format!("- table {}, with its rows", table.name)],
        Operation::RenameTable(from, to) => vec![format!("~ table {from} is named {to}")],
        Operation::RenameColumn(table, from, to) => {
            vec![format!("~ column {table}.{from} is named {to}")]
        }
        Operation::AddColumn(table, column) => {
            let null = if column.null { ", may be null" } else { "" };
            let default = column.default.as_ref();
            let default = default.map_or_else(String::new, |value| format!(", {value} by default"));
            let unique = if column.unique { ", unique" } else { "" };
            let target = column.references.as_ref();
            let target = target
                .map_or_else(String::new, |target| format!(", refers to {}", referred(target)));
            vec![format!(
                "+ column {table}.{}: {}{null}{default}{unique}{target}",
                column.name,
                kind(&column.kind)
            )]
        }
        Operation::DropColumn(table, column) => {
            vec![format!("- column {table}.{}, with its values", column.name)]
        }
        Operation::Change(table, alterations) => {
            alterations.iter().map(|alteration| changed(table, alteration)).collect()
        }
        Operation::Searchable(table, columns) => {
            vec![format!("+ search of {table} ({})", columns.join(", "))]
        }
        Operation::NotSearchable(table, columns) => {
            vec![format!("- search of {table} ({})", columns.join(", "))]
        }
        Operation::Refuse(why) => vec![format!("! {why}")],
    }
}

fn changed(table: &str, alteration: &Alteration) -> String {
    let list = |columns: &[&str]| columns.join(", ");
    match alteration {
        Alteration::Column { old, new, from } => {
            let mut said = Vec::new();
            let colon = if old.kind == new.kind { "" } else { ":" };
            if old.kind != new.kind {
                said.push(format!("{} becomes {}", kind(&old.kind), kind(&new.kind)));
            }
            if old.between.is_some() && new.between.is_none() {
                said.push("has no bounds".to_owned());
            }
            if old.null != new.null {
                said.push(if new.null { "may be null" } else { "may not be null" }.to_owned());
            }
            said.extend(from.map(|from| format!("becomes {from}")));
            let told = |column: &Column| column.default.as_ref().map(ToString::to_string);
            if told(old) != told(new) {
                said.push(default(new.default.as_ref()));
            }
            format!("~ column {table}.{}{colon} {}", new.name, said.join(", and "))
        }
        Alteration::Nullable(column) => format!("~ column {table}.{column} may be null"),
        Alteration::NotNull(column) => format!("~ column {table}.{column} may not be null"),
        Alteration::Default(column, _, value) => {
            format!("~ column {table}.{column} {}", default(value.as_ref()))
        }
        Alteration::Reference(column, _, Some(target)) => {
            format!("~ column {table}.{column} refers to {}", referred(target))
        }
        Alteration::Reference(column, _, None) => {
            format!("~ column {table}.{column} refers to nothing")
        }
        Alteration::Unique(columns) => format!("+ unique {table} ({})", list(columns)),
        Alteration::DropUnique(columns) => format!("- unique {table} ({})", list(columns)),
        Alteration::Index(columns) => format!("+ index {table} ({})", list(columns)),
        Alteration::DropIndex(columns) => format!("- index {table} ({})", list(columns)),
    }
}

fn default(value: Option<&Value>) -> String {
    value.map_or_else(
        || "has no default".to_owned(),
        |value| format!("has the default {}", literal(value, DbBackend::Sqlite)),
    )
}

fn referred((table, action): &Target) -> String {
    format!("{table}, ON DELETE {}", action.sql())
}

/// What a column holds, as its maker in the vocabulary is named.
fn kind(kind: &Kind) -> String {
    match kind {
        Kind::String(length) => format!("string({length})"),
        Kind::OneOf(values) => format!("one of {}", values.join(", ")),
        Kind::Uuid => "uuid".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::SmallInteger => "small_integer".to_owned(),
        Kind::BigInteger => "big_integer".to_owned(),
        Kind::Double => "double".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Timestamp => "timestamp".to_owned(),
        Kind::Json => "json".to_owned(),
    }
}
