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

use crate::diff::declared::Kind;

/// What the CHECK of a column says, as far as the vocabulary says it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) length: Option<u32>,
    pub(super) values: Vec<String>,
    pub(super) lower_case: bool,
    pub(super) least: Option<i64>,
    pub(super) most: Option<i64>,
}

impl Check {
    /// Reads a condition; returns whether that is all that it says.
    pub(super) fn whole(&mut self, expression: &str, backend: DbBackend) -> bool {
        parsed(expression, backend).is_some_and(|expression| self.part(&expression))
    }

    fn part(&mut self, expression: &Expr) -> bool {
        match bare(expression) {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                let left = self.part(left);
                self.part(right) && left
            }
            Expr::BinaryOp { left, op: BinaryOperator::LtEq, right } => {
                let Some(number) = number(right) else { return false };
                if is_call(left, &["length", "char_length"]) {
                    self.length = u32::try_from(number).ok();
                } else {
                    self.most = Some(number);
                    return is_column(left);
                }
                true
            }
            Expr::BinaryOp { left, op: BinaryOperator::GtEq, right } => {
                self.least = number(right);
                self.least.is_some() && is_column(left)
            }
            Expr::Between { expr, low, high, negated: false } => {
                (self.least, self.most) = (number(low), number(high));
                self.least.is_some() && self.most.is_some() && is_column(expr)
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right }
                if is_call(right, &["lower"]) =>
            {
                self.lower_case = true;
                is_column(left)
            }
            // PostgreSQL says so of a list of one.
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                self.values.extend(text(right));
                !self.values.is_empty() && is_column(left)
            }
            Expr::InList { expr, list, negated: false } => {
                self.values = list.iter().filter_map(text).collect();
                self.values.len() == list.len() && is_column(expr)
            }
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => {
                let Expr::Array(array) = bare(right) else { return false };
                self.values = array.elem.iter().filter_map(text).collect();
                self.values.len() == array.elem.len() && is_column(left)
            }
            // The CHECK of every timestamp on SQLite.
            Expr::BinaryOp { op: BinaryOperator::Custom(word), .. } => word == "GLOB",
            Expr::Function(call) => call.name.to_string().eq_ignore_ascii_case("glob"),
            _ => false,
        }
    }
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

fn number(expression: &Expr) -> Option<i64> {
    match bare(expression) {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => number(expr).map(|number| -number),
        Expr::Value(value) => match &value.value {
            // PostgreSQL writes '-1'::integer.
            Literal::Number(digits, _) | Literal::SingleQuotedString(digits) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it is one of these functions of something that is no function itself.
fn is_call(expression: &Expr, names: &[&str]) -> bool {
    let Expr::Function(call) = bare(expression) else { return false };
    let FunctionArguments::List(list) = &call.args else { return false };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = list.args.as_slice() else {
        return false;
    };
    names.iter().any(|name| call.name.to_string().eq_ignore_ascii_case(name)) && is_column(argument)
}

fn is_column(expression: &Expr) -> bool {
    matches!(bare(expression), Expr::Identifier(_))
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
        Kind::Double => default.trim_matches(['(', ')', '\'']).parse::<f64>().ok().map(Into::into),
        _ => text(&parsed).map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(expression: &str, backend: DbBackend) -> Option<Check> {
        let mut check = Check::default();
        check.whole(expression, backend).then_some(check)
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
        for (sqlite, postgres, check) in some {
            assert_eq!(read(sqlite, DbBackend::Sqlite).as_ref(), Some(&check), "{sqlite}");
            assert_eq!(read(postgres, DbBackend::Postgres).as_ref(), Some(&check), "{postgres}");
        }
    }

    #[test]
    fn what_the_vocabulary_does_not_say_is_told_from_what_it_says() {
        for check in [
            "title <> description",
            "length(trim(title)) <= 5",
            "a IN ('x', 1)",
            "lower(a) IN ('x')",
            "abs(a) >= 1",
            "a || '' = 'x'",
            "length(a) < 5",
        ] {
            assert_eq!(read(check, DbBackend::Sqlite), None, "{check}");
        }
    }
}
