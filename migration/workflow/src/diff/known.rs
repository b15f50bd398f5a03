//! What a database has, in the vocabulary of the migrations: the way back from a catalog to the words that made it.

mod check;

use std::collections::BTreeMap;

use anyhow::Context;
use sea_orm::DbBackend;

use super::declared::{self, Declared, Kind};
use crate::{
    catalog::{self, Catalog, Constraint},
    schema::{self, Column, Kind as Word},
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
    /// The columns of its unique indexes that are plain, by name.
    pub(super) uniques: BTreeMap<String, Vec<&'static str>>,
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

impl Table {
    /// What makes the default of a column, if the vocabulary does not say that.
    pub(super) fn computed(&self, column: &str) -> Option<&String> {
        self.beyond.get(column).filter(|why| why.starts_with(DEFAULT))
    }
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
            indexes: plain(found, false).into_values().collect(),
            uniques: plain(found, true),
            searched: searched(name, found, catalog),
        };
        described.declared.complete(&described.uniques);
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

fn plain(table: &catalog::Table, unique: bool) -> BTreeMap<String, Vec<&'static str>> {
    let column = |part: &String| {
        let name = part.trim_matches('"');
        table.column(name).map(|column| lasting(&column.name))
    };
    let indexes = table
        .indexes
        .iter()
        .filter(|(_, index)| index.unique == unique && index.condition.is_none());
    let columns = |index: &catalog::Index| index.parts.iter().map(column).collect::<Option<_>>();
    indexes.filter_map(|(name, index)| Some((name.clone(), columns(index)?))).collect()
}

/// The search in a table, if its side table goes with it.
fn searched(name: &str, table: &catalog::Table, catalog: &Catalog) -> Option<Searched> {
    let columns = all_lasting(&schema::searched(catalog, name));
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
    let check = match check {
        Some(Constraint::Check { expression }) => Some(expression),
        _ => None,
    };
    let mut read = Check::default();
    let understood = check.is_none_or(|expression| read.whole(expression, name, backend));
    let kind = match &column.kind {
        Kind::Uuid => Word::Uuid,
        Kind::Text => Word::Text,
        Kind::String(_) | Kind::OneOf(_) if !read.values.is_empty() => {
            Word::OneOf(Vec::leak(all_lasting(&read.values)))
        }
        Kind::String(_) | Kind::OneOf(_) => Word::String(read.length.unwrap_or_else(|| {
            beyond = Some("a text without a longest length".to_owned());
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
    if let Some(expression) = check
        && !(understood && read == Check::of(&word, backend))
    {
        beyond = Some(format!("CHECK ({expression})"));
    }
    word.unique = whole
        .indexes
        .get(&format!("uq_{table}_{name}"))
        .is_some_and(|index| index.condition.is_none());
    word.references = column.reference.as_ref().map(|(table, action)| (lasting(table), *action));
    if let Some(default) = &own.default {
        word.default = value(default, &column.kind, backend);
        if word.default.is_none() {
            beyond = Some(format!("{DEFAULT} {default}"));
        }
    }
    (word, beyond)
}

/// How it begins that the vocabulary does not say a default.
const DEFAULT: &str = "DEFAULT";

/// How long a text may be where nothing is said, in characters.
pub(super) const LENGTH: u32 = 255;
