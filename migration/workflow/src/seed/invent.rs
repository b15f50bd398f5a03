//! Values that look like those of people at work.

use super::{dice::Dice, plan::Column, text};
use crate::rows::{Kind, Value};

/// The time in which all rows were made, in microseconds: the two years before 2026. It does not depend on today, or a seed
/// would give other rows tomorrow.
const START: u64 = 1_704_067_200_000_000;
const SPAN: u64 = 63_158_400_000_000;
/// What happens to a row happens within two months.
const SOON: u64 = 5_184_000_000_000;
const DAY: u64 = 86_400_000_000;

/// When the row was made: rows follow one another.
fn made(row: u64, rows: u64, dice: &mut Dice) -> u64 {
    let rows = rows.max(1);
    let step = SPAN / rows;
    // Some moments are whole seconds, as those that people type are.
    let moment = START.saturating_add(step.saturating_mul(row)).saturating_add(dice.below(step));
    if dice.percent(5) { moment - moment % 1_000_000 } else { moment }
}

/// How often a column that may be null is, in percent: it is its own share for each column.
pub(super) fn share_of_nulls(column: &Column) -> u64 {
    match column.kind {
        // What has not happened yet: a deletion, a ban.
        Kind::Moment | Kind::DateTime | Kind::Date => 90,
        _ => 10 + column.number % 60,
    }
}

/// The value of a column that refers to nothing. `dice` are those of the cell, `about` those of the row.
pub(super) fn value(
    column: &Column,
    row: u64,
    rows: u64,
    dice: &mut Dice,
    about: &mut Dice,
) -> Value {
    let rules = &column.rules;
    if !rules.one_of.is_empty() {
        let place = dice.skewed(u64::try_from(rules.one_of.len()).unwrap_or_default());
        return listed(column, place);
    }
    match column.kind {
        Kind::Boolean => Value::Boolean(dice.percent(15)),
        Kind::Integer => Value::Integer(integer(column, row, dice)),
        // Quarters, which both databases and JSON write alike.
        Kind::Double => Value::Double(small(integer(column, row, dice)) / 4.0),
        Kind::Decimal => Value::Decimal(integer(column, row, dice).to_string()),
        Kind::Text => Value::Text(text::text(column, row, dice)),
        Kind::Bytes => {
            let bytes = [row, dice.next(), dice.next()].map(u64::to_le_bytes);
            Value::Bytes(bytes.concat())
        }
        Kind::Uuid => Value::Uuid(uuid(column.unique.then(|| made(row, rows, about)), dice)),
        Kind::Moment | Kind::DateTime => {
            Value::Moment(signed(moment(column, row, rows, dice, about)))
        }
        Kind::Date if column.unique => Value::Date(days(START / DAY + row)),
        Kind::Date => Value::Date(days(moment(column, row, rows, dice, about) / DAY)),
        Kind::Json if column.unique => Value::Json(format!(r#"{{"number":{row}}}"#)),
        Kind::Json => {
            let (word, size) = (text::word(dice), dice.skewed(1_000));
            Value::Json(format!(r#"{{"labels":["{word}"],"size":{size},"state":null}}"#))
        }
    }
}

/// When the row was made, or something happened to it soon after.
fn moment(column: &Column, row: u64, rows: u64, dice: &mut Dice, about: &mut Dice) -> u64 {
    if column.unique {
        return START.saturating_add(row);
    }
    let made = made(row, rows, about);
    if column.name.contains("created") { made } else { made.saturating_add(dice.skewed(SOON)) }
}

fn small(number: i64) -> f64 {
    i32::try_from(number).map_or(0.0, f64::from)
}

/// One of the values that a column may have.
pub(super) fn listed(column: &Column, place: u64) -> Value {
    let text = usize::try_from(place).ok().and_then(|place| column.rules.one_of.get(place));
    let text = text.map_or("", String::as_str);
    match column.kind {
        Kind::Boolean => Value::Boolean(place == 1),
        Kind::Integer => text.parse().map_or(Value::Null, Value::Integer),
        Kind::Double => text.parse().map_or(Value::Null, Value::Double),
        Kind::Decimal => Value::Decimal(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

/// Not negative, unless it must be; small ones are the most.
fn integer(column: &Column, row: u64, dice: &mut Dice) -> i64 {
    let (least, most) =
        (column.rules.least.unwrap_or(i64::MIN), column.rules.most.unwrap_or(i64::MAX));
    let start = 0.max(least).min(most);
    let range = most.saturating_sub(start).min(9_999).saturating_add(1);
    let offset = if column.unique { row } else { dice.skewed(range.unsigned_abs()) };
    start.saturating_add(signed(offset))
}

/// A UUID of version 7, which says when the row was made, or else of version 4.
fn uuid(made: Option<u64>, dice: &mut Dice) -> [u8; 16] {
    let random = (u128::from(dice.next()) << 64) | u128::from(dice.next());
    let (version, bits) = match made {
        Some(micros) => (7_u128, (u128::from(micros / 1_000) << 80) | (random >> 48)),
        None => (4, random),
    };
    let kept = !((0xf_u128 << 76) | (0x3_u128 << 62));
    ((bits & kept) | (version << 76) | (0x2_u128 << 62)).to_be_bytes()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn days(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
