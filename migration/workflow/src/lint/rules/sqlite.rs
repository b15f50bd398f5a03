//! What SQLite's ALTER TABLE refuses, as a rule only once there are rows.

use sqlparser::ast::{
    AlterTableOperation as Operation, ColumnDef, ColumnOption, Expr, GeneratedExpressionMode,
};

use super::{Hit, Migration, Rule, SQLITE, Severity::Error, column::is_null, hit};
use crate::{
    catalog::{Constraint, ObjectKind},
    lint::model::Model,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "add-column-unique",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "ADD COLUMN … UNIQUE or PRIMARY KEY",
        why: "SQLite refuses it.",
        safe_way: "Add the column, then create a unique index of it.",
        check: |migration| {
            added(migration, |column| {
                column.options.iter().any(|option| {
                    matches!(option.option, ColumnOption::Unique(_) | ColumnOption::PrimaryKey(_))
                })
            })
        },
    },
    Rule {
        name: "add-column-expression-default",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "ADD COLUMN with a default that is not a constant: CURRENT_TIMESTAMP, an expression",
        why: "SQLite refuses it as soon as the table has a row, so it passes on an empty database.",
        safe_way: "A constant default; or a nullable column that is filled in by an UPDATE.",
        check: |migration| {
            added(migration, |column| defaults(column).any(|value| !is_constant(value)))
        },
    },
    Rule {
        name: "add-column-references-default",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "ADD COLUMN … REFERENCES with a default other than NULL",
        why: "SQLite refuses it as soon as the table has a row, so it passes on an empty database.",
        safe_way: "Add it as nullable without a default, and fill it in by an UPDATE.",
        check: |migration| {
            added(migration, |column| {
                let refers = column
                    .options
                    .iter()
                    .any(|option| matches!(option.option, ColumnOption::ForeignKey(_)));
                refers && defaults(column).any(|value| !is_null(value))
            })
        },
    },
    Rule {
        name: "add-column-stored",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "ADD COLUMN of a generated column that is stored",
        why: "SQLite refuses it.",
        safe_way: "Make it VIRTUAL, or rebuild the table.",
        check: |migration| {
            added(migration, |column| {
                column.options.iter().any(|option| {
            matches!(&option.option, ColumnOption::Generated { generation_expr: Some(_), generation_expr_mode, .. }
                if *generation_expr_mode == Some(GeneratedExpressionMode::Stored))
        })
            })
        },
    },
    Rule {
        name: "drop-column-in-use",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "DROP COLUMN of a column that a key, an index, a constraint, a view or a trigger uses",
        why: "SQLite refuses it; PostgreSQL drops what is in the way, without asking.",
        safe_way: "Drop the index, view or trigger first; for a key or a constraint, rebuild the table.",
        check: drop_in_use,
    },
];

fn added(migration: &Migration<'_>, is: fn(&ColumnDef) -> bool) -> Vec<Hit> {
    let columns = migration.operations().filter_map(|(place, table, operation)| match operation {
        Operation::AddColumn { column_def, .. } if is(column_def) => {
            Some(hit(place, format!("{table}.{}", column_def.name.value)))
        }
        _ => None,
    });
    columns.collect()
}

fn defaults(column: &ColumnDef) -> impl Iterator<Item = &Expr> {
    column.options.iter().filter_map(|option| match &option.option {
        ColumnOption::Default(value) => Some(value),
        _ => None,
    })
}

fn is_constant(value: &Expr) -> bool {
    match value {
        Expr::Value(_) => true,
        Expr::UnaryOp { expr, .. } | Expr::Nested(expr) | Expr::Cast { expr, .. } => {
            is_constant(expr)
        }
        // SQLite takes a bare word for a text.
        Expr::Identifier(name) => {
            name.quote_style.is_some() || matches!(name.value.as_str(), "true" | "false")
        }
        _ => false,
    }
}

fn drop_in_use(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, table, operation) in migration.operations() {
        let (Operation::DropColumn { column_names, .. }, Some(step)) =
            (operation, migration.steps.get(place))
        else {
            continue;
        };
        for column in column_names {
            for user in users(&step.before, &table, &column.value) {
                hits.push(hit(place, format!("{table}.{}: {user}", column.value)));
            }
        }
    }
    hits
}

/// What uses the column and does not go with it.
fn users(model: &Model, table: &str, column: &str) -> Vec<String> {
    let Some(description) = model.table(table) else { return Vec::new() };
    let mut users = Vec::new();
    let has = |columns: &[String]| columns.iter().any(|name| name == column);
    for (name, constraint) in &description.constraints {
        // What else stands beside the column goes with it.
        let beside = model.is_beside(table, name, column);
        let used = match constraint {
            Constraint::PrimaryKey { columns } | Constraint::Unique { columns } => has(columns),
            Constraint::ForeignKey(key) => !beside && has(&key.columns),
            Constraint::Check { expression } => !beside && names(expression, column),
            Constraint::Other { .. } => false,
        };
        if used {
            users.push(name.clone());
        }
    }
    let generated = description.columns.iter().filter(|other| {
        other.generated.as_ref().is_some_and(|generated| names(&generated.expression, column))
    });
    users.extend(generated.map(|other| other.name.clone()));
    for (name, index) in &description.indexes {
        let condition = index.condition.as_deref().unwrap_or_default();
        if index.parts.iter().any(|part| names(part, column)) || names(condition, column) {
            users.push(name.clone());
        }
    }
    for (object, text) in &model.catalog.objects {
        let of_table = object.name.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'));
        let uses = match object.kind {
            // A trigger names its own table once to say whose it is, and its columns by the row.
            ObjectKind::Trigger if of_table && times(text, table) < 2 => names_of_row(text, column),
            ObjectKind::Trigger | ObjectKind::View => names(text, table) && names(text, column),
            _ => false,
        };
        if uses {
            users.push(object.name.clone());
        }
    }
    users
}

/// Whether a text has this name as a word, outside of what stands in quotation marks.
pub(super) fn names(text: &str, name: &str) -> bool {
    times(text, name) > 0
}

fn times(text: &str, name: &str) -> usize {
    words(text).filter(|word| word.eq_ignore_ascii_case(name)).count()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let outside = text.split('\'').step_by(2);
    let words = outside
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
    words.filter(|word| !word.is_empty())
}

/// Whether a trigger names a column of the row before or after the change, or waits for a change of it (UPDATE OF).
fn names_of_row(trigger: &str, column: &str) -> bool {
    let is = |word: &&str| word.eq_ignore_ascii_case(column);
    let rows = ["old", "new", "of"];
    let pairs = words(trigger).zip(words(trigger).skip(1));
    let by_row = pairs
        .into_iter()
        .any(|(row, name)| rows.iter().any(|one| row.eq_ignore_ascii_case(one)) && is(&name));
    let head = words(trigger).take_while(|word| !word.eq_ignore_ascii_case("begin"));
    by_row || head.skip_while(|word| !word.eq_ignore_ascii_case("of")).any(|word| is(&word))
}
