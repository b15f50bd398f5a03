//! Names that change: they are said, never guessed.

use std::{fmt, str::FromStr};

use anyhow::{Context, ensure};

use crate::diff::{
    declared::{self, Declared},
    known::{self, Known, lasting},
    operation::Operation,
};

/// A table or a column that gets another name: `task=todo`, `task.title=task.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The table as it is named afterwards, for a column.
    table: Option<String>,
    from: String,
    to: String,
}

impl FromStr for Rename {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let how = "write TABLE=TABLE or TABLE.COLUMN=TABLE.COLUMN, such as task.title=task.name";
        let (from, to) = text.split_once('=').context(how)?;
        match (from.split_once('.'), to.split_once('.')) {
            (None, None) => Ok(Self { table: None, from: from.to_owned(), to: to.to_owned() }),
            (Some((old, from)), Some((new, to))) => {
                ensure!(
                    old == new,
                    "a column stays in its table; where the table is renamed too, write its new name on both sides"
                );
                Ok(Self { table: Some(new.to_owned()), from: from.to_owned(), to: to.to_owned() })
            }
            _ => anyhow::bail!("{how}"),
        }
    }
}

impl Rename {
    /// Whether it says where something comes from or goes to already; both as `table` or `table.column`.
    pub(in crate::diff) fn is_about(&self, from: &str, to: &str) -> bool {
        let whole = |name: &String| {
            self.table.as_ref().map_or_else(|| name.clone(), |table| format!("{table}.{name}"))
        };
        whole(&self.from) == from || whole(&self.to) == to
    }
}

/// Changes the names of what is known, and returns the steps that do it.
pub(super) fn apply(
    known: &mut Known,
    declared: &Declared,
    renames: &[Rename],
) -> anyhow::Result<Vec<Operation>> {
    let (tables, columns): (Vec<_>, Vec<_>) = renames.iter().partition(|one| one.table.is_none());
    let mut operations = Vec::new();
    for Rename { from, to, .. } in tables {
        ensure!(declared.contains_key(to), "no entity declares the table {to}");
        ensure!(!declared.contains_key(from), "the table {from} is still declared");
        ensure!(!known.contains_key(to.as_str()), "there is a table {to} already");
        let (from, table) = known
            .remove_entry(from.as_str())
            .with_context(|| format!("there is no table {from}"))?;
        let to = lasting(to);
        known.insert(to, table);
        for table in known.values_mut() {
            let references =
                table.declared.columns.iter_mut().filter_map(|column| column.reference.as_mut());
            references
                .filter(|(target, _)| target == from)
                .for_each(|(target, _)| to.clone_into(target));
            let references =
                table.columns.values_mut().filter_map(|column| column.references.as_mut());
            references.filter(|(target, _)| *target == from).for_each(|(target, _)| *target = to);
        }
        operations.push(Operation::RenameTable(from, to));
    }
    for Rename { table, from, to } in columns {
        let name = lasting(table.as_deref().unwrap_or_default());
        let own =
            declared.get(name).with_context(|| format!("no entity declares the table {name}"))?;
        let has = |column: &str| own.columns.iter().any(|own| own.name == column);
        ensure!(has(to), "the entity of {name} declares no {to}");
        ensure!(!has(from), "the entity of {name} still declares {from}");
        let table = known.get_mut(name).with_context(|| format!("there is no table {name}"))?;
        ensure!(table.columns.contains_key(from.as_str()), "{name} has no column {from}");
        ensure!(!table.columns.contains_key(to.as_str()), "{name} has a column {to} already");
        operations.push(column(name, table, from, to)?);
    }
    Ok(operations)
}

fn column(
    name: &'static str,
    table: &mut known::Table,
    from: &str,
    to: &str,
) -> anyhow::Result<Operation> {
    let (from, mut column) = table.columns.remove_entry(from).context("a column of the table")?;
    let to = lasting(to);
    column.name = to;
    table.columns.insert(to, column);
    if let Some((_, why)) = table.beyond.remove_entry(from) {
        table.beyond.insert(to, why);
    }
    let searched = table.searched.iter_mut().map(|searched| &mut searched.renamed);
    let lists =
        table.indexes.iter_mut().chain(table.uniques.values_mut()).chain(searched).flatten();
    lists.filter(|other| **other == from).for_each(|other| *other = to);
    let declared::Table { columns, primary_key, uniques, keys } = &mut table.declared;
    if let Some(key) = keys.remove(from) {
        keys.insert(to.to_owned(), key);
    }
    let names = columns.iter_mut().map(|column| &mut column.name);
    let names = names.chain(primary_key).chain(uniques.iter_mut().flatten());
    names.filter(|name| *name == from).for_each(|name| to.clone_into(name));
    Ok(Operation::RenameColumn(name, from, to))
}

/// What looks as if it had another name now: it is there no longer, and something of its kind is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diff) struct Candidate {
    /// What is gone, as `table` or `table.column`.
    pub(in crate::diff) from: String,
    /// What is new.
    pub(in crate::diff) to: String,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "if {from} has another name now, say --rename {from}={to}")
    }
}

/// Everything that looks as if it had another name now.
pub(in crate::diff) fn candidates(known: &Known, declared: &Declared) -> Vec<Candidate> {
    let mut found = Vec::new();
    let gone = known.iter().filter(|(name, _)| !declared.contains_key(**name));
    for (from, table) in gone {
        let new = declared.iter().filter(|(name, _)| !known.contains_key(name.as_str()));
        let names = |table: &declared::Table| {
            table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>()
        };
        let same = new.filter(|(_, new)| names(new) == names(&table.declared));
        found.extend(same.map(|(to, _)| Candidate { from: (*from).to_owned(), to: to.clone() }));
    }
    for (name, table) in known {
        let Some(own) = declared.get(*name) else { continue };
        let has =
            |columns: &[declared::Column], name: &str| columns.iter().any(|one| one.name == name);
        let gone = table.declared.columns.iter().filter(|one| !has(&own.columns, &one.name));
        for old in gone {
            let new = own.columns.iter().filter(|one| !has(&table.declared.columns, &one.name));
            let alike = |new: &&declared::Column| {
                std::mem::discriminant(&new.kind) == std::mem::discriminant(&old.kind)
                    && new.reference == old.reference
            };
            found.extend(new.filter(alike).map(|new| Candidate {
                from: format!("{name}.{}", old.name),
                to: format!("{name}.{}", new.name),
            }));
        }
    }
    found
}
