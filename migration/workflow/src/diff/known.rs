//! What a database has, in the vocabulary of the migrations: the way back from a catalog to the words that made it.

mod check;

use std::collections::BTreeMap;

use anyhow::Context;
use sea_orm::DbBackend;

use super::declared::{self, Declared, Kind};
use crate::{
    catalog::{self, Catalog, Constraint},
    schema::{Column, Kind as Word, SIDE_COLUMNS, side_table},
};
use check::{Check, value};

/// The tables that entities are generated for, by name.
pub(super) type Known = BTreeMap<&'static str, Table>;

/// A table that there is.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// What its generated entity declares.
    pub(super) declared: declared::Table,
    /// Its columns in the vocabulary.
    pub(super) columns: BTreeMap<&'static str, Column>,
    /// Those which the vocabulary does not describe wholly, and why.
    pub(super) beyond: BTreeMap<&'static str, String>,
    /// The columns of its indexes that are plain.
    pub(super) indexes: Vec<Vec<&'static str>>,
    /// The columns of its unique indexes that are plain.
    pub(super) uniques: Vec<Vec<&'static str>>,
    /// The search in it, if there is one.
    pub(super) searched: Option<Searched>,
}

/// What the side table of a searched table is for.
#[derive(Clone, Debug)]
pub(super) struct Searched {
    /// The table, as it is named in the database.
    pub(super) table: &'static str,
    /// The columns, as they are named in the database.
    pub(super) columns: Vec<&'static str>,
    /// The columns, as they are named once those have other names that get some.
    pub(super) renamed: Vec<&'static str>,
}

/// Describes what entities were generated from: `declared` by them, with what only the catalog tells.
pub(super) fn describe(
    declared: &Declared,
    catalog: &Catalog,
    backend: DbBackend,
) -> anyhow::Result<Known> {
    let mut known = Known::new();
    for (name, table) in declared {
        let found = catalog.tables.get(name).context("a table of the catalog has an entity")?;
        let mut described = Table {
            declared: table.clone(),
            columns: BTreeMap::new(),
            beyond: BTreeMap::new(),
            indexes: plain(found, false),
            uniques: plain(found, true),
            searched: searched(name, found, catalog),
        };
        for column in &table.columns {
            let own = found.column(&column.name).context("a field has a column")?;
            let (word, beyond) = word(name, column, own, found, backend);
            if let Some(why) = beyond {
                described.beyond.insert(word.name, why);
            }
            described.columns.insert(word.name, word);
        }
        known.insert(lasting(name), described);
    }
    Ok(known)
}

/// A text that lasts as long as the process. The vocabulary takes such ones, for they stand in sources as a rule; a process
/// that compares sources with a database does so once.
pub(super) fn lasting(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// Several of them.
pub(super) fn all_lasting<T: AsRef<str>>(texts: &[T]) -> Vec<&'static str> {
    texts.iter().map(|text| lasting(text.as_ref())).collect()
}

fn plain(table: &catalog::Table, unique: bool) -> Vec<Vec<&'static str>> {
    let column = |part: &String| {
        let name = part.trim_matches('"');
        table.column(name).map(|column| lasting(&column.name))
    };
    let indexes =
        table.indexes.values().filter(|index| index.unique == unique && index.condition.is_none());
    indexes.filter_map(|index| index.parts.iter().map(column).collect()).collect()
}

/// The search in a table, if its side table goes with it.
fn searched(name: &str, table: &catalog::Table, catalog: &Catalog) -> Option<Searched> {
    let side = catalog.tables.get(&side_table(name))?;
    let copies = side.columns.iter().map(|column| column.name.as_str());
    let copies = copies.filter(|column| !SIDE_COLUMNS.contains(column)).collect::<Vec<_>>();
    let columns = all_lasting(&copies);
    let whole = !columns.is_empty() && columns.iter().all(|column| table.column(column).is_some());
    whole.then(|| Searched { table: lasting(name), renamed: columns.clone(), columns })
}

/// A column in the vocabulary, and what of it that cannot say.
fn word(
    table: &str,
    column: &declared::Column,
    own: &catalog::Column,
    whole: &catalog::Table,
    backend: DbBackend,
) -> (Column, Option<String>) {
    let name = lasting(&column.name);
    let mut beyond = None;
    let check = whole.constraints.get(&format!("ck_{table}_{name}"));
    let mut read = Check::default();
    if let Some(Constraint::Check { expression }) = check
        && !read.whole(expression, backend)
    {
        beyond = Some(format!("CHECK ({expression})"));
    }
    let kind = match &column.kind {
        Kind::Uuid => Word::Uuid,
        Kind::Text => Word::Text,
        Kind::String(_) | Kind::OneOf(_) if !read.values.is_empty() => {
            Word::OneOf(Vec::leak(all_lasting(&read.values)))
        }
        Kind::String(_) | Kind::OneOf(_) => Word::String(read.length.unwrap_or_else(|| {
            beyond.get_or_insert_with(|| "a text without a longest length".to_owned());
            LENGTH
        })),
        Kind::Boolean => Word::Boolean,
        Kind::SmallInteger => Word::SmallInteger,
        Kind::BigInteger => Word::BigInteger,
        Kind::Double => Word::Double,
        Kind::Date => Word::Date,
        Kind::Timestamp => Word::Timestamp,
        Kind::Json => Word::Json,
    };
    let mut word = Column::new(name, kind);
    word.null = column.null;
    word.lower_case = read.lower_case;
    word.between = read.least.zip(read.most);
    word.unique = whole.indexes.contains_key(&format!("uq_{table}_{name}"));
    word.references = column.reference.as_ref().map(|(table, action)| (lasting(table), *action));
    if let Some(default) = &own.default {
        word.default = value(default, &column.kind, backend);
        if word.default.is_none() {
            beyond.get_or_insert_with(|| format!("DEFAULT {default}"));
        }
    }
    (word, beyond)
}

/// How long a text may be where nothing is said, in characters.
pub(super) const LENGTH: u32 = 255;
