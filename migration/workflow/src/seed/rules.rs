//! What the constraints of a table let a column be: read from the conditions of its CHECKs, in the words of either database.

use sea_orm::DbBackend;
use sqlparser::{
    ast::{
        BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
    },
    dialect::{Dialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
};

use crate::catalog::{Constraint, Table};

/// What a column may hold. A condition that is not understood says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// One of these, if there are any.
    pub(super) one_of: Vec<String>,
    /// At least so many characters.
    pub(super) shortest: Option<i64>,
    /// At most so many characters.
    pub(super) longest: Option<i64>,
    /// No number below this one.
    pub(super) least: Option<i64>,
    /// No number above this one.
    pub(super) most: Option<i64>,
    /// In lower case.
    pub(super) lower_case: bool,
}

impl Rules {
    /// The rules of a column.
    pub(super) fn of(table: &Table, column: &str, declared: &str, backend: DbBackend) -> Self {
        let mut rules = Self::default();
        let dialect: &dyn Dialect = match backend {
            DbBackend::Sqlite => &SQLiteDialect {},
            _ => &PostgreSqlDialect {},
        };
        for constraint in table.constraints.values() {
            let Constraint::Check { expression } = constraint else { continue };
            let parsed = Parser::new(dialect).try_with_sql(expression);
            if let Ok(condition) = parsed.and_then(|mut parser| parser.parse_expr()) {
                rules.learn(&condition, column);
            }
        }
        if declared.contains("char") {
            let digits = declared.split_once('(').and_then(|(_, rest)| rest.split(')').next());
            if let Some(longest) = digits.and_then(|digits| digits.parse().ok()) {
                rules.at_most(true, longest);
            }
        }
        rules
    }

    fn learn(&mut self, condition: &Expr, column: &str) {
        match bare(condition) {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                self.learn(left, column);
                self.learn(right, column);
            }
            // What null is allowed beside holds for everything else.
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
                if matches!(bare(left), Expr::IsNull(_)) {
                    self.learn(right, column);
                } else if matches!(bare(right), Expr::IsNull(_)) {
                    self.learn(left, column);
                }
            }
            Expr::BinaryOp { left, op, right } => self.compare(left, op, right, column),
            Expr::Between { expr, negated: false, low, high } => {
                self.compare(expr, &BinaryOperator::GtEq, low, column);
                self.compare(expr, &BinaryOperator::LtEq, high, column);
            }
            Expr::InList { expr, list, negated: false } => self.choose(expr, list, column),
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => {
                if let Expr::Array(array) = bare(right) {
                    self.choose(left, &array.elem, column);
                }
            }
            _ => {}
        }
    }

    fn choose(&mut self, subject: &Expr, list: &[Expr], column: &str) {
        if is_column(subject, column) {
            self.one_of = list.iter().filter_map(literal).collect();
        }
    }

    fn compare(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, column: &str) {
        let is_length =
            [left].into_iter().filter_map(|side| argument(side, &["char_length", "length"]));
        let is_length = is_length.into_iter().any(|of| is_column(of, column));
        if !is_length && !is_column(left, column) {
            return;
        }
        if *op == BinaryOperator::Eq {
            self.lower_case |= argument(right, &["lower"]).is_some_and(|of| is_column(of, column));
            if !is_length && let Some(only) = literal(right) {
                self.one_of = vec![only];
            }
        }
        let Some(number) = literal(right).and_then(|text| text.parse::<i64>().ok()) else { return };
        match op {
            BinaryOperator::LtEq => self.at_most(is_length, number),
            BinaryOperator::Lt => self.at_most(is_length, number.saturating_sub(1)),
            BinaryOperator::GtEq => self.at_least(is_length, number),
            BinaryOperator::Gt => self.at_least(is_length, number.saturating_add(1)),
            BinaryOperator::Eq if is_length => {
                self.at_most(true, number);
                self.at_least(true, number);
            }
            _ => {}
        }
    }

    fn at_most(&mut self, is_length: bool, number: i64) {
        let limit = if is_length { &mut self.longest } else { &mut self.most };
        *limit = Some(limit.map_or(number, |limit| limit.min(number)));
    }

    fn at_least(&mut self, is_length: bool, number: i64) {
        let limit = if is_length { &mut self.shortest } else { &mut self.least };
        *limit = Some(limit.map_or(number, |limit| limit.max(number)));
    }
}

/// Without brackets and casts.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => bare(inner),
        other => other,
    }
}

fn is_column(expression: &Expr, column: &str) -> bool {
    matches!(bare(expression), Expr::Identifier(name) if name.value == column)
}

/// What one of these functions is called with.
fn argument<'a>(expression: &'a Expr, names: &[&str]) -> Option<&'a Expr> {
    let Expr::Function(function) = bare(expression) else { return None };
    let name = function.name.to_string().to_lowercase();
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))]
            if names.contains(&name.as_str()) =>
        {
            Some(argument)
        }
        _ => None,
    }
}

fn literal(expression: &Expr) -> Option<String> {
    match bare(expression) {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(format!("-{}", literal(expr)?)),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            Value::Number(digits, _) => Some(digits.clone()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(condition: &str, backend: DbBackend) -> Rules {
        let check = Constraint::Check { expression: condition.to_owned() };
        let table = Table { constraints: [("ck".to_owned(), check)].into(), ..Table::default() };
        Rules::of(&table, "x", "text", backend)
    }

    #[test]
    fn both_databases_say_the_same() {
        for (sqlite, postgres, expected) in [
            (
                r#"length("x") <= 320 AND "x" = lower("x")"#,
                "((char_length((x)::text) <= 320) AND ((x)::text = lower((x)::text)))",
                Rules { longest: Some(320), lower_case: true, ..Rules::default() },
            ),
            (
                r#""x" IN ('user', 'it''s')"#,
                "((x)::text = ANY ((ARRAY['user'::character varying, 'it''s'::character varying])::text[]))",
                Rules { one_of: vec!["user".to_owned(), "it's".to_owned()], ..Rules::default() },
            ),
            (
                r#""x" BETWEEN -5 AND 525600"#,
                "((x >= '-5'::integer) AND (x <= 525600))",
                Rules { least: Some(-5), most: Some(525_600), ..Rules::default() },
            ),
            (
                "x IS NULL OR (x > 0 AND x < 10)",
                "((x IS NULL) OR ((x > 0) AND (x < 10)))",
                Rules { least: Some(1), most: Some(9), ..Rules::default() },
            ),
            (
                "length(x) BETWEEN 10 AND 20",
                "((length(x) >= 10) AND (length(x) <= 20))",
                Rules { shortest: Some(10), longest: Some(20), ..Rules::default() },
            ),
            ("\"x\" GLOB '*+00:00'", "(x ~ '^a'::text)", Rules::default()),
            ("y > 3", "(y > 3)", Rules::default()),
            ("length(x) = 2 OR y > 1", "((length(x) = 2) OR (y > 1))", Rules::default()),
        ] {
            assert_eq!(rules(sqlite, DbBackend::Sqlite), expected, "{sqlite}");
            assert_eq!(rules(postgres, DbBackend::Postgres), expected, "{postgres}");
        }
    }

    #[test]
    fn a_type_may_limit_the_length() {
        for declared in ["character varying(20)", "varchar(20)", "char(20)"] {
            let rules = Rules::of(&Table::default(), "x", declared, DbBackend::Postgres);
            assert_eq!(rules.longest, Some(20), "{declared}");
        }
    }
}
