//! From what there is to what is declared: the steps between.

mod existing;
mod rename;
mod resolve;
mod search;

use std::collections::BTreeSet;

use anyhow::{bail, ensure};

use super::{
    declared::{self, Declared},
    known::{self, Known, all_lasting, lasting},
    operation::Operation,
};
use crate::schema::{Column, Kind, NewTable};

pub use rename::Rename;
pub(super) use rename::{Candidate, candidates};

/// The steps that make what is declared of what is known. Nothing else is touched.
///
/// # Errors
/// When the difference cannot be migrated, or a name to be changed is not there.
pub(super) fn compare(
    known: &Known,
    declared: &Declared,
    renames: &[Rename],
) -> anyhow::Result<Vec<Operation>> {
    let mut known = known.clone();
    let mut operations = rename::apply(&mut known, declared, renames)?;
    let new = declared.iter().filter(|(name, _)| !known.contains_key(name.as_str()));
    let new =
        new.map(|(name, table)| new_table(name, table)).collect::<anyhow::Result<Vec<_>>>()?;
    operations.extend(in_order(new)?.into_iter().map(Operation::CreateTable));
    let mut gone = Vec::new();
    for (name, table) in &known {
        if let Some(mut declared) = declared.get(*name).cloned() {
            declared.complete(&table.uniques);
            operations.extend(existing::changes(name, table, &declared)?);
        } else {
            gone.push(known_table(name, table));
        }
    }
    let gone = in_order(gone)?.into_iter().rev();
    operations.extend(gone.map(Operation::DropTable));
    Ok(search::around(operations, &known, declared))
}

/// The tables, each after those that it refers to.
fn in_order(mut waiting: Vec<NewTable>) -> anyhow::Result<Vec<NewTable>> {
    let mut done: Vec<NewTable> = Vec::new();
    while !waiting.is_empty() {
        let names: BTreeSet<_> = waiting.iter().map(|table| table.name).collect();
        let waits = |table: &NewTable| {
            let mut targets = table.columns.iter().filter_map(|column| column.references);
            targets.any(|(target, _)| target != table.name && names.contains(target))
        };
        let (rest, ready): (Vec<_>, Vec<_>) = waiting.into_iter().partition(waits);
        if ready.is_empty() {
            let names: Vec<_> = names.into_iter().collect();
            bail!(
                "the tables {} refer to each other in a circle: declare one of the references later, in a migration \
                 of its own",
                names.join(", ")
            );
        }
        done.extend(ready);
        waiting = rest;
    }
    Ok(done)
}

/// A table that is declared and not there. The vocabulary gives it its key and its times.
fn new_table(name: &str, declared: &declared::Table) -> anyhow::Result<NewTable> {
    ensure!(
        declared.primary_key == ["id"],
        "{name}: the primary key of a table is `id: Uuid`, with #[sea_orm(primary_key, auto_increment = false)]"
    );
    for (column, kind, rust) in [
        ("id", declared::Kind::Uuid, "Uuid"),
        ("created_at", declared::Kind::Timestamp, "DateTimeWithTimeZone"),
        ("updated_at", declared::Kind::Timestamp, "DateTimeWithTimeZone"),
    ] {
        let found = declared.columns.iter().find(|found| found.name == column);
        ensure!(
            found.is_some_and(|found| found.kind == kind && !found.null),
            "{name}: every table has the field `{column}: {rust}`"
        );
    }
    let columns = declared.columns.iter().map(|column| {
        let mut word = resolve::column(name, column, None)?;
        word.unique = declared.uniques.contains(&vec![column.name.clone()]);
        anyhow::Ok(word)
    });
    let columns = columns.collect::<anyhow::Result<Vec<_>>>()?;
    let several = declared.uniques.iter().filter(|columns| columns.len() > 1);
    let uniques: Vec<_> = several.map(|columns| all_lasting(columns)).collect();
    let asked = declared.columns.iter().filter(|column| column.indexed);
    let asked = asked.map(|column| lasting(&column.name)).filter(|name| {
        let own = columns.iter().find(|column| column.name == *name);
        let has = own.is_some_and(|column| column.unique || column.references.is_some());
        !has && !uniques.iter().any(|columns| columns.first() == Some(name))
    });
    let indexes = asked.map(|column| vec![column]).collect();
    Ok(whole(lasting(name), columns, uniques, indexes))
}

/// A table that is there, as the vocabulary would make it.
fn known_table(name: &'static str, known: &known::Table) -> NewTable {
    let order =
        known.declared.columns.iter().filter_map(|column| known.columns.get(column.name.as_str()));
    let columns: Vec<_> = order.cloned().collect();
    let uniques =
        known.uniques.values().filter(|columns| columns.len() > 1).cloned().collect::<Vec<_>>();
    // A reference that leads no other index gets its own by itself.
    let implied = |index: &Vec<&'static str>| {
        let [only] = index.as_slice() else { return false };
        let referring =
            columns.iter().any(|column| column.name == *only && column.references.is_some());
        let mut others =
            known.uniques.values().chain(&known.indexes).filter(|other| *other != index);
        referring && !others.any(|other| other.first() == Some(only))
    };
    let indexes = known.indexes.iter().filter(|index| !implied(index)).cloned().collect();
    whole(name, columns, uniques, indexes)
}

/// With the columns in the order that [`table`](crate::schema::table) gives them.
fn whole(
    name: &'static str,
    mut columns: Vec<Column>,
    uniques: Vec<Vec<&'static str>>,
    indexes: Vec<Vec<&'static str>>,
) -> NewTable {
    columns.retain(|column| !["id", "created_at", "updated_at"].contains(&column.name));
    let mut table = crate::schema::table(name, columns);
    (table.uniques, table.indexes) = (uniques, indexes);
    table
}

/// Whether a column holds text.
fn is_text(kind: &Kind) -> bool {
    is_string(kind) || *kind == Kind::Text
}

/// Whether a column holds text whose length or values are limited.
fn is_string(kind: &Kind) -> bool {
    matches!(kind, Kind::String(_) | Kind::OneOf(_))
}
