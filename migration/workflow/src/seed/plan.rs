//! How many rows each table gets, and what is known of each column before the first row is made.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use sea_orm::DbBackend;

use super::{dice::number_of, rules::Rules};
use crate::{
    catalog::{Catalog, Constraint, ForeignKey, Table},
    rows::{Kind, Relation, Step, is_derived, steps},
};

/// What is to be made.
#[derive(Debug)]
pub(super) struct Plan {
    /// Each table after those that it refers to, where it can.
    pub(super) tables: Vec<Planned>,
    /// In which steps they are filled.
    pub(super) steps: Vec<Step>,
}

/// A table.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) relation: Relation,
    /// Of its name.
    pub(super) number: u64,
    /// How many it gets.
    pub(super) rows: u64,
    /// In the order of the relation's fields.
    pub(super) columns: Vec<Column>,
    /// Keys of several columns, none of which is unique by itself: combinations that are drawn until a new one falls.
    pub(super) drawn: Vec<Vec<usize>>,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Of its name.
    pub(super) number: u64,
    pub(super) rules: Rules,
    pub(super) nullable: bool,
    /// No two rows share its value.
    pub(super) unique: bool,
    pub(super) reference: Option<Reference>,
}

/// What a column refers to.
#[derive(Debug)]
pub(super) struct Reference {
    /// The place of the table.
    pub(super) table: usize,
    /// The place of the column there.
    pub(super) column: usize,
    /// The same for all columns of the key, so that they refer to one row.
    pub(super) number: u64,
    /// Whether the key may refer to nothing.
    pub(super) nullable: bool,
}

/// Each table that is one step nearer to the tables that nothing refers to has so many times the rows.
const GROWTH: u64 = 4;

impl Plan {
    /// Plans so many rows for the largest table.
    ///
    /// # Errors
    /// When a key is of a kind that cannot be made up.
    pub(super) fn new(catalog: &Catalog, backend: DbBackend, rows: u64) -> anyhow::Result<Self> {
        let steps = steps(catalog, backend, |name| !is_derived(name));
        let relations: Vec<_> =
            steps.iter().flat_map(|step| step.relations.iter().cloned()).collect();
        let depths = depths(catalog, &relations);
        let deepest = depths.iter().copied().max().unwrap_or_default();
        let mut plan = Self { tables: Vec::new(), steps };
        for (relation, depth) in relations.iter().zip(depths) {
            let table = catalog.tables.get(&relation.name).context("a table of the catalog")?;
            let share = GROWTH.saturating_pow(deepest.saturating_sub(depth));
            let mut planned = Planned {
                relation: relation.clone(),
                number: number_of(&relation.name),
                rows: (rows / share).max(1),
                columns: columns(catalog, table, relation, &relations, backend)?,
                drawn: Vec::new(),
            };
            planned.note_keys(table)?;
            planned.limit(&plan.tables);
            plan.tables.push(planned);
        }
        Ok(plan)
    }
}

/// How far each table is from those that refer to nothing before them.
fn depths(catalog: &Catalog, relations: &[Relation]) -> Vec<u32> {
    let mut depths: Vec<u32> = Vec::new();
    for relation in relations {
        let keys = catalog.tables.get(&relation.name).into_iter().flat_map(Table::foreign_keys);
        let parents = keys.filter_map(|key| {
            let place = relations.iter().position(|other| other.name == key.table)?;
            depths.get(place).copied()
        });
        let depth = parents.max().map_or(0, |deepest| deepest + 1);
        depths.push(depth);
    }
    depths
}

fn columns(
    catalog: &Catalog,
    table: &Table,
    relation: &Relation,
    relations: &[Relation],
    backend: DbBackend,
) -> anyhow::Result<Vec<Column>> {
    // Where a column is of several keys, it follows the longest.
    let mut keys: Vec<_> = table.foreign_keys().collect();
    keys.sort_by_key(|key| (std::cmp::Reverse(key.columns.len()), &key.columns));
    let column = |field: &crate::rows::Field| {
        let nullable = table.column(&field.name).is_some_and(|column| column.nullable);
        let key = keys.iter().find(|key| key.columns.contains(&field.name));
        let reference = key.map(|key| reference(catalog, table, key, &field.name, relations));
        Ok(Column {
            name: field.name.clone(),
            kind: field.kind,
            number: number_of(&field.name),
            rules: Rules::of(table, &field.name, &field.declared, backend),
            nullable: nullable && !table.primary_key().contains(&field.name),
            unique: false,
            reference: reference.transpose()?,
        })
    };
    relation.fields.iter().map(column).collect()
}

fn reference(
    catalog: &Catalog,
    table: &Table,
    key: &ForeignKey,
    column: &str,
    relations: &[Relation],
) -> anyhow::Result<Reference> {
    let place = relations.iter().position(|relation| relation.name == key.table);
    let parent = place.and_then(|place| relations.get(place));
    let (Some(place), Some(parent)) = (place, parent) else {
        bail!("{column} refers to {}, whose rows cannot be made up", key.table);
    };
    let own = catalog.tables.get(&key.table).map(Table::primary_key).unwrap_or_default();
    let targets = if key.references.is_empty() { own } else { key.references.as_slice() };
    let target = key.columns.iter().zip(targets).find(|(from, _)| *from == column);
    let target =
        target.and_then(|(_, to)| parent.fields.iter().position(|field| field.name == *to));
    let may_be_null = |name: &String| table.column(name).is_some_and(|column| column.nullable);
    Ok(Reference {
        table: place,
        column: target.with_context(|| format!("{column} refers to no column of {}", key.table))?,
        number: key.columns.iter().fold(0, |sum, name| sum ^ number_of(name)),
        nullable: key.columns.iter().any(may_be_null),
    })
}

impl Planned {
    /// Decides what makes the keys of the table unique.
    fn note_keys(&mut self, table: &Table) -> anyhow::Result<()> {
        for key in keys(table, &self.relation) {
            let unique =
                |place: &usize| self.columns.get(*place).is_some_and(|column| column.unique);
            if key.iter().any(unique) {
                continue;
            }
            let countable =
                |place: &usize| self.columns.get(*place).is_some_and(Column::is_countable);
            let one = match key.as_slice() {
                [only] => Some(*only),
                several => several.iter().copied().find(countable),
            };
            match one.and_then(|place| self.columns.get_mut(place)) {
                Some(column) => column.unique = true,
                None => self.drawn.push(key),
            }
        }
        let drawn = self.drawn.iter().flatten().filter_map(|place| self.columns.get(*place));
        let numbers: Vec<_> =
            drawn.filter_map(|column| Some(column.reference.as_ref()?.number)).collect();
        let distinct: BTreeSet<_> = numbers.iter().collect();
        if distinct.len() < numbers.len() || self.drawn.len() > 1 {
            bail!("{} has keys that share columns: its rows cannot be made up", self.relation.name);
        }
        Ok(())
    }

    /// No more rows than its keys have values.
    fn limit(&mut self, before: &[Self]) {
        for column in self.columns.iter().filter(|column| column.unique && !column.is_countable()) {
            self.rows = self.rows.min(column.choices(before, self.rows));
        }
        for key in &self.drawn {
            let columns = key.iter().filter_map(|place| self.columns.get(*place));
            let choices = columns.map(|column| column.choices(before, self.rows));
            self.rows = self.rows.min(choices.fold(1, u64::saturating_mul));
        }
    }
}

impl Column {
    /// Whether every row can have another value.
    fn is_countable(&self) -> bool {
        self.reference.is_none() && self.rules.one_of.is_empty() && self.kind != Kind::Boolean
    }

    /// Among how many values one is drawn; `own` is the number of rows of its own table.
    pub(super) fn choices(&self, tables: &[Planned], own: u64) -> u64 {
        match &self.reference {
            Some(reference) => tables.get(reference.table).map_or(own, |parent| parent.rows),
            None if self.kind == Kind::Boolean => 2,
            None => u64::try_from(self.rules.one_of.len()).unwrap_or_default().max(1),
        }
    }
}

/// The keys that no two rows share, as places of columns, the shortest first. An index on an expression counts as one on each of
/// the columns that it mentions.
fn keys(table: &Table, relation: &Relation) -> Vec<Vec<usize>> {
    let place = |name: &str| relation.fields.iter().position(|field| field.name == name);
    let mut keys = BTreeSet::new();
    for constraint in table.constraints.values() {
        if let Constraint::PrimaryKey { columns } | Constraint::Unique { columns } = constraint {
            keys.insert(columns.iter().filter_map(|name| place(name)).collect::<Vec<_>>());
        }
    }
    for index in table.indexes.values().filter(|index| index.unique) {
        let plain: Option<Vec<_>> =
            index.parts.iter().map(|part| place(part.trim_matches('"'))).collect();
        if let Some(columns) = plain {
            keys.insert(columns);
            continue;
        }
        let text = index.parts.join(" ");
        let is_word_end = |letter: char| !letter.is_alphanumeric() && letter != '_';
        let mentioned = text.split(is_word_end).filter_map(place);
        keys.extend(mentioned.map(|place| vec![place]));
    }
    let mut keys: Vec<_> = keys.into_iter().filter(|key| !key.is_empty()).collect();
    keys.sort_by_key(|key| (key.len(), key.clone()));
    keys
}
