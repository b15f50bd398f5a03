//! The columns of a table that stays.

use sea_orm::DbBackend;

use super::Plan;
use crate::{
    catalog::{Column, Object, ObjectKind, Table},
    definition::{self, identifier},
    mend::Step,
};

/// What follows `ALTER COLUMN`, and what it destroys.
type Clause = (String, Option<String>);

/// Makes the columns of a table what they should be.
pub(super) fn alter(
    plan: &Plan<'_>,
    table: &str,
    expected: &Table,
    actual: &Table,
    steps: &mut Vec<Step>,
) {
    // A partition has the columns of its parent.
    if expected.options.iter().any(|option| option.starts_with("partition of ")) {
        return;
    }
    let alter = format!("ALTER TABLE {}", identifier(table));
    let mut added = Vec::new();
    // What is computed goes before what it is computed from, and comes after it.
    let mut columns: Vec<_> = actual.columns.iter().collect();
    columns.sort_by_key(|column| column.generated.is_none());
    for column in columns {
        let (name, other) = (identifier(&column.name), expected.column(&column.name));
        let Some(other) = other.filter(|other| !is_made_again(plan, table, other, column)) else {
            let drop = format!("{alter} DROP COLUMN {name}");
            let what = format!("the column {table}.{} with what it holds", column.name);
            let destroys = column.generated.is_none().then_some(what);
            steps.push(Step { sql: drop, destroys });
            added.extend(other);
            continue;
        };
        for (clause, destroys) in clauses(plan, table, other, column) {
            steps.push(Step { sql: format!("{alter} ALTER COLUMN {name} {clause}"), destroys });
        }
    }
    added.extend(expected.columns.iter().filter(|column| actual.column(&column.name).is_none()));
    added.sort_by_key(|column| column.generated.is_some());
    for column in added {
        let column = definition::column(column, DbBackend::Postgres);
        steps.push(Step::new(format!("{alter} ADD COLUMN {column}")));
    }
}

/// A column cannot become a computed one, nor be computed otherwise.
fn is_made_again(plan: &Plan<'_>, table: &str, expected: &Column, actual: &Column) -> bool {
    let altered = plan.altered.contains(&(table, actual.name.as_str()));
    expected.generated.is_some() && (expected.generated != actual.generated || altered)
}

fn clauses(plan: &Plan<'_>, table: &str, expected: &Column, actual: &Column) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let retyped = plan.of_replaced_type(actual)
        || (&expected.kind, &expected.collation) != (&actual.kind, &actual.collation);
    let other_default = expected.default != actual.default || retyped;
    for (clause, needed) in [
        ("DROP EXPRESSION", actual.generated.is_some() && expected.generated.is_none()),
        ("DROP IDENTITY", actual.identity.is_some() && expected.identity.is_none()),
        ("DROP DEFAULT", actual.default.is_some() && other_default),
        ("DROP NOT NULL", !actual.nullable && expected.nullable),
    ] {
        clauses.extend(needed.then(|| (clause.to_owned(), None)));
    }
    if retyped {
        clauses.push(retype(table, expected, actual));
    }
    let mut then = |clause: String| clauses.push((clause, None));
    if actual.nullable && !expected.nullable {
        then("SET NOT NULL".to_owned());
    }
    if let Some(default) = expected.default.as_ref().filter(|_| other_default) {
        then(format!("SET DEFAULT {default}"));
    }
    match (&expected.identity, &actual.identity) {
        (Some(expected), None) => {
            then(format!("ADD GENERATED {} AS IDENTITY", expected.to_uppercase()));
        }
        (Some(expected), Some(actual)) if expected != actual => {
            then(format!("SET GENERATED {}", expected.to_uppercase()));
        }
        _ => {}
    }
    clauses
}

fn retype(table: &str, expected: &Column, actual: &Column) -> Clause {
    let (kind, name) = (&expected.kind, identifier(&expected.name));
    let (to, from) = (base(kind), base(&actual.kind));
    let is_text = ["text", "character varying", "character"].contains(&to);
    let collation = match (&expected.collation, &actual.collation) {
        (Some(collation), _) => format!(" COLLATE {}", identifier(collation)),
        (None, Some(_)) if is_text => " COLLATE \"default\"".to_owned(),
        _ => String::new(),
    };
    let clause = format!("TYPE {kind}{collation}");
    if expected.kind == actual.kind {
        let through = if kind.ends_with("[]") { "text[]" } else { "text" };
        let by_text = format!("{clause} USING {name}::{through}::{kind}");
        return (if expected.collation == actual.collation { by_text } else { clause }, None);
    }
    // Without a conversion that is asked for, a value that does not fit is refused instead of cut off.
    if to == from || is_text {
        return (clause, None);
    }
    let loses = format!("what of {table}.{} the type {kind} cannot hold", expected.name);
    (format!("{clause} USING {name}::{kind}"), (!widens(from, to)).then_some(loses))
}

/// A type without its length.
fn base(kind: &str) -> &str {
    kind.split('(').next().unwrap_or_default().trim()
}

/// Whether every value of the one type is one of the other.
fn widens(from: &str, to: &str) -> bool {
    let order = ["smallint", "integer", "bigint", "numeric"];
    let place = |kind: &str| order.iter().position(|other| *other == kind);
    matches!((place(from), place(to)), (Some(from), Some(to)) if from <= to)
}

/// Makes the sequences that belong to columns, behind their defaults: `serial`. They are in no catalog of their own.
pub(super) fn create_sequences(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for (_, column, sequence) in serials(plan) {
        let kind = &column.kind;
        steps.push(Step::new(format!("CREATE SEQUENCE IF NOT EXISTS {sequence} AS {kind}")));
    }
}

/// Gives those sequences to their columns.
pub(super) fn own_sequences(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for (table, column, sequence) in serials(plan) {
        let (table, column) = (identifier(table), identifier(&column.name));
        steps.push(Step::new(format!("ALTER SEQUENCE {sequence} OWNED BY {table}.{column}")));
    }
}

fn serials<'a>(plan: &Plan<'a>) -> Vec<(&'a str, &'a Column, &'a str)> {
    let mut found = Vec::new();
    for (name, table) in &plan.expected.tables {
        for column in &table.columns {
            let Some(default) = &column.default else { continue };
            let sequence = default.strip_prefix("nextval('");
            let sequence = sequence.and_then(|rest| rest.strip_suffix("'::regclass)"));
            let Some(sequence) = sequence else { continue };
            let bare = sequence.trim_matches('"').replace("\"\"", "\"");
            let object = Object { kind: ObjectKind::Sequence, name: bare };
            let known = plan.kept(name).and_then(|table| table.column(&column.name));
            let known = known.and_then(|known| known.default.as_ref());
            if known != Some(default) && !plan.expected.objects.contains_key(&object) {
                found.push((name.as_str(), column, sequence));
            }
        }
    }
    found
}
