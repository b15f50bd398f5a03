//! Pages by position: what comes after a row in a total order, whatever the directions and wherever the nulls lie.
//!
//! "After" is a list of ranges that follow one another: first the rows that share all keys but the last with the row,
//! then those that share one key fewer, and so on. Each range is one stretch of an index over the keys, so a page costs
//! the same at any depth; one statement over their union would not be, because no index serves an OR in order. Nearly
//! every page is filled by the first range or the second. Where keys without nulls run in one direction, their ranges
//! are one: `(a, b) > (x, y)`.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    Condition, Value,
    sea_query::{Expr, ExprTrait, SelectStatement},
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::sort::Key;
use crate::{Error, Result, field::Kind};

/// A stretch of the ordered rows.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) condition: Condition,
    /// The first key that differs among its rows.
    from: usize,
    /// Whether that key is null in none of them.
    bare: bool,
}

impl Range {
    /// Orders `select`, which is restricted to this range, by what is left to order by.
    pub(super) fn order(&self, keys: &[Key], select: &mut SelectStatement) {
        for (index, key) in keys.iter().enumerate().skip(self.from) {
            key.order(select, self.bare && index == self.from);
        }
    }
}

/// All rows, in the order of `keys`.
pub(super) fn all(keys: &[Key]) -> Vec<Range> {
    let Some(first) = keys.first().filter(|key| key.nullable) else {
        return vec![Range { condition: Condition::all(), from: 0, bare: false }];
    };
    let some = first.expression.clone().is_not_null();
    let some = Range { condition: Condition::from(some), from: 0, bare: true };
    let none = first.expression.clone().is_null();
    let none = Range { condition: Condition::from(none), from: 1, bare: false };
    if first.nulls_first { vec![none, some] } else { vec![some, none] }
}

/// The rows after the one whose keys have these values, and that row itself if `inclusive`.
pub(super) fn after(keys: &[Key], values: &[Value], inclusive: bool) -> Vec<Range> {
    let mut ranges = Vec::new();
    let tail = tail(keys, values);
    let equal = |count: usize| {
        keys.iter().zip(values).take(count).fold(Condition::all(), |all, (key, value)| {
            let key = key.expression.clone();
            all.add(if is_null(value) { key.is_null() } else { key.eq(value.clone()) })
        })
    };
    if let (Some(keys), Some(values)) = (keys.get(tail..), values.get(tail..)) {
        let beyond = beyond(keys, values, inclusive);
        ranges.push(Range { condition: equal(tail).add(beyond), from: tail, bare: true });
    }
    for (index, (key, value)) in keys.iter().zip(values).enumerate().take(tail + 1).rev() {
        let (some, none) = (key.expression.clone().is_not_null(), key.expression.clone().is_null());
        if is_null(value) {
            if key.nulls_first {
                let condition = equal(index).add(some);
                ranges.push(Range { condition, from: index, bare: true });
            }
            continue;
        }
        if index < tail {
            let beyond = beyond(std::slice::from_ref(key), std::slice::from_ref(value), false);
            ranges.push(Range { condition: equal(index).add(beyond), from: index, bare: true });
        }
        if key.nullable && !key.nulls_first {
            let condition = equal(index).add(none);
            ranges.push(Range { condition, from: index + 1, bare: false });
        }
    }
    ranges
}

/// Where the last keys begin that can be compared as one: they run in one direction, and after the first of them none
/// can be null.
fn tail(keys: &[Key], values: &[Value]) -> usize {
    let mut start = keys.len().saturating_sub(1);
    while start > 0
        && let (Some(before), Some(key), Some(value)) =
            (keys.get(start - 1), keys.get(start), values.get(start - 1))
        && before.descending == key.descending
        && !key.nullable
        && !is_null(value)
    {
        start -= 1;
    }
    start
}

/// `(a, b) > (x, y)`, or `<`; with equality if `inclusive`.
fn beyond(keys: &[Key], values: &[Value], inclusive: bool) -> Expr {
    let descending = keys.first().is_some_and(|key| key.descending);
    let (left, right) = if let ([key], [value]) = (keys, values) {
        (key.expression.clone(), Expr::val(value.clone()))
    } else {
        (
            Expr::tuple(keys.iter().map(|key| key.expression.clone())),
            Expr::tuple(values.iter().cloned().map(Expr::val)),
        )
    };
    match (descending, inclusive) {
        (true, false) => left.lt(right),
        (true, true) => left.lte(right),
        (false, false) => left.gt(right),
        (false, true) => left.gte(right),
    }
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

/// A key's value as a cursor keeps it.
pub(super) fn keep(value: &Value) -> Json {
    match value {
        Value::Bool(Some(value)) => Json::from(*value),
        Value::BigInt(Some(value)) => Json::from(*value),
        // Its bits, because digits could be another number by the time they are read.
        Value::Double(Some(value)) => Json::from(value.to_bits()),
        Value::String(Some(value)) => Json::from(value.as_str()),
        Value::Uuid(Some(value)) => Json::from(value.to_string()),
        Value::ChronoDate(Some(value)) => Json::from(value.to_string()),
        Value::ChronoDateTimeWithTimeZone(Some(value)) => Json::from(value.timestamp_micros()),
        _ => Json::Null,
    }
}

/// The value that [`keep`] kept; null is of no particular type.
///
/// # Errors
/// `BadQuery` when it is of another kind: the column has changed since.
pub(super) fn restore(kind: Kind, kept: &Json) -> Result<Value> {
    if kept.is_null() {
        return Ok(Value::Bool(None));
    }
    let text = kept.as_str();
    let value = match kind {
        Kind::Uuid => text.and_then(|text| Uuid::try_parse(text).ok()).map(Value::from),
        Kind::Text | Kind::Json => text.map(Value::from),
        Kind::Boolean => kept.as_bool().map(Value::from),
        Kind::Integer => kept.as_i64().map(Value::from),
        Kind::Double => kept.as_u64().map(|bits| Value::from(f64::from_bits(bits))),
        Kind::Date => text.and_then(|text| text.parse::<NaiveDate>().ok()).map(Value::from),
        Kind::Time => kept
            .as_i64()
            .and_then(DateTime::<Utc>::from_timestamp_micros)
            .map(|time| Value::from(time.fixed_offset())),
    };
    let stale = || Error::bad_query("cursor", "was made before the list changed: start again");
    value.ok_or_else(stale)
}
