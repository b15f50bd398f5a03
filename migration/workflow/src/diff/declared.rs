//! What entity sources declare: tables, their columns and keys.
//!
//! Sources are in the form in which `garboard db entities` writes them (SeaORM's compact format), and may say more than it
//! writes: a default, the length of a text, an index, the values of an enum.

mod attribute;
mod field;
mod key;
mod listed;

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use syn::{Fields, Item, ItemEnum, ItemStruct, spanned::Spanned};

use crate::{
    entities::{Entities, is_list},
    schema::OnDelete,
};
use attribute::Attributes;
pub(crate) use attribute::derives;
use listed::Listed;

/// The tables that are declared, by name.
pub type Declared = BTreeMap<String, Table>;

/// A table as its entity declares it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// In the order of the fields.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// Columns whose values no two rows share, one or several.
    pub uniques: Vec<Vec<String>>,
    /// The name of the key of several columns that a column says it is part of, by column.
    pub keys: BTreeMap<String, String>,
}

/// A column as a field declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in the database.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether the field is an `Option`.
    pub null: bool,
    /// What rows have where nothing is said, if the field says so.
    pub default: Option<Default>,
    /// Whether the field asks for an index.
    pub indexed: bool,
    /// The table whose `id` it holds, and what the removal of a row there does.
    pub reference: Option<(String, OnDelete)>,
}

/// What a column holds, as far as a field tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Uuid`.
    Uuid,
    /// `String` with `column_type = "Text"`.
    Text,
    /// `String`; its length in characters, if the field says so.
    String(Option<u32>),
    /// An enum of these texts.
    OneOf(Vec<String>),
    /// `bool`.
    Boolean,
    /// `i16`.
    SmallInteger,
    /// `i64`.
    BigInteger,
    /// `f64`.
    Double,
    /// `Date`.
    Date,
    /// `DateTimeWithTimeZone`.
    Timestamp,
    /// `Json`.
    Json,
}

/// A default that a field declares.
#[derive(Clone, Debug, PartialEq)]
pub enum Default {
    /// There is none (`default_expr = "Keyword::Null"`).
    None,
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// True or false.
    Boolean(bool),
}

/// Reads what entity sources declare.
///
/// # Errors
/// When a file is no Rust, or declares what a migration cannot say; the message begins with the file and the line.
pub fn read(entities: &Entities) -> anyhow::Result<Declared> {
    let sources = entities.files().iter().filter(|(name, _)| !is_list(name));
    let parsed = sources.map(|(name, text)| {
        let file = syn::parse_file(text).map_err(|error| at(name, error.span(), error))?;
        anyhow::Ok((name.as_str(), file))
    });
    let files = parsed.collect::<anyhow::Result<Vec<_>>>()?;
    let mut names = BTreeMap::new();
    let mut listed = Listed::default();
    for (file, parsed) in &files {
        for item in &parsed.items {
            if let Item::Enum(item) = item {
                listed.add(file, item).map_err(|error| at(file, error.span(), error))?;
            }
        }
        if let Some(model) = model(file, &parsed.items)? {
            let table = table_name(file, model)?;
            if names.values().any(|other| *other == table) {
                bail!("{file}: another file declares the table {table} as well");
            }
            names.insert(module(file), table);
        }
    }
    let mut declared = Declared::new();
    for (file, parsed) in &files {
        let Some(model) = model(file, &parsed.items)? else { continue };
        let relations = parsed.items.iter().find_map(|item| match item {
            Item::Enum(item) if item.ident == "Relation" => Some(item),
            _ => None,
        });
        let own = names.get(&module(file)).context("the file has a table")?;
        let (mut table, variants) = columns(file, model, &listed)?;
        if let Some(relations) = relations {
            references(file, relations, own, &names, &variants, &mut table)?;
        }
        declared.insert(own.clone(), table);
    }
    for table in declared.values() {
        for (target, _) in table.columns.iter().filter_map(|column| column.reference.as_ref()) {
            if !declared.contains_key(target) {
                bail!("a relation leads to the table {target}, which no entity declares");
            }
        }
    }
    Ok(declared)
}

/// What a file is called where it is used.
fn module(file: &str) -> String {
    file.trim_end_matches(".rs").to_owned()
}

/// An error with where it is.
fn at(file: &str, span: proc_macro2::Span, error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("{file}:{}: {error}", span.start().line)
}

/// The model of a file, if it has one. Another one there would be taken for a table that is gone.
fn model<'a>(file: &str, items: &'a [Item]) -> anyhow::Result<Option<&'a ItemStruct>> {
    let is_entity = |item: &ItemStruct| derives(&item.attrs, "DeriveEntityModel");
    let mut models = Vec::new();
    for item in items {
        match item {
            Item::Struct(item) if is_entity(item) => models.push(item),
            Item::Struct(item) if item.ident == "Model" => {
                let why = "a model is in SeaORM's compact format: it derives DeriveEntityModel";
                return Err(at(file, item.span(), why));
            }
            Item::Mod(inner) => {
                let items = inner.content.as_ref().map(|(_, items)| items.as_slice());
                models.extend(model(file, items.unwrap_or_default())?);
            }
            _ => {}
        }
    }
    let own = |model: &ItemStruct| {
        items.iter().any(|item| matches!(item, Item::Struct(own) if std::ptr::eq(own, model)))
    };
    match models.as_slice() {
        [] => Ok(None),
        [only] if own(only) => Ok(Some(only)),
        [first, ..] => Err(at(file, first.span(), "each model has a file of its own")),
    }
}

fn table_name(file: &str, model: &ItemStruct) -> anyhow::Result<String> {
    let attributes = Attributes::read(&model.attrs, &["table_name"])
        .map_err(|error| at(file, error.span(), error))?;
    let name = attributes.text("table_name").map_err(|error| at(file, error.span(), error))?;
    name.with_context(|| format!("{file}: the model has no #[sea_orm(table_name = \"…\")]"))
}

/// The table of a model, and its columns by how SeaORM names their variants of `Column`.
fn columns(
    file: &str,
    model: &ItemStruct,
    listed: &Listed,
) -> anyhow::Result<(Table, BTreeMap<String, String>)> {
    let Fields::Named(fields) = &model.fields else {
        return Err(at(file, model.span(), "the model has no named fields"));
    };
    let mut table = Table::default();
    let mut variants = BTreeMap::new();
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for field in &fields.named {
        let read =
            field::read(file, field, listed).map_err(|error| at(file, error.span(), error))?;
        let name = read.column.name.clone();
        if read.primary_key {
            table.primary_key.push(name.clone());
        }
        if read.unique {
            table.uniques.push(vec![name.clone()]);
        }
        variants.insert(read.variant, name.clone());
        if let Some(key) = read.unique_key {
            table.keys.insert(name.clone(), key.clone());
            match keys.iter_mut().find(|(other, _)| *other == key) {
                Some((_, columns)) => columns.push(name.clone()),
                None => keys.push((key, vec![name.clone()])),
            }
        }
        if table.columns.iter().any(|other| other.name == name) {
            return Err(at(file, field.span(), format!("there is another column {name}")));
        }
        table.columns.push(read.column);
    }
    table.uniques.extend(keys.into_iter().map(|(name, columns)| key::in_order_of(&name, columns)));
    Ok((table, variants))
}

/// Notes which columns refer to which tables.
fn references(
    file: &str,
    relations: &ItemEnum,
    own: &str,
    names: &BTreeMap<String, String>,
    variants: &BTreeMap<String, String>,
    table: &mut Table,
) -> anyhow::Result<()> {
    for variant in &relations.variants {
        let (name, target, on_delete) = match field::reference(variant) {
            Ok(None) => continue,
            Ok(Some(reference)) => reference,
            Err(error) => return Err(at(file, error.span(), error)),
        };
        let said = |error: String| at(file, variant.span(), error);
        let target = match target {
            None => own.to_owned(),
            Some(module) => names.get(&module).cloned().ok_or_else(|| {
                said(format!("there is no entity {module}.rs that `belongs_to` could mean"))
            })?,
        };
        let column = variants.get(&name);
        let column =
            table.columns.iter_mut().find(|one| column.is_some_and(|column| one.name == *column));
        let column =
            column.ok_or_else(|| said(format!("the model has no field for Column::{name}")))?;
        if column.reference.replace((target, on_delete)).is_some() {
            return Err(said(format!("{} belongs to something already", column.name)));
        }
    }
    Ok(())
}
