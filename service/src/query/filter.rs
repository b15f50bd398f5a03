//! From named fields and text to typed columns and parameters.

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};
use sea_orm::{
    Condition, DbBackend, Value,
    sea_query::{
        Expr, ExprTrait, LikeExpr,
        extension::{postgres::PgExpr, sqlite::SqliteExpr},
    },
};
use uuid::Uuid;

use super::{
    allowed,
    ast::{Operation, Pattern, Predicate, Test},
};
use crate::{
    Error, Result,
    field::{Column, Kind},
    table::Table,
};

/// Times are shown to the millisecond, so they are compared to the millisecond: a value that was read finds its row.
const SHOWN: TimeDelta = TimeDelta::milliseconds(1);

/// `predicate` in SQL.
///
/// # Errors
/// `BadQuery` for a field that does not exist or may not be filtered, an operator that does not fit it, or a value
/// that is not of its type.
pub(super) fn condition(
    table: &Table,
    backend: DbBackend,
    predicate: &Predicate,
) -> Result<Condition> {
    let all = |start: Condition, inner: &[Predicate]| {
        inner.iter().try_fold(start, |whole, part| Ok(whole.add(condition(table, backend, part)?)))
    };
    match predicate {
        Predicate::All(inner) => all(Condition::all(), inner),
        Predicate::Any(inner) => all(Condition::any(), inner),
        Predicate::Not(inner) => Ok(condition(table, backend, inner)?.not()),
        Predicate::Test(test) => Ok(Condition::all().add(self::test(table, backend, test)?)),
    }
}

fn test(table: &Table, backend: DbBackend, test: &Test) -> Result<Expr> {
    let column =
        table.column(&test.path.field).filter(|column| column.uses.filter).ok_or_else(|| {
            let names = allowed(
                table
                    .columns
                    .iter()
                    .filter(|column| column.uses.filter)
                    .map(|column| &*column.name),
            );
            Error::bad_query(
                &test.parameter,
                format!("{:?} cannot be filtered; these can: {names}", test.path.field),
            )
        })?;
    let subject = Expr::col((table.name, column.column));
    let typed = Typed { test, column };
    if column.kind == Kind::Time {
        return typed.time(subject);
    }
    Ok(match &test.operation {
        Operation::Eq(value) => subject.eq(typed.value(value)?),
        Operation::Ne(value) => subject.ne(typed.value(value)?),
        Operation::Gt(value) => subject.gt(typed.ordered(value)?),
        Operation::Gte(value) => subject.gte(typed.ordered(value)?),
        Operation::Lt(value) => subject.lt(typed.ordered(value)?),
        Operation::Lte(value) => subject.lte(typed.ordered(value)?),
        Operation::Between(low, high) => subject.between(typed.ordered(low)?, typed.ordered(high)?),
        Operation::In(values) => subject.is_in(typed.values(values)?),
        Operation::NotIn(values) => subject.is_not_in(typed.values(values)?),
        Operation::Like(pattern) if column.kind == Kind::Text => like(backend, subject, pattern),
        Operation::IsNull => subject.is_null(),
        Operation::IsNotNull => subject.is_not_null(),
        Operation::IsTrue if column.kind == Kind::Boolean => subject.eq(true),
        Operation::IsFalse if column.kind == Kind::Boolean => subject.eq(false),
        Operation::Like(_) => return Err(typed.error("is not text, so patterns do not fit it")),
        Operation::IsTrue | Operation::IsFalse => return Err(typed.error("is not a boolean")),
        Operation::IsEmpty | Operation::IsNotEmpty => return Err(typed.error("is not a relation")),
    })
}

/// Text is compared byte by byte on both databases; without regard to case, ASCII letters are folded. SQLite's LIKE
/// always folds them, so what minds the case is a GLOB there; PostgreSQL's ILIKE folds by the column's collation, "C".
fn like(backend: DbBackend, subject: Expr, pattern: &Pattern) -> Expr {
    if backend == DbBackend::Sqlite && !pattern.insensitive {
        return subject.glob(escape(pattern, "*", |letter, text| match letter {
            '*' | '?' | '[' => text.extend(['[', letter, ']']),
            _ => text.push(letter),
        }));
    }
    let text = escape(pattern, "%", |letter, text| match letter {
        '%' | '_' | '\\' => text.extend(['\\', letter]),
        _ => text.push(letter),
    });
    if backend == DbBackend::Postgres && pattern.insensitive {
        // A backslash escapes by default there, and sea-query puts ILIKE's ESCAPE inside parentheses.
        subject.ilike(text)
    } else {
        subject.like(LikeExpr::new(text).escape('\\'))
    }
}

fn escape(pattern: &Pattern, wildcard: &str, push: fn(char, &mut String)) -> String {
    let mut text = String::new();
    for (index, part) in pattern.parts().into_iter().enumerate() {
        if index > 0 {
            text.push_str(wildcard);
        }
        part.chars().for_each(|letter| push(letter, &mut text));
    }
    text
}

struct Typed<'a> {
    test: &'a Test,
    column: &'a Column,
}

impl Typed<'_> {
    fn error(&self, message: &str) -> Error {
        Error::bad_query(&self.test.parameter, format!("{:?} {message}", self.test.path.field))
    }

    fn expected(&self, text: &str, what: &str) -> Error {
        self.error(&format!("is compared with {text:?}, which is not {what}"))
    }

    fn ordered(&self, text: &str) -> Result<Value> {
        match self.column.kind {
            Kind::Boolean => {
                Err(self.error("is a boolean and has no order; use is.true or is.false"))
            }
            _ => self.value(text),
        }
    }

    fn values(&self, texts: &[String]) -> Result<Vec<Value>> {
        texts.iter().map(|text| self.value(text)).collect()
    }

    fn value(&self, text: &str) -> Result<Value> {
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
            Kind::Integer => text
                .parse::<i64>()
                .map(Value::from)
                .map_err(|_invalid| self.expected(text, "a whole number of 64 bits")),
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

    fn moment(&self, text: &str) -> Result<DateTime<Utc>> {
        // In a query string "+" is a space, and RFC 3339 offsets have one.
        let text = text.replace(' ', "+");
        let moment =
            DateTime::parse_from_rfc3339(&text).ok().map(|moment| moment.to_utc().trunc_subsecs(3));
        // The years in which text and time have the same order, with room for a day on either side.
        let usable = moment.filter(|moment| (1..9999).contains(&chrono::Datelike::year(moment)));
        usable.ok_or_else(|| self.expected(&text, "a time such as 2026-01-31T09:00:00.000Z"))
    }

    fn time(&self, subject: Expr) -> Result<Expr> {
        let during = |text: &str| {
            let start = self.moment(text)?;
            Ok::<_, Error>(
                subject.clone().gte(time(start)).and(subject.clone().lt(time(start + SHOWN))),
            )
        };
        let one_of = |texts: &[String]| {
            let ranges = texts.iter().map(|text| during(text));
            ranges
                .collect::<Result<Vec<_>>>()
                .map(|ranges| ranges.into_iter().reduce(ExprTrait::or))
        };
        Ok(match &self.test.operation {
            Operation::Eq(text) => during(text)?,
            Operation::Ne(text) => during(text)?.not(),
            Operation::Gt(text) => subject.gte(time(self.moment(text)? + SHOWN)),
            Operation::Gte(text) => subject.gte(time(self.moment(text)?)),
            Operation::Lt(text) => subject.lt(time(self.moment(text)?)),
            Operation::Lte(text) => subject.lt(time(self.moment(text)? + SHOWN)),
            Operation::Between(low, high) => {
                let (low, high) = (self.moment(low)?, self.moment(high)?);
                subject.clone().gte(time(low)).and(subject.lt(time(high + SHOWN)))
            }
            Operation::In(texts) => one_of(texts)?.unwrap_or_else(|| Expr::val(false)),
            Operation::NotIn(texts) => {
                one_of(texts)?.map_or_else(|| Expr::val(true), ExprTrait::not)
            }
            Operation::IsNull => subject.is_null(),
            Operation::IsNotNull => subject.is_not_null(),
            _ => {
                return Err(self.error("is a time: patterns and is.true do not fit it"));
            }
        })
    }
}

fn time(moment: DateTime<Utc>) -> Value {
    Value::from(moment.fixed_offset())
}

#[cfg(test)]
mod tests {
    use entity::prelude::Project;
    use sea_orm::sea_query::{PostgresQueryBuilder, Query, SqliteQueryBuilder};

    use super::*;
    use crate::query::Cursors;
    use crate::query::ListQuery;

    fn sql(query: &str) -> Result<[String; 2]> {
        let list = ListQuery::parse(query, &Cursors::new("a secret"))?;
        let of = |backend| {
            let condition = condition(Table::of::<Project>(), backend, &list.filter)?;
            Ok::<_, Error>(Query::select().expr(Expr::val(1)).cond_where(condition).take())
        };
        let (postgres, sqlite) = (of(DbBackend::Postgres)?, of(DbBackend::Sqlite)?);
        let clause = |text: String| text.replace("SELECT 1 WHERE ", "").replace("\"project\".", "");
        Ok([
            clause(postgres.to_string(PostgresQueryBuilder)),
            clause(sqlite.to_string(SqliteQueryBuilder)),
        ])
    }

    #[test]
    fn both_databases_are_asked_the_same() {
        for (query, postgres, sqlite) in [
            ("name=eq.a", r#""name" = 'a'"#, r#""name" = 'a'"#),
            ("name=not.eq.a", r#"NOT "name" = 'a'"#, r#"NOT "name" = 'a'"#),
            ("name=like.a*_", r#""name" LIKE E'a%\\_' ESCAPE E'\\'"#, r#""name" GLOB 'a*_'"#),
            (
                "name=like.*[x]?",
                r#""name" LIKE '%[x]?' ESCAPE E'\\'"#,
                r#""name" GLOB '*[[]x][?]'"#,
            ),
            ("name=ilike.*a%25", r#""name" ILIKE E'%a\\%'"#, r#""name" LIKE '%a\%' ESCAPE '\'"#),
            ("isPublic=is.true", r#""is_public" = TRUE"#, r#""is_public" = TRUE"#),
            (
                "status=in.(active,archived)",
                r#""status" IN ('active', 'archived')"#,
                r#""status" IN ('active', 'archived')"#,
            ),
            ("status=in.()", "1 = 2", "1 = 2"),
            ("clientName=is.null", r#""client_name" IS NULL"#, r#""client_name" IS NULL"#),
        ] {
            match sql(query) {
                Ok(sql) => assert_eq!(sql, [postgres, sqlite], "{query}"),
                Err(error) => panic!("{query}: {error}"),
            }
        }
    }

    #[test]
    fn times_are_compared_to_the_millisecond() {
        let [postgres, _] = sql("createdAt=eq.2026-01-31T10:00:00.0009%2B01:00").expect("valid");
        let range = r#""created_at" >= '2026-01-31 09:00:00.000000 +00:00' AND "created_at" < '2026-01-31 09:00:00.001000 +00:00'"#;
        assert_eq!(postgres, range);
        let [postgres, _] = sql("createdAt=ne.2026-01-31T09:00:00Z").expect("valid");
        assert_eq!(postgres, ["NOT (", range, ")"].concat());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for query in [
            "secret=eq.a",
            "deletedAt=is.null",
            "ownerId=eq.me",
            "ownerId=like.a*",
            "isPublic=eq.yes",
            "isPublic=gt.true",
            "status=eq.gone",
            "name=is.true",
            "createdAt=eq.yesterday",
            "createdAt=gt.0000-01-01T00:00:00Z",
            "or=(name.eq.a,secret.eq.b)",
        ] {
            assert!(matches!(sql(query), Err(Error::BadQuery { .. })), "{query}");
        }
    }
}
