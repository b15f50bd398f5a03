//! The rows of a plan. A value follows from the seed, its table, its column and the number of its row, so what a key refers to is
//! known without the rows that it refers to.

use std::collections::HashSet;

use super::{
    dice::Dice,
    invent,
    plan::{Column, Plan, Planned, Reference},
};
use crate::rows::{Row, Value};

/// How far references are followed: those that go on are a circle.
const FAR: u32 = 16;
/// How often a combination is drawn before the next free one is taken.
const PATIENCE: u64 = 16;

/// Makes rows of a plan.
#[derive(Debug)]
pub(super) struct Maker<'a> {
    pub(super) plan: &'a Plan,
    pub(super) seed: u64,
    /// The number of each table's first row.
    pub(super) first: u64,
}

/// The combinations of a table's key that there are.
pub(super) type Drawn = HashSet<Vec<u64>>;

impl Maker<'_> {
    /// One row. `drawn` is of its table, and remembers.
    pub(super) fn row(&self, table: &Planned, row: u64, drawn: &mut Drawn) -> Row {
        let key = table.drawn.first().map(Vec::as_slice).unwrap_or_default();
        let choices = self.draw(table, key, row, drawn);
        let columns = table.columns.iter().enumerate();
        let value = |(place, column)| {
            let chosen = key.iter().position(|of_key| *of_key == place);
            match chosen.and_then(|chosen| choices.get(chosen)) {
                Some(choice) => self.chosen(column, *choice),
                None => self.cell(table, column, row, FAR),
            }
        };
        columns.map(value).collect()
    }

    fn dice(&self, table: &Planned, number: u64, row: u64) -> Dice {
        Dice::of([self.seed, table.number, number, row])
    }

    /// A new combination for the key.
    fn draw(&self, table: &Planned, key: &[usize], row: u64, drawn: &mut Drawn) -> Vec<u64> {
        if key.is_empty() {
            return Vec::new();
        }
        let columns: Vec<_> = key.iter().filter_map(|place| table.columns.get(*place)).collect();
        let sizes = columns.iter().map(|column| column.choices(&self.plan.tables, table.rows));
        let sizes: Vec<_> = sizes.collect();
        let mut choices = Vec::new();
        for attempt in 0..PATIENCE {
            let mut dice = self.dice(table, attempt, row);
            let fall = |(size, column): (&u64, &&Column)| {
                rotated(dice.skewed(*size), column.number, *size)
            };
            choices = sizes.iter().zip(&columns).map(fall).collect();
            if drawn.insert(choices.clone()) {
                return choices;
            }
        }
        // There are at least as many combinations as rows, so one is free.
        while !drawn.insert(choices.clone()) {
            for (choice, size) in choices.iter_mut().zip(&sizes).rev() {
                *choice = (*choice + 1) % size;
                if *choice > 0 {
                    break;
                }
            }
        }
        choices
    }

    fn chosen(&self, column: &Column, choice: u64) -> Value {
        match &column.reference {
            Some(reference) => self.of_parent(reference, self.first.saturating_add(choice), FAR),
            None => invent::listed(column, choice),
        }
    }

    fn of_parent(&self, reference: &Reference, row: u64, far: u32) -> Value {
        let parent = self.plan.tables.get(reference.table);
        let column = parent.and_then(|parent| parent.columns.get(reference.column));
        match (parent, column, far.checked_sub(1)) {
            (Some(parent), Some(column), Some(far)) => self.cell(parent, column, row, far),
            _ => Value::Null,
        }
    }

    fn cell(&self, table: &Planned, column: &Column, row: u64, far: u32) -> Value {
        if let Some(reference) = &column.reference {
            return match self.parent(table, column, reference, row) {
                Some(parent) => self.of_parent(reference, parent, far),
                None => Value::Null,
            };
        }
        let mut dice = self.dice(table, column.number, row);
        if column.nullable && dice.percent(invent::share_of_nulls(column)) {
            return Value::Null;
        }
        // What is counted up goes on from the first row; all else is spread over the rows there are.
        let number = if column.unique { row } else { row.saturating_sub(self.first) };
        invent::value(column, number, table.rows, &mut dice, &mut self.dice(table, 0, row))
    }

    /// The number of the row referred to.
    fn parent(
        &self,
        table: &Planned,
        column: &Column,
        reference: &Reference,
        row: u64,
    ) -> Option<u64> {
        if column.unique {
            return Some(row);
        }
        let mut dice = self.dice(table, reference.number, row);
        if reference.nullable && dice.percent(30) {
            return None;
        }
        let parent = self.plan.tables.get(reference.table)?;
        if parent.number != table.number {
            let place = rotated(dice.skewed(parent.rows), reference.number, parent.rows);
            return Some(self.first.saturating_add(place));
        }
        // A row refers to one before it; the first, to nothing or to itself.
        match row.saturating_sub(self.first) {
            0 if reference.nullable => None,
            before => Some(self.first.saturating_add(dice.skewed(before))),
        }
    }
}

/// So that not the same few rows are the favourites of every table.
fn rotated(place: u64, by: u64, size: u64) -> u64 {
    let size = size.max(1);
    (place + by % size) % size
}
