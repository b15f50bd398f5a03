//! From a caller's text to a typed parameter.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::{
    Value,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    MAX_PATTERN,
    ast::{Operation, Test},
};
use crate::{
    Error, Result,
    field::{Column, Kind},
};

/// Times are shown to the millisecond, so they are compared to the millisecond: a value that was read finds its row.
const SHOWN: TimeDelta = TimeDelta::milliseconds(1);

/// A test with the column that it tests.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    pub(super) test: &'a Test,
    pub(super) column: &'a Column,
}

impl Typed<'_> {
    pub(super) fn error(&self, message: &str) -> Error {
        Error::bad_query(
            &self.test.parameter,
            format!("{:?} {message}", self.test.path.to_string()),
        )
    }

    fn expected(&self, text: &str, what: &str) -> Error {
        self.error(&format!("is compared with {text:?}, which is not {what}"))
    }

    pub(super) fn ordered(&self, text: &str) -> Result<Value> {
        match self.column.kind {
            Kind::Boolean => {
                Err(self.error("is a boolean and has no order; use is.true or is.false"))
            }
            _ => self.value(text),
        }
    }

    pub(super) fn values(&self, texts: &[String]) -> Result<Vec<Value>> {
        texts.iter().map(|text| self.value(text)).collect()
    }

    pub(super) fn value(&self, text: &str) -> Result<Value> {
        let choices = &self.column.choices;
        if !choices.is_empty() && !choices.iter().any(|choice| choice == text) {
            return Err(self.expected(text, &format!("one of {}", choices.join(", "))));
        }
        match self.column.kind {
            Kind::Uuid => Uuid::try_parse(text)
                .map(Value::from)
                .map_err(|_invalid| self.expected(text, "a UUID")),
            Kind::Text => Ok(Value::from(text)),
            Kind::Boolean => text
                .parse::<bool>()
                .map(Value::from)
                .map_err(|_invalid| self.expected(text, "true or false")),
            Kind::Integer => self.integer(text).map(Value::from),
            Kind::Double => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::from(number)),
                _ => Err(self.expected(text, "a number")),
            },
            Kind::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map(Value::from)
                .map_err(|_invalid| self.expected(text, "a date such as 2026-01-31")),
            Kind::Time => self.moment(text).map(time),
            Kind::Json => Err(self.error("is JSON: only is.null and is.notnull fit it")),
        }
    }

    pub(super) fn integer(&self, text: &str) -> Result<i64> {
        text.parse().map_err(|_invalid| self.expected(text, "a whole number of 64 bits"))
    }

    fn moment(&self, text: &str) -> Result<DateTime<Utc>> {
        // In a query string "+" is a space, and RFC 3339 offsets have one.
        let text = text.replace(' ', "+");
        let moment = DateTime::parse_from_rfc3339(&text).ok();
        // A leap second is the first moment after it, as PostgreSQL has it; as text, SQLite would sort it before that.
        let moment =
            moment.and_then(|moment| DateTime::from_timestamp_millis(moment.timestamp_millis()));
        // The years in which text and time have the same order, with room for a day on either side.
        let usable = moment.filter(|moment| (1..9999).contains(&chrono::Datelike::year(moment)));
        usable.ok_or_else(|| self.expected(&text, "a time such as 2026-01-31T09:00:00.000Z"))
    }

    /// # Errors
    /// `BadQuery` for a pattern that is too long.
    pub(super) fn check_length(&self, pattern: &str) -> Result<()> {
        if pattern.chars().count() <= MAX_PATTERN {
            return Ok(());
        }
        Err(self.error(&format!("is compared with a pattern longer than {MAX_PATTERN} characters")))
    }
}

/// `subject operator value`, where `subject` is a moment.
///
/// # Errors
/// `BadQuery` for an operator or a value that does not fit it.
pub(super) fn time_test(subject: Expr, typed: Typed<'_>) -> Result<Expr> {
    let during = |text: &str| {
        let start = typed.moment(text)?;
        Ok::<_, Error>(
            subject.clone().gte(time(start)).and(subject.clone().lt(time(start + SHOWN))),
        )
    };
    let one_of = |texts: &[String]| {
        let ranges = texts.iter().map(|text| during(text));
        ranges.collect::<Result<Vec<_>>>().map(|ranges| ranges.into_iter().reduce(ExprTrait::or))
    };
    Ok(match &typed.test.operation {
        Operation::Eq(text) => during(text)?,
        Operation::Ne(text) => during(text)?.not(),
        Operation::Gt(text) => subject.gte(time(typed.moment(text)? + SHOWN)),
        Operation::Gte(text) => subject.gte(time(typed.moment(text)?)),
        Operation::Lt(text) => subject.lt(time(typed.moment(text)?)),
        Operation::Lte(text) => subject.lt(time(typed.moment(text)? + SHOWN)),
        Operation::Between(low, high) => {
            let (low, high) = (typed.moment(low)?, typed.moment(high)?);
            subject.clone().gte(time(low)).and(subject.lt(time(high + SHOWN)))
        }
        Operation::In(texts) => one_of(texts)?.unwrap_or_else(|| Expr::val(false)),
        Operation::NotIn(texts) => one_of(texts)?.map_or_else(|| Expr::val(true), ExprTrait::not),
        Operation::IsNull => subject.is_null(),
        Operation::IsNotNull => subject.is_not_null(),
        _ => {
            return Err(typed.error("is a time: patterns and is.true do not fit it"));
        }
    })
}

fn time(moment: DateTime<Utc>) -> Value {
    Value::from(moment.fixed_offset())
}
