//! Which indexes there should be, and which not, as far as the catalog tells.

use std::fmt;

use sea_orm::DbBackend;
use serde::Serialize;

use crate::catalog::{Catalog, Constraint, Index, Table};

/// An index that could go: another does what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedundantIndex {
    /// Of which table.
    pub table: String,
    /// Its name.
    pub index: String,
    /// The other: an index, or the key that brings it.
    pub because_of: String,
}

/// A foreign key that no index begins with: to delete a row it refers to, all rows are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingIndex {
    /// Of which table.
    pub table: String,
    /// Over these columns.
    pub columns: Vec<String>,
    /// The table that they refer to.
    pub references: String,
}

impl fmt::Display for RedundantIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, index, because_of } = self;
        write!(f, "redundant: {index} of {table} says what {because_of} says already")
    }
}

impl fmt::Display for MissingIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (table, columns) = (&self.table, self.columns.join(", "));
        write!(
            f,
            "missing: no index of {table} begins with ({columns}): deleting from {} reads all of {table}",
            self.references
        )
    }
}

/// An index, or what brings one.
struct Ordered {
    name: String,
    parts: Vec<String>,
    unique: bool,
    condition: Option<String>,
    method: String,
    /// Whether it is a key's, which cannot go by itself.
    of_key: bool,
    /// Whether it holds columns that it is not ordered by.
    includes: bool,
}

/// The indexes whose parts another begins with, of the same method and for the same rows. Of two that are equal, a key stays
/// rather than an index, and a unique one rather than another.
pub fn redundant(catalog: &Catalog, backend: DbBackend) -> Vec<RedundantIndex> {
    let mut found = Vec::new();
    for (table, definition) in &catalog.tables {
        let all = ordered(definition, backend);
        for (place, index) in all.iter().enumerate() {
            let worth = |place: usize, index: &Ordered| {
                (index.of_key, index.unique, std::cmp::Reverse(place))
            };
            let because = all.iter().enumerate().find(|(other_place, other)| {
                let equal = other.parts == index.parts;
                *other_place != place
                    && other.parts.starts_with(&index.parts)
                    && (other.method == index.method && (equal || index.method == "btree"))
                    && other.condition == index.condition
                    && (!index.unique || equal && other.unique)
                    && (!equal || worth(*other_place, other) > worth(place, index))
            });
            if let Some((_, other)) = because.filter(|_| !index.of_key && !index.includes) {
                found.push(RedundantIndex {
                    table: table.clone(),
                    index: index.name.clone(),
                    because_of: other.name.clone(),
                });
            }
        }
    }
    found
}

/// The foreign keys that no index begins with.
pub fn missing(catalog: &Catalog) -> Vec<MissingIndex> {
    let mut found = Vec::new();
    for (table, definition) in &catalog.tables {
        let indexes = ordered(definition, DbBackend::Sqlite);
        for key in definition.foreign_keys() {
            // Only rows that refer to something are looked for.
            let covers = |condition: &Option<String>| {
                condition.as_ref().is_none_or(|condition| {
                    let condition = condition.to_lowercase().replace(['"', '(', ')'], "");
                    key.columns.iter().any(|column| condition == format!("{column} is not null"))
                })
            };
            let begins = |index: &Ordered| {
                let first = index.parts.get(..key.columns.len());
                let plain =
                    |part: &String| part.split(' ').next().unwrap_or_default().replace('"', "");
                let mut first: Vec<_> = first.unwrap_or_default().iter().map(plain).collect();
                let mut columns = key.columns.clone();
                first.sort();
                columns.sort();
                index.method == "btree" && first == columns && covers(&index.condition)
            };
            if !indexes.iter().any(begins) {
                found.push(MissingIndex {
                    table: table.clone(),
                    columns: key.columns.clone(),
                    references: key.table.clone(),
                });
            }
        }
    }
    found
}

fn ordered(table: &Table, backend: DbBackend) -> Vec<Ordered> {
    let keys = table.constraints.iter().filter_map(|(name, constraint)| match constraint {
        Constraint::PrimaryKey { columns } | Constraint::Unique { columns } => Some(Ordered {
            name: name.clone(),
            parts: columns.clone(),
            unique: true,
            condition: None,
            method: "btree".to_owned(),
            of_key: true,
            includes: false,
        }),
        _ => None,
    });
    let own = table.indexes.iter().filter(|(_, index)| index.valid).map(|(name, index)| Ordered {
        name: name.clone(),
        parts: if backend == DbBackend::Sqlite { index.parts.clone() } else { full_parts(index) },
        unique: index.unique,
        condition: index.condition.clone(),
        method: index.method.clone(),
        of_key: false,
        includes: index.definition.contains(") INCLUDE ("),
    });
    keys.chain(own).collect()
}

/// The parts as PostgreSQL's definition has them, with operator class and collation, which decide what an index is good for.
fn full_parts(index: &Index) -> Vec<String> {
    let using = format!(" USING {} (", index.method);
    let Some((_, inside)) = index.definition.split_once(&using) else { return index.parts.clone() };
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0_usize, None);
    for letter in inside.chars() {
        if quote.is_none() {
            match letter {
                '(' => depth += 1,
                ')' if depth == 0 => break,
                ')' => depth -= 1,
                ',' if depth == 0 => {
                    parts.push(std::mem::take(&mut part).trim().to_owned());
                    continue;
                }
                _ => {}
            }
        }
        if matches!(letter, '"' | '\'') && quote.is_none_or(|quote| quote == letter) {
            quote = if quote.is_some() { None } else { Some(letter) };
        }
        part.push(letter);
    }
    parts.push(part.trim().to_owned());
    parts
}
