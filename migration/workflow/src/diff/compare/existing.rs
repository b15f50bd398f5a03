//! What changes about a table that is there and stays.

use anyhow::{bail, ensure};
use sea_orm::DbBackend;

use super::{is_text, resolve};
use crate::{
    diff::{
        declared,
        known::{self, all_lasting, lasting},
        operation::{Alteration, Operation},
    },
    schema::{Column, Kind, literal},
};

/// The steps that make a table what is declared: columns come first and go last, so that keys and indexes can follow.
pub(super) fn changes(
    name: &'static str,
    known: &known::Table,
    declared: &declared::Table,
) -> anyhow::Result<Vec<Operation>> {
    ensure!(
        primary_key(&known.declared) == primary_key(declared),
        "{name}: a primary key is not changed: make a new table, and move the rows"
    );
    let mut table = Changes { name, known, declared, added: Vec::new(), alterations: Vec::new() };
    let gone: Vec<_> = table.gone().collect();
    table.drop_keys(&gone)?;
    let gone: Vec<_> = gone.into_iter().map(|column| table.without_keys(column)).collect();
    for field in &declared.columns {
        match known.declared.columns.iter().find(|column| column.name == field.name) {
            None => table.add(field)?,
            Some(before) => table.alter(field, before)?,
        }
    }
    table.add_keys()?;
    table.index();
    let Changes { added, alterations, .. } = table;
    let mut operations: Vec<_> =
        added.into_iter().map(|column| Operation::AddColumn(name, column)).collect();
    if !alterations.is_empty() {
        operations.push(Operation::Change(name, alterations));
    }
    operations.extend(gone.into_iter().map(|column| Operation::DropColumn(name, column)));
    Ok(operations)
}

struct Changes<'a> {
    name: &'static str,
    known: &'a known::Table,
    declared: &'a declared::Table,
    added: Vec<Column>,
    alterations: Vec<Alteration>,
}

impl<'a> Changes<'a> {
    /// The columns that are no longer declared.
    fn gone(&self) -> impl Iterator<Item = &'a Column> {
        let declared = self.declared;
        let columns = self.known.declared.columns.iter();
        let gone = columns
            .filter(move |column| !declared.columns.iter().any(|other| other.name == column.name));
        let known = self.known;
        gone.filter_map(move |column| known.columns.get(column.name.as_str()))
    }

    /// Keys that are no longer declared, and indexes of columns that go.
    fn drop_keys(&mut self, gone: &[&Column]) -> anyhow::Result<()> {
        let goes = |column: &&str| gone.iter().any(|gone| gone.name == *column);
        for unique in &self.known.declared.uniques {
            if self.declared.uniques.iter().any(|other| same(other, unique)) {
                continue;
            }
            let Some(found) = self.known.uniques.values().find(|other| same(other, unique)) else {
                bail!(
                    "{}: the key ({}) is none that the migrations have made: drop it with `garboard db new`",
                    self.name,
                    unique.join(", ")
                );
            };
            // With a column goes the key of that column alone.
            if !matches!(found.as_slice(), [only] if goes(only)) {
                self.alterations.push(Alteration::DropUnique(found.clone()));
            }
        }
        for unique in self.known.uniques.values().filter(|unique| unique.len() > 1) {
            let drop = Alteration::DropUnique(unique.clone());
            if unique.iter().any(goes) && !self.alterations.contains(&drop) {
                self.alterations.push(drop);
            }
        }
        for index in &self.known.indexes {
            let own = |column: &&str| {
                gone.iter()
                    .any(|gone| gone.name == *column && gone.references.is_some() && !gone.unique)
            };
            let alone = matches!(index.as_slice(), [only] if own(only));
            if index.iter().any(goes) && !alone {
                self.alterations.push(Alteration::DropIndex(index.clone()));
            }
        }
        Ok(())
    }

    /// A column that goes, with the keys that go with it by themselves; the others go before.
    fn without_keys(&mut self, column: &Column) -> Column {
        let mut column = column.clone();
        column.unique &= self.known.declared.uniques.contains(&vec![column.name.to_owned()]);
        // A reference brings an index, unless another begins with its column.
        if !column.unique
            && !self.known.indexes.contains(&vec![column.name])
            && let Some(target) = column.references.take()
        {
            self.alterations.push(Alteration::Reference(column.name, Some(target), None));
        }
        column
    }

    fn add(&mut self, field: &declared::Column) -> anyhow::Result<()> {
        let name = self.name;
        let mut column = resolve::column(name, field, None)?;
        ensure!(
            column.null || column.default.is_some(),
            "{name}.{column} is new and may not be null, but the rows that there are have nothing to put there: make it \
             an Option, or give it a #[sea_orm(default_value = …)]",
            column = column.name
        );
        column.unique = self.declared.uniques.contains(&vec![field.name.clone()]);
        ensure!(
            !column.unique || column.default.is_none(),
            "{name}.{column} is new and unique, so the rows that there are cannot all have its default: make it an Option \
             without one",
            column = column.name
        );
        // Several references to one table are numbered in an order that only a change keeps the same on both databases.
        let referred = |other: &&declared::Column| {
            other.name != field.name
                && other.reference.as_ref().map(|(table, _)| table)
                    == field.reference.as_ref().map(|(table, _)| table)
        };
        if column.references.is_some() && self.declared.columns.iter().any(|other| referred(&other))
        {
            let reference = column.references.take();
            self.alterations.push(Alteration::Reference(column.name, None, reference));
        }
        self.added.push(column);
        Ok(())
    }

    fn alter(&mut self, field: &declared::Column, before: &declared::Column) -> anyhow::Result<()> {
        let Some(old) = self.known.columns.get(field.name.as_str()) else { return Ok(()) };
        let new = resolve::column(self.name, field, Some(old))?;
        let name = new.name;
        // One step describes the column anew; references and keys have steps of their own.
        let bare = |column: &Column| {
            let mut column = column.clone();
            (column.unique, column.references) = (false, None);
            column
        };
        ensure!(
            is_converted_alike(&old.kind, &new.kind),
            "{}.{name}: the databases do not make one type of the other alike: say how, with `garboard db new` and \
             `column_from`",
            self.name
        );
        let filled = new.default.as_ref().filter(|_| old.null && !new.null).map(|default| {
            let default = literal(default, DbBackend::Sqlite);
            lasting(&format!("coalesce({}, {default})", crate::definition::identifier(name)))
        });
        let described =
            old.kind != new.kind || old.lower_case != new.lower_case || old.between != new.between;
        let anew = described || filled.is_some();
        let computed = self.known.computed(name).filter(|_| field.default.is_some());
        if let Some(why) = computed.or_else(|| self.known.beyond.get(name).filter(|_| anew)) {
            bail!(
                "{}.{name} has more than the vocabulary of the migrations says ({why}), which would be lost: change \
                 it with `garboard db new`",
                self.name
            );
        }
        if anew {
            let from = filled.filter(|_| is_text(&old.kind) == is_text(&new.kind));
            self.alterations.push(Alteration::Column { old: bare(old), new: bare(&new), from });
        } else {
            if old.null != new.null {
                let one = if new.null { Alteration::Nullable } else { Alteration::NotNull };
                self.alterations.push(one(name));
            }
            if old.default != new.default {
                let (old, new) = (old.default.clone(), new.default.clone());
                self.alterations.push(Alteration::Default(name, old, new));
            }
        }
        if field.reference != before.reference {
            let reference = Alteration::Reference(name, old.references, new.references);
            self.alterations.push(reference);
        }
        Ok(())
    }

    /// Keys that are declared and not there, but for those that a new column brings.
    fn add_keys(&mut self) -> anyhow::Result<()> {
        for unique in &self.declared.uniques {
            let there = self.known.declared.uniques.iter().any(|other| same(other, unique));
            let own = |column: &Column| matches!(unique.as_slice(), [only] if *only == column.name);
            if there {
                continue;
            }
            if let [only] = unique.as_slice()
                && let Some(key) = self.declared.keys.get(only)
            {
                bail!(
                    "{}: of the fields that are there, {only} alone says unique_key = {key:?}: name the key at each of its \
                     fields; or say unique; or leave it out",
                    self.name
                );
            }
            if !self.added.iter().any(own) {
                self.alterations.push(Alteration::Unique(all_lasting(unique)));
            }
        }
        Ok(())
    }

    /// Indexes that fields ask for, and those of references, unless there is one that begins with the column.
    fn index(&mut self) {
        for field in &self.declared.columns {
            if !field.indexed && field.reference.is_none() {
                continue;
            }
            let own = |column: &Column| {
                column.name == field.name && (column.unique || column.references.is_some())
            };
            let begins =
                |columns: &Vec<&'static str>| columns.first() == Some(&field.name.as_str());
            let dropped = |columns: &Vec<&'static str>| {
                self.alterations.iter().any(|one| {
                    matches!(one, Alteration::DropUnique(other) | Alteration::DropIndex(other) if other == columns)
                })
            };
            let kept = self.known.uniques.values().chain(&self.known.indexes);
            let there = kept.filter(|columns| !dropped(columns)).any(begins);
            let made = self
                .alterations
                .iter()
                .any(|one| matches!(one, Alteration::Unique(columns) if begins(columns)));
            if !there && !made && !self.added.iter().any(own) {
                self.alterations.push(Alteration::Index(vec![lasting(&field.name)]));
            }
        }
    }
}

/// The columns of the primary key, and what they hold.
fn primary_key(table: &declared::Table) -> Vec<(&String, Option<(&declared::Kind, bool)>)> {
    let held = |name: &String| {
        let column = table.columns.iter().find(|column| column.name == *name)?;
        Some((&column.kind, column.null))
    };
    table.primary_key.iter().map(|name| (name, held(name))).collect()
}

/// Whether both databases make the same of a value, or refuse it.
fn is_converted_alike(old: &Kind, new: &Kind) -> bool {
    use Kind::{BigInteger, Date, Double, Json, SmallInteger};
    match (old, new) {
        (SmallInteger | BigInteger, SmallInteger | BigInteger | Double)
        | (Double, SmallInteger | BigInteger) => true,
        (SmallInteger | BigInteger | Date, new) if is_text(new) => true,
        (old, SmallInteger | BigInteger | Double | Date | Json) if is_text(old) => true,
        (old, new) => old == new || is_text(old) && is_text(new),
    }
}

/// Whether two keys are of the same columns, in whatever order.
fn same<A: AsRef<str>, B: AsRef<str>>(one: &[A], other: &[B]) -> bool {
    one.len() == other.len()
        && one.iter().all(|name| other.iter().any(|other| other.as_ref() == name.as_ref()))
}
