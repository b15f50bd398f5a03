//! From named fields and text to typed columns and parameters: what a row must satisfy.
//!
//! **Related rows.** A test through a relation asks for some related row that the caller may see. All tests of one
//! relation that stand in one AND are about the same related row: they share one EXISTS, as do the parts of nested
//! groups that concern that relation alone. `not.` in front of an operator is part of the test, so `tasks.done=not.is.true`
//! asks for a task that is not done; `not.and(tasks.done.is.true)` asks that there be no task that is.

use sea_orm::{
    Condition, DbBackend,
    sea_query::{Alias, Expr, ExprTrait, Query},
};

use super::{
    allowed,
    ast::{Operation, Predicate, Test},
    pattern,
    value::{self, Typed},
};
use crate::{
    Caller, Error, Result, Right,
    field::Kind,
    scope::{Shape, related},
    table::{Relation, Table},
};

/// For whom, and in which dialect, conditions are made.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a> {
    pub(super) caller: &'a Caller,
    pub(super) backend: DbBackend,
}

impl Filter<'_> {
    /// `predicate` in SQL.
    ///
    /// # Errors
    /// `BadQuery` for a field that does not exist or may not be filtered, an operator that does not fit it, or a value
    /// that is not of its type.
    pub(super) fn condition(self, table: &Table, predicate: &Predicate) -> Result<Condition> {
        self.of(table, predicate, 0)
    }

    /// `predicate` on a row of `table`, of whose paths the first `depth` relations have been followed.
    fn of(self, table: &Table, predicate: &Predicate, depth: usize) -> Result<Condition> {
        match predicate {
            Predicate::All(inner) => self.joined(table, true, &by_reference(inner), depth),
            Predicate::Any(inner) => self.joined(table, false, &by_reference(inner), depth),
            Predicate::Not(inner) if relation_of(predicate, depth).is_none() => {
                Ok(self.of(table, inner, depth)?.not())
            }
            Predicate::Not(_) => self.joined(table, true, &[predicate], depth),
            Predicate::Test(test) => match test.path.relations.get(depth) {
                Some(_) => self.joined(table, true, &[predicate], depth),
                None => Ok(Condition::all().add(self.test(table, test, depth)?)),
            },
        }
    }

    /// The parts joined by AND, or else by OR; those that concern one relation are asked of one related row.
    fn joined(
        self,
        table: &Table,
        all: bool,
        parts: &[&Predicate],
        depth: usize,
    ) -> Result<Condition> {
        let mut whole = if all { Condition::all() } else { Condition::any() };
        let mut by_relation: Vec<(&str, Vec<&Predicate>)> = Vec::new();
        for part in parts {
            match relation_of(part, depth) {
                None => whole = whole.add(self.of(table, part, depth)?),
                Some(name) => match by_relation.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, parts)) => parts.push(part),
                    None => by_relation.push((name, vec![part])),
                },
            }
        }
        for (name, parts) in by_relation {
            let parameter = parts.first().and_then(|part| part.parameter()).unwrap_or_default();
            let relation = relation(table, parameter, name)?;
            let satisfying = self.joined(relation.target(), all, &parts, depth + 1)?;
            whole = whole.add(self.some(table, relation, satisfying, depth));
        }
        Ok(whole)
    }

    /// That some related row that the caller sees satisfies the condition.
    fn some(self, table: &Table, relation: &Relation, condition: Condition, depth: usize) -> Expr {
        let target = relation.target();
        // What is to be satisfied may be an OR: what else must hold stands beside it, not in it.
        let condition = Condition::all().add(condition);
        // The row at hand may be one that many rows lead to, and its own related rows would be read for each of them:
        // so those are found first, and once.
        if relation.many && depth > 0 {
            let key = Expr::col((target.name, Alias::new(&relation.to)));
            let rows = Condition::all()
                .add(condition)
                .add(target.visible(self.caller, Right::See, Shape::Set))
                .add(key.clone().is_not_null());
            let keys = Query::select().expr(key).from(target.name).cond_where(rows).take();
            return Expr::col((table.name, Alias::new(&relation.from))).in_subquery(keys);
        }
        let visible = target.visible(self.caller, Right::See, Shape::Row);
        let rows = Condition::all().add(condition).add(visible);
        related((table.name, &relation.from), target, &relation.to, rows)
    }

    fn test(self, table: &Table, test: &Test, depth: usize) -> Result<Expr> {
        let (name, parameter) = (&test.path.field, &test.parameter);
        if matches!(test.operation, Operation::IsEmpty | Operation::IsNotEmpty) {
            let relation = relation(table, parameter, name)?;
            let some = self.some(table, relation, Condition::all(), depth);
            return Ok(if test.operation == Operation::IsEmpty { some.not() } else { some });
        }
        let column = table.column(name).filter(|column| column.uses.filter).ok_or_else(|| {
            let fields = table.columns.iter().filter(|column| column.uses.filter);
            let names = allowed(fields.map(|column| &*column.name));
            let relations = allowed(table.relations.iter().map(|relation| relation.name));
            Error::bad_query(
                parameter,
                format!("{name:?} cannot be filtered; these can: {names}; and through relations: {relations}"),
            )
        })?;
        let subject = Expr::col((table.name, column.column));
        compare(self.backend, subject, Typed { test, column })
    }
}

fn by_reference(predicates: &[Predicate]) -> Vec<&Predicate> {
    predicates.iter().collect()
}

/// The relation that every test in `predicate` goes through, if it is one and the same.
fn relation_of(predicate: &Predicate, depth: usize) -> Option<&str> {
    match predicate {
        Predicate::Test(test) => test.path.relations.get(depth).map(String::as_str),
        Predicate::Not(inner) if matches!(**inner, Predicate::Test(_)) => relation_of(inner, depth),
        Predicate::Not(_) => None,
        Predicate::All(inner) | Predicate::Any(inner) => {
            let mut names = inner.iter().map(|part| relation_of(part, depth));
            let first = names.next()??;
            names.all(|name| name == Some(first)).then_some(first)
        }
    }
}

fn relation<'a>(table: &'a Table, parameter: &str, name: &str) -> Result<&'a Relation> {
    table.relation(name).ok_or_else(|| {
        let names = allowed(table.relations.iter().map(|relation| relation.name));
        let message = format!("{name:?} is not a relation of {}; these are: {names}", table.path);
        Error::bad_query(parameter, message)
    })
}

/// `subject operator value`.
///
/// # Errors
/// `BadQuery` for an operator or a value that does not fit the column.
pub(super) fn compare(backend: DbBackend, subject: Expr, typed: Typed<'_>) -> Result<Expr> {
    let kind = typed.column.kind;
    if kind == Kind::Time {
        return value::time_test(subject, typed);
    }
    Ok(match &typed.test.operation {
        Operation::Eq(value) => subject.eq(typed.value(value)?),
        Operation::Ne(value) => subject.ne(typed.value(value)?),
        Operation::Gt(value) => subject.gt(typed.ordered(value)?),
        Operation::Gte(value) => subject.gte(typed.ordered(value)?),
        Operation::Lt(value) => subject.lt(typed.ordered(value)?),
        Operation::Lte(value) => subject.lte(typed.ordered(value)?),
        Operation::Between(low, high) => subject.between(typed.ordered(low)?, typed.ordered(high)?),
        Operation::In(values) => subject.is_in(typed.values(values)?),
        Operation::NotIn(values) => subject.is_not_in(typed.values(values)?),
        Operation::Like(pattern) if kind == Kind::Text => {
            typed.check_length(&pattern.text)?;
            pattern::matches(backend, subject, pattern)
        }
        Operation::IsNull => subject.is_null(),
        Operation::IsNotNull => subject.is_not_null(),
        Operation::IsTrue if kind == Kind::Boolean => subject.eq(true),
        Operation::IsFalse if kind == Kind::Boolean => subject.eq(false),
        Operation::Like(_) => return Err(typed.error("is not text, so patterns do not fit it")),
        Operation::IsTrue | Operation::IsFalse => return Err(typed.error("is not a boolean")),
        Operation::IsEmpty | Operation::IsNotEmpty => {
            return Err(typed.error("is not a relation"));
        }
    })
}

#[cfg(test)]
mod tests {
    use entity::prelude::Project;
    use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};

    use super::*;
    use crate::query::Cursors;
    use crate::query::ListQuery;

    fn sql(query: &str) -> Result<[String; 2]> {
        let list = ListQuery::parse(query, &Cursors::new("a secret"))?;
        let of = |backend| {
            let caller = &Caller::system();
            let filter = Filter { caller, backend };
            let condition = filter.condition(Table::of::<Project>(), &list.filter)?;
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

    #[test]
    #[ignore = "measures: cargo test --release -p service ten_predicates -- --ignored --nocapture"]
    fn what_ten_predicates_cost() {
        const TIMES: u32 = 20_000;
        let query = "status=in.(active,inactive)&isPublic=is.true&name=ilike.*boat*&clientName=not.eq.Wind&\
                     createdAt=gte.2026-01-01T00:00:00Z&description=contains.May&or=(themeId.is.null,name.gt.T)&\
                     name=startswith.R&clientName=is.notnull&sort=-createdAt,name&limit=20";
        let start = std::time::Instant::now();
        for _ in 0..TIMES {
            let [postgres, _] = sql(query).expect("valid");
            std::hint::black_box(postgres);
        }
        // Of both databases, so half of it is what one costs.
        println!("{:?} to parse once and to build twice", start.elapsed() / TIMES);
    }
}
