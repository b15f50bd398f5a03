//! What has to go, and what has to be made, before any statement is written.

use std::collections::BTreeSet;

use super::mentions_any;
use crate::{
    catalog::{Catalog, Column, Constraint, Object, ObjectKind, Table},
    definition::{identifier, in_order},
};

/// The name of a table, and of what belongs to it.
type Part<'a> = (&'a str, &'a str);

pub(super) struct Plan<'a> {
    pub(super) expected: &'a Catalog,
    pub(super) actual: &'a Catalog,
    /// Tables of `actual` that go.
    pub(super) dropped: BTreeSet<&'a str>,
    /// Tables of `expected` that are made; one that cannot be altered goes and is made.
    pub(super) created: BTreeSet<&'a str>,
    /// Enums, domains and composites that make way for one of the same name.
    pub(super) replaced_types: BTreeSet<&'a Object>,
    /// Columns that are dropped, or whose type changes.
    pub(super) altered: BTreeSet<Part<'a>>,
    /// Constraints that go, of tables that stay.
    pub(super) lost_constraints: BTreeSet<Part<'a>>,
    /// Indexes that go, of tables that stay.
    pub(super) lost_indexes: BTreeSet<Part<'a>>,
    /// Views, triggers, policies and functions that go.
    pub(super) gone: BTreeSet<&'a Object>,
    /// What is made of all that is no table.
    pub(super) made: BTreeSet<&'a Object>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(expected: &'a Catalog, actual: &'a Catalog) -> Self {
        let mut plan = Self {
            expected,
            actual,
            dropped: BTreeSet::new(),
            created: BTreeSet::new(),
            replaced_types: BTreeSet::new(),
            altered: BTreeSet::new(),
            lost_constraints: BTreeSet::new(),
            lost_indexes: BTreeSet::new(),
            gone: BTreeSet::new(),
            made: BTreeSet::new(),
        };
        plan.tables();
        plan.types();
        plan.columns();
        plan.objects();
        plan.constraints_and_indexes();
        plan.foreign_keys();
        plan
    }

    /// The tables that are altered where they stand, as they should be and as they are.
    pub(super) fn kept_tables(&self) -> Vec<(&'a str, &'a Table, &'a Table)> {
        let tables = self.actual.tables.iter();
        let kept = tables.filter(|(name, _)| !self.dropped.contains(name.as_str()));
        kept.filter_map(|(name, actual)| {
            Some((name.as_str(), self.expected.tables.get(name)?, actual))
        })
        .collect()
    }

    /// A table as it is, if it stays.
    pub(super) fn kept(&self, table: &str) -> Option<&'a Table> {
        self.actual.tables.get(table).filter(|_| !self.dropped.contains(table))
    }

    /// The tables that go, each before those that it refers to or is a partition of; a circle is broken by its constraints.
    pub(super) fn drop_order(&self) -> Vec<&'a str> {
        let tables = self.actual.tables.iter();
        let dropped = tables.filter(|(name, _)| self.dropped.contains(name.as_str()));
        let text = |table: &Table| {
            let others = table.foreign_keys().map(|key| key.table.clone());
            table.options.iter().cloned().chain(others).collect::<Vec<_>>().join(" ")
        };
        let mut order = in_order(dropped.map(|(name, table)| (name.as_str(), text(table))));
        order.reverse();
        order
    }

    /// Whether a constraint is there and stays.
    pub(super) fn has_constraint(&self, table: &str, name: &str) -> bool {
        self.kept(table).is_some_and(|of| of.constraints.contains_key(name))
            && !self.lost_constraints.contains(&(table, name))
    }

    /// Whether an index is there and stays.
    pub(super) fn has_index(&self, table: &str, name: &str) -> bool {
        self.kept(table).is_some_and(|of| of.indexes.contains_key(name))
            && !self.lost_indexes.contains(&(table, name))
    }

    /// Whether a type that goes is a domain.
    pub(super) fn is_domain(&self, object: &Object) -> bool {
        let definition = self.actual.objects.get(object);
        object.kind == ObjectKind::Type
            && definition.is_some_and(|definition| definition.starts_with("domain "))
    }

    /// Whether a column is of a type that makes way for another of the same name.
    pub(super) fn of_replaced_type(&self, column: &Column) -> bool {
        let kind = column.kind.trim_end_matches("[]");
        let mut replaced = self.replaced_types.iter();
        replaced.any(|of| of.name == kind || identifier(&of.name) == kind)
    }

    fn tables(&mut self) {
        let fixed = |table: &'a Table| {
            table.options.iter().filter(|option| option.starts_with("partition "))
        };
        let (expected, actual) = (&self.expected.tables, &self.actual.tables);
        let differs = |name: &str, table: &'a Table| {
            expected.get(name).is_none_or(|other| !fixed(other).eq(fixed(table)))
        };
        let dropped = actual.iter().filter(|(name, table)| differs(name, table));
        self.dropped = dropped.map(|(name, _)| name.as_str()).collect();
        // With a table go its partitions.
        let partition = |dropped: &BTreeSet<&str>| {
            actual.iter().find(|(name, table)| {
                let of_dropped = |option: &&String| mentions_any(option, dropped.iter().copied());
                let mut options = fixed(table).filter(|option| option.starts_with("partition of"));
                !dropped.contains(name.as_str()) && options.any(|option| of_dropped(&option))
            })
        };
        while let Some((name, _)) = partition(&self.dropped) {
            self.dropped.insert(name);
        }
        let names = expected.keys().map(String::as_str);
        self.created = names.filter(|name| self.kept(name).is_none()).collect();
    }

    fn types(&mut self) {
        for (object, actual) in &self.actual.objects {
            let Some(expected) = self.expected.objects.get(object) else { continue };
            let replaced = match object.kind {
                ObjectKind::Enum => !super::types::is_extended(expected, actual),
                ObjectKind::Type => true,
                _ => false,
            };
            if expected != actual && replaced {
                self.replaced_types.insert(object);
            }
        }
    }

    fn columns(&mut self) {
        let tables = self.kept_tables();
        for &(name, expected, actual) in &tables {
            for column in &actual.columns {
                let differs = |other: &Column| {
                    (&other.kind, &other.collation) != (&column.kind, &column.collation)
                        || other.generated != column.generated
                        || self.of_replaced_type(column)
                };
                if expected.column(&column.name).is_none_or(differs) {
                    self.altered.insert((name, &column.name));
                }
            }
        }
        // What is computed from such a column is, too.
        for (name, _, actual) in tables {
            let altered = self.altered_of(name);
            for column in &actual.columns {
                let from = column.generated.as_ref().map_or("", |generated| &generated.expression);
                if mentions_any(from, altered.iter().copied()) {
                    self.altered.insert((name, &column.name));
                }
            }
        }
    }

    fn altered_of(&self, table: &str) -> Vec<&'a str> {
        let altered = self.altered.iter().filter(|(of, _)| *of == table);
        altered.map(|(_, column)| *column).collect()
    }

    fn objects(&mut self) {
        use ObjectKind::{Function, MaterializedView, Policy, Trigger, View};
        let dependent = |kind| matches!(kind, View | MaterializedView | Trigger | Policy);
        let altered = self.altered.iter().map(|(table, _)| *table);
        let altered: BTreeSet<_> = altered.chain(self.dropped.iter().copied()).collect();
        for (object, definition) in &self.actual.objects {
            let table = object.name.split_once('.').map_or("", |(table, _)| table);
            let expected = self.expected.objects.get(object);
            let gone = match object.kind {
                View | MaterializedView => mentions_any(definition, altered.iter().copied()),
                Trigger | Policy => {
                    self.dropped.contains(table) || mentions_any(definition, self.altered_of(table))
                }
                Function => {
                    expected.is_some_and(|expected| returns(expected) != returns(definition))
                }
                _ => false,
            };
            if gone || dependent(object.kind) && expected != Some(definition) {
                self.gone.insert(object);
            }
        }
        // What stands on a view or a function that goes, goes with it.
        let next = |gone: &BTreeSet<&Object>| {
            let names = gone.iter().map(|object| object.name.split('(').next().unwrap_or_default());
            let names: Vec<_> = names.collect();
            self.actual.objects.iter().find(|(object, definition)| {
                dependent(object.kind)
                    && !gone.contains(object)
                    && mentions_any(definition, names.iter().copied())
            })
        };
        while let Some((object, _)) = next(&self.gone) {
            self.gone.insert(object);
        }
        let made = self.expected.objects.iter().filter(|(object, definition)| {
            self.gone.contains(object) || self.actual.objects.get(object) != Some(definition)
        });
        self.made = made.map(|(object, _)| object).collect();
    }

    fn constraints_and_indexes(&mut self) {
        for (table, expected, actual) in self.kept_tables() {
            let altered = self.altered_of(table);
            let stale = |text: &str| mentions_any(text, altered.iter().copied());
            for (name, constraint) in &actual.constraints {
                let stale = match constraint {
                    Constraint::Check { expression: text }
                    | Constraint::Other { definition: text } => stale(text),
                    Constraint::ForeignKey(key) => {
                        key.columns.iter().any(|column| altered.contains(&column.as_str()))
                    }
                    _ => false,
                };
                if stale || expected.constraints.get(name) != Some(constraint) {
                    self.lost_constraints.insert((table, name));
                }
            }
            for (name, index) in &actual.indexes {
                let is_plain = index.condition.is_none()
                    && index.parts.iter().all(|part| actual.column(part).is_some());
                let differs = expected.indexes.get(name) != Some(index);
                if differs || !is_plain && stale(&index.definition) {
                    self.lost_indexes.insert((table, name));
                }
            }
        }
    }

    /// A foreign key stands on a key of the other table.
    fn foreign_keys(&mut self) {
        for (table, _, actual) in self.kept_tables() {
            for (name, constraint) in &actual.constraints {
                let Constraint::ForeignKey(key) = constraint else { continue };
                let Some((of, other)) = self.actual.tables.get_key_value(&key.table) else {
                    continue;
                };
                let mut lost = self.lost_constraints.iter().filter(|(table, _)| table == of);
                let lost_key = lost.any(|(_, name)| {
                    let lost = other.constraints.get(*name);
                    !matches!(lost, Some(Constraint::ForeignKey(_) | Constraint::Check { .. }))
                });
                let mut lost = self.lost_indexes.iter().filter(|(table, _)| table == of);
                let lost_index = lost
                    .any(|(_, name)| other.indexes.get(*name).is_some_and(|index| index.unique));
                let altered = self.altered_of(of);
                let altered = key.references.iter().any(|name| altered.contains(&name.as_str()));
                if lost_key || lost_index || altered || self.dropped.contains(of.as_str()) {
                    self.lost_constraints.insert((table, name));
                }
            }
        }
        let order = self.drop_order();
        let place = |table: &str| order.iter().position(|other| *other == table);
        for table in &order {
            let Some(actual) = self.actual.tables.get(*table) else { continue };
            for (name, constraint) in &actual.constraints {
                let Constraint::ForeignKey(key) = constraint else { continue };
                if place(&key.table).is_some_and(|other| Some(other) < place(table)) {
                    self.lost_constraints.insert((table, name));
                }
            }
        }
    }
}

/// The line that says what a function returns, which `CREATE OR REPLACE` leaves alone.
fn returns(definition: &str) -> Option<&str> {
    definition.lines().find(|line| line.starts_with(" RETURNS "))
}
