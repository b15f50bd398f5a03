//! What a CHECK and a default say, read from the words of either database.

use sea_orm::{DbBackend, Value};
use sqlparser::{
    ast::{
        BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
        Value as Literal,
    },
    dialect::{Dialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
};

use crate::{
    diff::declared::Kind,
    schema::{Column, Kind as Word},
};

/// What the CHECK of a column says, as far as the vocabulary says it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) length: Option<u32>,
    pub(super) values: Vec<String>,
    pub(super) lower_case: bool,
    pub(super) least: Option<i64>,
    pub(super) most: Option<i64>,
    /// Whether a moment is in UTC, as SQLite has to be told.
    utc: bool,
}

impl Check {
    /// What the vocabulary says of a column there.
    pub(super) fn of(column: &Column, backend: DbBackend) -> Self {
        let mut check = Self { lower_case: column.lower_case, ..Self::default() };
        (check.least, check.most) = column.between.unzip();
        match &column.kind {
            Word::String(length) => check.length = Some(*length),
            Word::OneOf(values) => {
                check.values = values.iter().map(|value| (*value).to_owned()).collect();
            }
            Word::Timestamp => check.utc = backend == DbBackend::Sqlite,
            _ => {}
        }
        check
    }

    /// Reads a condition on this column; returns whether that is all that it says.
    pub(super) fn whole(&mut self, expression: &str, column: &str, backend: DbBackend) -> bool {
        parsed(expression, backend).is_some_and(|expression| self.part(&expression, column))
    }

    fn part(&mut self, expression: &Expr, column: &str) -> bool {
        let own = |expression: &Expr| matches!(bare(expression), Expr::Identifier(name) if name.value == column);
        match bare(expression) {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                let left = self.part(left, column);
                self.part(right, column) && left
            }
            Expr::BinaryOp { left, op: BinaryOperator::LtEq, right } if own(left) => {
                once(&mut self.most, number(right))
            }
            Expr::BinaryOp { left, op: BinaryOperator::LtEq, right } => {
                let length = number(right).and_then(|number| u32::try_from(number).ok());
                argument(left, &["length", "char_length"]).is_some_and(own)
                    && once(&mut self.length, length)
            }
            Expr::BinaryOp { left, op: BinaryOperator::GtEq, right } if own(left) => {
                once(&mut self.least, number(right))
            }
            Expr::Between { expr, low, high, negated: false } if own(expr) => {
                once(&mut self.least, number(low)) && once(&mut self.most, number(high))
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right }
                if own(left) && argument(right, &["lower"]).is_some_and(own) =>
            {
                self.lower_case = true;
                true
            }
            // PostgreSQL says so of a list of one.
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } if own(left) => {
                self.list(std::slice::from_ref(&**right))
            }
            Expr::InList { expr, list, negated: false } if own(expr) => self.list(list),
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } if own(left) => {
                matches!(bare(right), Expr::Array(array) if self.list(&array.elem))
            }
            Expr::BinaryOp { left, op: BinaryOperator::Glob, right } if own(left) => {
                self.utc = text(right).is_some_and(|pattern| pattern == "*+00:00");
                self.utc
            }
            _ => false,
        }
    }

    fn list(&mut self, list: &[Expr]) -> bool {
        let first = self.values.is_empty();
        self.values = list.iter().filter_map(text).collect();
        first && self.values.len() == list.len()
    }
}

/// Notes what a condition says, unless it has said something already, or nothing that is understood.
fn once<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let first = slot.is_none() && value.is_some();
    *slot = value;
    first
}

fn parsed(expression: &str, backend: DbBackend) -> Option<Expr> {
    let dialect: &dyn Dialect = match backend {
        DbBackend::Sqlite => &SQLiteDialect {},
        _ => &PostgreSqlDialect {},
    };
    Parser::new(dialect).try_with_sql(expression).ok()?.parse_expr().ok()
}

/// Without parentheses and casts.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => bare(inner),
        other => other,
    }
}

fn text(expression: &Expr) -> Option<String> {
    match bare(expression) {
        Expr::Value(value) => match &value.value {
            Literal::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A number: what it is written with.
fn digits(expression: &Expr) -> Option<String> {
    match bare(expression) {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(format!("-{}", digits(expr)?)),
        Expr::Value(value) => match &value.value {
            // PostgreSQL writes '-1'::integer.
            Literal::Number(digits, _) | Literal::SingleQuotedString(digits) => {
                Some(digits.clone())
            }
            _ => None,
        },
        _ => None,
    }
}

fn number(expression: &Expr) -> Option<i64> {
    digits(expression)?.parse().ok()
}

/// What one of these functions is called with, if it is one and that is all.
fn argument<'a>(expression: &'a Expr, names: &[&str]) -> Option<&'a Expr> {
    let Expr::Function(call) = bare(expression) else { return None };
    let FunctionArguments::List(list) = &call.args else { return None };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = list.args.as_slice() else {
        return None;
    };
    let called = call.name.to_string();
    names.iter().any(|name| called.eq_ignore_ascii_case(name)).then_some(argument)
}

/// A default as a value of the vocabulary.
pub(super) fn value(default: &str, kind: &Kind, backend: DbBackend) -> Option<Value> {
    let parsed = parsed(default, backend)?;
    match kind {
        Kind::Boolean => match bare(&parsed) {
            Expr::Value(value) => match &value.value {
                Literal::Boolean(value) => Some((*value).into()),
                Literal::Number(digits, _) => Some((digits != "0").into()),
                _ => None,
            },
            _ => None,
        },
        Kind::SmallInteger => i16::try_from(number(&parsed)?).ok().map(Into::into),
        Kind::BigInteger => number(&parsed).map(Into::into),
        Kind::Double => digits(&parsed)?.parse::<f64>().ok().map(Into::into),
        _ => text(&parsed).map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(expression: &str, column: &str, backend: DbBackend) -> Option<Check> {
        let mut check = Check::default();
        check.whole(expression, column, backend).then_some(check)
    }

    #[test]
    fn both_databases_say_the_same_of_a_check() {
        let some = [
            (
                r#"LENGTH("email") <= 320 AND "email" = LOWER("email")"#,
                "(char_length((email)::text) <= 320) AND ((email)::text = lower((email)::text))",
                Check { length: Some(320), lower_case: true, ..Check::default() },
            ),
            (
                r#""status" IN ('it''s', 'b')"#,
                "(status)::text = ANY ((ARRAY['it''s'::character varying, 'b'::character varying])::text[])",
                Check { values: vec!["it's".to_owned(), "b".to_owned()], ..Check::default() },
            ),
            (
                r#""n" BETWEEN -5 AND 10"#,
                "(n >= '-5'::integer) AND (n <= 10)",
                Check { least: Some(-5), most: Some(10), ..Check::default() },
            ),
        ];
        for ((sqlite, postgres, check), column) in some.into_iter().zip(["email", "status", "n"]) {
            for (expression, backend) in
                [(sqlite, DbBackend::Sqlite), (postgres, DbBackend::Postgres)]
            {
                assert_eq!(
                    read(expression, column, backend).as_ref(),
                    Some(&check),
                    "{expression}"
                );
                assert_eq!(read(expression, "other", backend), None, "{expression}");
            }
        }
        let utc = Check { utc: true, ..Check::default() };
        assert_eq!(read("\"at\" GLOB '*+00:00'", "at", DbBackend::Sqlite), Some(utc));
    }

    #[test]
    fn what_the_vocabulary_does_not_say_is_told_from_what_it_says() {
        for check in [
            "a <> b",
            "length(trim(a)) <= 5",
            "a IN ('x', 1)",
            "lower(a) IN ('x')",
            "abs(a) >= 1",
            "a || '' = 'x'",
            "length(a) < 5",
            "a = lower(b)",
            "a GLOB 'x*'",
            "a IN ('x', 'y') AND a IN ('x')",
            "a <= 5 AND a <= 3",
        ] {
            assert_eq!(read(check, "a", DbBackend::Sqlite), None, "{check}");
        }
    }
}
