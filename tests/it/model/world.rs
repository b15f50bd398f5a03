//! The rows of the test.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::schema::{Relation, TABLES, Table};
use super::value::Value;

/// A row: the values that are not null, by the names of their columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row(pub(crate) BTreeMap<&'static str, Value>);

impl Row {
    pub(crate) fn get(&self, column: &str) -> Option<&Value> {
        self.0.get(column)
    }

    /// The id that a column holds.
    pub(crate) fn reference(&self, column: &str) -> Option<Uuid> {
        match self.get(column) {
            Some(Value::Id(id)) => Some(*id),
            _ => None,
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.reference("id").expect("a row has an id")
    }

    pub(crate) fn is(&self, column: &str, text: &str) -> bool {
        matches!(self.get(column), Some(Value::Text(value)) if value == text)
    }
}

/// Who asks: a user, or nobody in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller(pub(crate) Option<Uuid>);

/// All rows of all tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) rows: BTreeMap<&'static str, Vec<Row>>,
}

impl World {
    pub(crate) fn all(&self, table: &str) -> &[Row] {
        self.rows.get(table).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn find(&self, table: &str, id: Uuid) -> Option<&Row> {
        self.all(table).iter().find(|row| row.id() == id)
    }
}

/// The world as one caller sees it.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) caller: Caller,
    rows: BTreeMap<&'static str, Vec<&'a Row>>,
    /// The same rows by table and column, for every column that a relation leads to.
    related: BTreeMap<(&'static str, &'static str), BTreeMap<Value, Vec<&'a Row>>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(world: &'a World, caller: Caller) -> Self {
        let mut view = Self { caller, rows: BTreeMap::new(), related: BTreeMap::new() };
        for table in TABLES {
            let rows = world.all(table.name).iter();
            let mut rows: Vec<_> = rows.filter(|row| world.sees(caller, table.name, row)).collect();
            rows.sort_by_key(|row| row.id());
            view.rows.insert(table.name, rows);
        }
        for relation in TABLES.iter().flat_map(|table| table.relations) {
            let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for row in &view.rows[relation.table] {
                if let Some(key) = row.get(relation.to) {
                    by_key.entry(key.clone()).or_default().push(*row);
                }
            }
            view.related.insert((relation.table, relation.to), by_key);
        }
        view
    }

    /// The rows of a table that the caller sees, by age.
    pub(crate) fn rows(&self, table: &Table) -> &[&'a Row] {
        &self.rows[table.name]
    }

    /// Those of the rows that a relation leads to, by age.
    pub(crate) fn related(&self, relation: &Relation, row: &Row) -> &[&'a Row] {
        let rows = &self.related[&(relation.table, relation.to)];
        let key = row.get(relation.from);
        key.and_then(|key| rows.get(key)).map_or(&[], Vec::as_slice)
    }

    /// Whether the caller sees a row.
    pub(crate) fn has(&self, table: &str, id: Uuid) -> bool {
        self.rows[table].iter().any(|row| row.id() == id)
    }
}
