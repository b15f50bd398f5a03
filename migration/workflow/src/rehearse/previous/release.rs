//! What a release asks of a database.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::DbBackend;

use crate::{
    catalog::{Catalog, Column, Table},
    rows::Kind,
    schema::is_old_name,
};

/// What PostgreSQL hands out as text.
const TEXTS: [&str; 5] = ["text", "character varying", "character", "name", "citext"];

/// The tables and columns that a release reads and writes.
#[derive(Clone, Debug, Default)]
pub struct Release(pub(super) BTreeMap<String, Vec<Known>>);

/// A column, as a release knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: String,
    /// The [`class`] of what it expects there; nothing where that cannot be told.
    pub(super) class: Option<String>,
    pub(super) nullable: bool,
}

impl Release {
    /// One whose entities are those of a schema.
    pub fn of(catalog: &Catalog, backend: DbBackend) -> Self {
        let columns = |name: &str, table: &Table| {
            let used = |column: &&Column| !is_old_name(catalog, name, &column.name);
            let known = table.columns.iter().filter(used).map(|column| Known {
                name: column.name.clone(),
                class: class(&column.kind, backend),
                nullable: column.nullable,
            });
            known.collect()
        };
        let tables = catalog.tables.iter();
        Self(tables.map(|(name, table)| (name.clone(), columns(name, table))).collect())
    }

    /// The tables that it knows, by name.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The tables and columns that it writes, with the rules it keeps to, which are those of `base`: and the tables that
    /// those refer to, for a row of them must be there.
    pub(super) fn written(&self, base: &Catalog, now: &Catalog) -> Catalog {
        let table = |name: &str| base.tables.get(name).or_else(|| now.tables.get(name));
        let mut names: BTreeSet<_> = self.tables().collect();
        let mut written = Catalog::default();
        while let Some(name) = names.pop_first() {
            let Some(mut own) = table(name).cloned() else { continue };
            names.extend(table(name).into_iter().flat_map(Table::foreign_keys).filter_map(|key| {
                (!written.tables.contains_key(&key.table)).then_some(key.table.as_str())
            }));
            if let Some(known) = self.0.get(name) {
                let new = now.tables.get(name).into_iter().flat_map(|table| table.columns.clone());
                let new: Vec<_> = new.filter(|column| own.column(&column.name).is_none()).collect();
                own.columns.extend(new);
                own.columns.retain(|column| known.iter().any(|known| known.name == column.name));
            }
            written.tables.insert(name.to_owned(), own);
        }
        written
    }
}

/// What reads one declared type of a column reads every other of the same class; nothing for what nobody knows.
pub(super) fn class(declared: &str, backend: DbBackend) -> Option<String> {
    let kind = Kind::of(declared);
    let name = declared.split('(').next().unwrap_or_default().trim();
    match (kind, backend) {
        // It keeps numbers of any width, and has names of its own for text alone.
        (Kind::Text, DbBackend::Sqlite) => {
            let is_text = ["char", "clob", "text", "time"].iter().any(|word| name.contains(word));
            is_text.then(|| kind.to_string())
        }
        (_, DbBackend::Sqlite) => Some(kind.to_string()),
        (Kind::Integer | Kind::Double, _) => Some(name.to_owned()),
        (Kind::Text, _) if !TEXTS.contains(&name) => Some(name.to_owned()),
        _ => Some(kind.to_string()),
    }
}
