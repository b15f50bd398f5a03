//! The steps of a migration in words.

use super::operation::{Alteration, Operation, Target};
use crate::schema::{Column, Kind};

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
        Alteration::Column { new, from: Some(from), .. } => {
            format!("~ column {table}.{} may not be null, and becomes {from}", new.name)
        }
        Alteration::Column { old, new, .. } => {
            let (was, is) = (kind(&old.kind), kind(&new.kind));
            let null = if old.null && !new.null { ", and may not be null" } else { "" };
            format!("~ column {table}.{}: {was} becomes {is}{null}", new.name)
        }
        Alteration::Nullable(column) => format!("~ column {table}.{column} may be null"),
        Alteration::NotNull(column) => format!("~ column {table}.{column} may not be null"),
        Alteration::Default(column, _, Some(value)) => {
            format!("~ column {table}.{column} has the default {value}")
        }
        Alteration::Default(column, _, None) => format!("~ column {table}.{column} has no default"),
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
