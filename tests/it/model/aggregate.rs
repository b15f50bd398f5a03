//! Groups of rows with figures.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::ask::{List, Query, Spelling, Verb};
use super::compare::Wrong;
use super::predicate::{Predicate, Test};
use super::schema::{Column, Kind, Table};
use super::sort::SortKey;
use super::value::{Value, moment};
use super::world::Row;

/// What a row's group is by one key: a value, or the beginning of a time.
struct Key {
    name: String,
    column: &'static Column,
    /// How many letters of a time count.
    length: Option<usize>,
}

/// `max(createdAt)`
#[derive(Clone, Debug)]
struct Figure {
    name: String,
    function: String,
    column: Option<&'static Column>,
}

/// What a figure comes to.
#[derive(Clone, Debug)]
enum Computed {
    Plain(Option<Value>),
    /// The sum and the number of the values.
    Mean(i128, i128),
}

/// Groups as asked for.
pub(crate) struct Groups<'a> {
    query: &'a Query,
    table: &'static Table,
    keys: Vec<Key>,
    select: Vec<Figure>,
}

type Group<'a> = (Vec<Option<Value>>, Vec<&'a Row>);

impl<'a> Groups<'a> {
    /// The groups that a query asks for, if it asks for groups.
    ///
    /// # Errors
    /// When it asks for them wrongly.
    pub(crate) fn of(query: &'a Query) -> Result<Option<Self>, Wrong> {
        let none = query.select.is_empty() && query.group_by.is_empty();
        let verb = match query.spelling {
            Spelling::Url => query.verb,
            _ if none => Verb::Rows,
            _ => Verb::Groups,
        };
        if none && !query.having.is_empty() {
            return Err(Wrong);
        }
        let names = match verb {
            Verb::Rows if none => return Ok(None),
            Verb::Groups if !none && query.fields.is_empty() => &query.group_by,
            Verb::Distinct if none && !query.fields.is_empty() => &query.fields,
            _ => return Err(Wrong),
        };
        let of_rows = !query.include.is_empty() || query.cursor.is_some();
        if of_rows || names.len() > 5 || !matches!(query.list, List::Of(_)) {
            return Err(Wrong);
        }
        let table = query.list.table();
        let keys = names.iter().map(|name| Key::parse(table, name)).collect::<Result<_, _>>()?;
        let select = query.select.iter().map(|name| Figure::parse(table, name));
        let groups = Self { query, table, keys, select: select.collect::<Result<_, _>>()? };
        query.having.iter().try_for_each(|predicate| groups.check(predicate))?;
        for key in &query.sort {
            if groups.keys.iter().all(|other| other.name != key.field) {
                Figure::parse(table, &key.field)?;
            }
        }
        Ok(Some(groups))
    }

    fn check(&self, predicate: &Predicate) -> Result<(), Wrong> {
        match predicate {
            Predicate::All(parts) | Predicate::Any(parts) => {
                parts.iter().try_for_each(|part| self.check(part))
            }
            Predicate::Not(inner) => self.check(inner),
            Predicate::Test(test) => {
                let figure = Figure::parse(self.table, &test.path.join("."))?;
                let strange = matches!(test.operation.operator, "in" | "nin");
                if figure.function == "sum" && strange {
                    return Err(Wrong);
                }
                test.operation.on(&figure.result()).map(|_| ())
            }
        }
    }

    /// The groups of rows, in order.
    pub(crate) fn items(&self, rows: &[&Row]) -> Vec<Json> {
        let mut groups: BTreeMap<Vec<Option<Value>>, Vec<&Row>> = BTreeMap::new();
        if self.keys.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        for row in rows {
            let values = self.keys.iter().map(|key| key.of(row)).collect();
            groups.entry(values).or_default().push(*row);
        }
        let mut groups: Vec<Group<'_>> = groups.into_iter().collect();
        groups.retain(|(_, rows)| {
            self.query.having.iter().all(|predicate| self.holds(rows, predicate) == Some(true))
        });
        groups.sort_by(|left, right| self.compare(left, right));
        groups.iter().map(|group| self.item(group)).collect()
    }

    fn holds(&self, rows: &[&Row], predicate: &Predicate) -> Option<bool> {
        match predicate {
            Predicate::All(parts) => {
                let parts = parts.iter().map(|part| self.holds(rows, part));
                super::predicate::all(parts)
            }
            Predicate::Any(parts) => {
                super::predicate::any(parts.iter().map(|part| self.holds(rows, part)))
            }
            Predicate::Not(inner) => self.holds(rows, inner).map(|holds| !holds),
            Predicate::Test(Test { path, negated, operation }) => {
                let figure = Figure::parse(self.table, &path.join(".")).expect("checked");
                let comparison = operation.on(&figure.result()).expect("checked");
                let holds = match figure.compute(rows) {
                    Computed::Plain(value) => comparison.holds(value.as_ref()),
                    Computed::Mean(sum, count) => comparison.holds_for_mean(mean(sum, count)),
                };
                holds.map(|holds| holds != *negated)
            }
        }
    }

    fn compare(&self, left: &Group<'_>, right: &Group<'_>) -> Ordering {
        let ascending = |field: &str| SortKey {
            field: field.to_owned(),
            descending: false,
            nulls_first: false,
        };
        let rest = self.keys.iter().map(|key| ascending(&key.name));
        for key in self.query.sort.iter().cloned().chain(rest) {
            let place = self.keys.iter().position(|other| other.name == key.field);
            let order = if let Some(place) = place {
                key.compare(left.0[place].as_ref(), right.0[place].as_ref(), Ord::cmp)
            } else {
                let figure = Figure::parse(self.table, &key.field).expect("checked");
                match (figure.compute(&left.1), figure.compute(&right.1)) {
                    (Computed::Plain(left), Computed::Plain(right)) => {
                        key.compare(left, right, |left, right| left.cmp(&right))
                    }
                    (Computed::Mean(sum, count), Computed::Mean(other, of)) => {
                        let compare = |left: f64, right: f64| left.total_cmp(&right);
                        key.compare(mean(sum, count), mean(other, of), compare)
                    }
                    _ => panic!("one figure is of one kind"),
                }
            };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }

    fn item(&self, (values, rows): &Group<'_>) -> Json {
        let mut item = Map::new();
        for (key, value) in self.keys.iter().zip(values) {
            item.insert(key.name.clone(), value.as_ref().map_or(Json::Null, Value::shown));
        }
        for figure in &self.select {
            let shown = match figure.compute(rows) {
                Computed::Plain(value) => value.as_ref().map_or(Json::Null, Value::shown),
                Computed::Mean(sum, count) => rounded(sum, count),
            };
            item.insert(figure.name.clone(), shown);
        }
        Json::Object(item)
    }
}

impl Key {
    fn parse(table: &Table, name: &str) -> Result<Self, Wrong> {
        let parts = [(".day", 10), (".month", 7), (".year", 4)];
        let part = parts.into_iter().find(|(part, _)| name.ends_with(part));
        let (field, length) = match part {
            Some((part, length)) => (&name[..name.len() - part.len()], Some(length)),
            None => (name, None),
        };
        let column = table.column(field).filter(|column| column.aggregate).ok_or(Wrong)?;
        if length.is_some() != (column.kind == Kind::Time) {
            return Err(Wrong);
        }
        Ok(Self { name: name.to_owned(), column, length })
    }

    fn of(&self, row: &Row) -> Option<Value> {
        match (row.get(self.column.name)?, self.length) {
            (Value::Time(micros), Some(length)) => Some(Value::text(&moment(*micros)[..length])),
            (value, _) => Some(value.clone()),
        }
    }
}

impl Figure {
    fn parse(table: &Table, name: &str) -> Result<Self, Wrong> {
        let (function, field) =
            name.strip_suffix(')').and_then(|name| name.split_once('(')).ok_or(Wrong)?;
        let column = table.column(field).filter(|column| column.aggregate);
        let fits = match (function, column.map(|column| column.kind)) {
            ("count", None) => field.is_empty(),
            ("countDistinct", Some(kind)) => kind != Kind::Time,
            ("sum" | "avg", Some(kind)) => kind == Kind::Integer,
            ("min" | "max", Some(kind)) => matches!(kind, Kind::Text | Kind::Integer | Kind::Time),
            _ => false,
        };
        let (name, function) = (name.to_owned(), function.to_owned());
        if fits { Ok(Self { name, function, column }) } else { Err(Wrong) }
    }

    /// What it comes to, described like a column, so that it is compared like one.
    fn result(&self) -> Column {
        let kind = match (&*self.function, self.column) {
            ("min" | "max", Some(column)) => column.kind,
            ("avg", _) => Kind::Fraction,
            _ => Kind::Integer,
        };
        Column::result(kind)
    }

    fn compute(&self, rows: &[&Row]) -> Computed {
        let Some(column) = self.column else { return Computed::Plain(Some(number(rows.len()))) };
        let values: Vec<_> = rows.iter().filter_map(|row| row.get(column.name)).collect();
        let sum = || {
            let numbers = values.iter().map(|value| match value {
                Value::Integer(number) => i128::from(*number),
                other => panic!("{other:?} is no number"),
            });
            numbers.sum::<i128>()
        };
        Computed::Plain(match &*self.function {
            "countDistinct" => Some(number(values.iter().collect::<BTreeSet<_>>().len())),
            "min" => values.into_iter().min().cloned(),
            "max" => values.into_iter().max().cloned(),
            "sum" if values.is_empty() => None,
            "sum" => Some(Value::Integer(i64::try_from(sum()).expect("small numbers"))),
            _ => {
                let count = i128::try_from(values.len()).expect("few values");
                return Computed::Mean(sum(), count);
            }
        })
    }
}

fn number(count: usize) -> Value {
    Value::Integer(i64::try_from(count).expect("few rows"))
}

/// A mean as it is compared; of no values there is none.
fn mean(sum: i128, count: i128) -> Option<f64> {
    let double = |number: i128| f64::from(i32::try_from(number).expect("small numbers"));
    (count > 0).then(|| double(sum) / double(count))
}

/// A mean as it is shown: to six decimals, rounded half away from zero.
fn rounded(sum: i128, count: i128) -> Json {
    if count == 0 {
        return Json::Null;
    }
    let millionths = (sum.abs() * 2_000_000 + count) / (count * 2);
    let sign = if sum < 0 && millionths > 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    serde_json::from_str(text).expect("a number")
}
