//! One test of one value: `operator.value` against what a field holds.

use chrono::{DateTime, Datelike};
use uuid::Uuid;

use super::schema::{Column, Kind};
use super::text;
use super::value::{Value, millis};

/// An operator with its operands, as the caller wrote them.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) operator: &'static str,
    pub(crate) operands: Vec<String>,
}

/// That a query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong;

/// What a test compares with.
enum Asked {
    Null(bool),
    Boolean(bool),
    Pattern(Vec<text::Part>, bool),
    Values(Vec<Operand>),
}

/// A value that a caller wrote.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Value(Value),
    Fraction(f64),
}

/// An operation that fits a column.
pub(crate) struct Comparison {
    operator: &'static str,
    asked: Asked,
}

impl Operation {
    /// # Errors
    /// When the operator or a value does not fit the column.
    pub(crate) fn on(&self, column: &Column) -> Result<Comparison, Wrong> {
        let first = self.operands.first().map_or("", String::as_str);
        let asked = match self.operator {
            "is" => match first {
                "null" => Asked::Null(true),
                "notnull" => Asked::Null(false),
                "true" | "false" if column.kind == Kind::Boolean => Asked::Boolean(first == "true"),
                _ => return Err(Wrong),
            },
            "like" | "ilike" | "contains" | "icontains" | "startswith" | "istartswith" => {
                if column.kind != Kind::Text || first.chars().count() > 1_000 {
                    return Err(Wrong);
                }
                let insensitive = self.operator.starts_with('i');
                Asked::Pattern(text::pattern(self.operator, first), insensitive)
            }
            "gt" | "gte" | "lt" | "lte" | "between" if column.kind == Kind::Boolean => {
                return Err(Wrong);
            }
            _ => {
                let values = self.operands.iter().map(|operand| read(column, operand));
                Asked::Values(values.collect::<Result<_, _>>()?)
            }
        };
        Ok(Comparison { operator: self.operator, asked })
    }
}

fn read(column: &Column, text: &str) -> Result<Operand, Wrong> {
    if !column.choices.is_empty() && !column.choices.contains(&text) {
        return Err(Wrong);
    }
    let value = match column.kind {
        Kind::Id => Uuid::try_parse(text).ok().map(Value::Id),
        Kind::Text => Some(Value::text(text)),
        Kind::Boolean => text.parse().ok().map(Value::Boolean),
        Kind::Integer => text.parse().ok().map(Value::Integer),
        Kind::Time => {
            // In a query string "+" is a space.
            let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok();
            // A leap second is the first moment after it.
            let time =
                time.and_then(|time| DateTime::from_timestamp_millis(time.timestamp_millis()));
            let time = time.filter(|time| (1..9999).contains(&time.year()));
            time.map(|time| Value::Time(time.timestamp_micros()))
        }
        Kind::Fraction => {
            let number: f64 = text.parse().map_err(|_invalid| Wrong)?;
            return if number.is_finite() { Ok(Operand::Fraction(number)) } else { Err(Wrong) };
        }
        Kind::Document => None,
    };
    value.map(Operand::Value).ok_or(Wrong)
}

impl Comparison {
    /// Whether the test holds for a value; of null, nothing is known.
    pub(crate) fn holds(&self, value: Option<&Value>) -> Option<bool> {
        match &self.asked {
            Asked::Null(null) => Some(value.is_none() == *null),
            Asked::Boolean(asked) => Some(*value? == Value::Boolean(*asked)),
            Asked::Pattern(pattern, insensitive) => match value? {
                Value::Text(text) => Some(text::matches(text, pattern, *insensitive)),
                other => panic!("{other:?} has no patterns"),
            },
            Asked::Values(operands) => {
                let operands: Vec<_> = operands
                    .iter()
                    .map(|operand| match operand {
                        Operand::Value(value) => shown(value),
                        Operand::Fraction(_) => panic!("a mean is compared as one"),
                    })
                    .collect();
                self.ordered(value.map(shown).as_ref(), &operands)
            }
        }
    }

    /// The same for a mean.
    pub(crate) fn holds_for_mean(&self, mean: Option<f64>) -> Option<bool> {
        match &self.asked {
            Asked::Null(null) => Some(mean.is_none() == *null),
            Asked::Values(operands) => {
                let operands: Vec<_> = operands
                    .iter()
                    .map(|operand| match operand {
                        Operand::Fraction(number) => *number,
                        Operand::Value(_) => panic!("a mean is compared as one"),
                    })
                    .collect();
                self.ordered(mean.as_ref(), &operands)
            }
            _ => panic!("a mean has no patterns"),
        }
    }

    fn ordered<T: PartialOrd>(&self, value: Option<&T>, operands: &[T]) -> Option<bool> {
        // Whether something is among no values is known of null too.
        if operands.is_empty() {
            return Some(self.operator == "nin");
        }
        let value = value?;
        Some(match self.operator {
            "eq" => *value == operands[0],
            "ne" => *value != operands[0],
            "gt" => *value > operands[0],
            "gte" => *value >= operands[0],
            "lt" => *value < operands[0],
            "lte" => *value <= operands[0],
            "between" => (&operands[0]..=&operands[1]).contains(&value),
            "in" => operands.contains(value),
            "nin" => !operands.contains(value),
            other => panic!("{other} is no operator"),
        })
    }
}

/// What of a value is compared: of a time the milliseconds.
fn shown(value: &Value) -> Value {
    match value {
        Value::Time(micros) => Value::Time(millis(*micros)),
        other => other.clone(),
    }
}
