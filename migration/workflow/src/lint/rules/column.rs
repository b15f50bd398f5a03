//! Columns that are added or changed.

use sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation as Operation, ColumnDef, ColumnOption, Expr,
    FunctionArg, FunctionArgExpr, FunctionArguments,
};

use super::{
    BOTH, Hit, Migration, POSTGRES, Rule,
    Severity::{Error, Warning},
    hit,
    kind::Kind,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "adding-required-field",
        databases: BOTH,
        severity: Error,
        down: true,
        what: "a column is added that is NOT NULL and has no default",
        why: "It fails as soon as the table has a row, and the release that still runs inserts without it.",
        safe_way: "Give it a constant default, or add it as nullable, fill it in, and forbid nulls in a later release.",
        check: required_field,
    },
    Rule {
        name: "adding-field-with-default",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a column is added whose values have to be computed for every row: a volatile default, or a generated column",
        why: "PostgreSQL rewrites the whole table, and nobody reads or writes it meanwhile.",
        safe_way: "Add the column without it, set the default (ALTER COLUMN … SET DEFAULT), and fill in the rows there are in batches.",
        check: field_with_default,
    },
    Rule {
        name: "changing-column-type",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "the type of a column changes",
        why: "PostgreSQL rewrites the table and its indexes, nobody reads or writes it meanwhile, and the release that still runs expects the old type.",
        safe_way: "Add a column of the new type, write both, copy in batches, read the new one, and drop the old one in a later release.",
        check: changing_type,
    },
    Rule {
        name: "adding-not-nullable-field",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "SET NOT NULL on a column that no validated CHECK has found to be without nulls",
        why: "PostgreSQL reads the whole table, and nobody reads or writes it meanwhile.",
        safe_way: "Add CHECK (column IS NOT NULL) NOT VALID, VALIDATE it in a later migration, and then SET NOT NULL, which takes the check's word.",
        check: not_nullable_field,
    },
];

/// Whether the column has a value in rows that are there already.
fn has_value(column: &ColumnDef) -> bool {
    let serial = Kind::of(&column.data_type).is_serial();
    serial
        || column.options.iter().any(|option| match &option.option {
            ColumnOption::Default(value) => !is_null(value),
            ColumnOption::Generated { .. } | ColumnOption::Identity(_) => true,
            _ => false,
        })
}

/// Whether it is NULL, cast to a type or not.
pub(super) fn is_null(value: &Expr) -> bool {
    match value {
        Expr::Value(value) => value.value == sqlparser::ast::Value::Null,
        Expr::Cast { expr, .. } | Expr::Nested(expr) => is_null(expr),
        _ => false,
    }
}

fn required_field(migration: &Migration<'_>) -> Vec<Hit> {
    let required = |column: &ColumnDef| {
        let not_null = column.options.iter().any(|option| option.option == ColumnOption::NotNull);
        not_null && !has_value(column)
    };
    let columns = migration.added_columns().filter(|(_, _, column)| required(column));
    columns
        .map(|(place, table, column)| hit(place, format!("{table}.{}", column.name.value)))
        .collect()
}

fn field_with_default(migration: &Migration<'_>) -> Vec<Hit> {
    let computed = |column: &ColumnDef| {
        column.options.iter().any(|option| match &option.option {
            ColumnOption::Default(value) => !is_stable(value),
            ColumnOption::Generated { .. } | ColumnOption::Identity(_) => true,
            _ => false,
        }) || Kind::of(&column.data_type).is_serial()
    };
    let columns = migration.added_columns().filter(|(_, _, column)| computed(column));
    columns
        .map(|(place, table, column)| hit(place, format!("{table}.{}", column.name.value)))
        .collect()
}

/// The built-in functions that a default has, as a rule, and that PostgreSQL computes once for all rows.
const STABLE: [&str; 24] = [
    "abs",
    "array_fill",
    "coalesce",
    "concat",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "date_trunc",
    "localtime",
    "localtimestamp",
    "lower",
    "make_date",
    "now",
    "session_user",
    "statement_timestamp",
    "to_timestamp",
    "transaction_timestamp",
    "txid_current",
    "upper",
    "user",
];

/// Whether PostgreSQL computes the value once, instead of once for each row.
fn is_stable(value: &Expr) -> bool {
    match value {
        Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => true,
        Expr::Array(array) => array.elem.iter().all(is_stable),
        Expr::BinaryOp { left, right, .. } => is_stable(left) && is_stable(right),
        Expr::AtTimeZone { timestamp, time_zone } => is_stable(timestamp) && is_stable(time_zone),
        Expr::UnaryOp { expr, .. }
        | Expr::Nested(expr)
        | Expr::Cast { expr, .. }
        | Expr::Collate { expr, .. } => is_stable(expr),
        Expr::Identifier(name) => STABLE.contains(&name.value.as_str()),
        Expr::Function(function) => {
            let name = function.name.to_string();
            let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
            STABLE.contains(&name) && are_stable(&function.args)
        }
        _ => false,
    }
}

fn are_stable(arguments: &FunctionArguments) -> bool {
    match arguments {
        FunctionArguments::None => true,
        FunctionArguments::Subquery(_) => false,
        FunctionArguments::List(list) => list.args.iter().all(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => is_stable(value),
            _ => false,
        }),
    }
}

fn changing_type(migration: &Migration<'_>) -> Vec<Hit> {
    let columns = migration.alterations().filter_map(|(place, table, operation)| match operation {
        Operation::AlterColumn { column_name, op: AlterColumnOperation::SetDataType { .. } } => {
            Some(hit(place, format!("{table}.{}", column_name.value)))
        }
        _ => None,
    });
    columns.collect()
}

fn not_nullable_field(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, table, operation) in migration.alterations() {
        if let Operation::AlterColumn { column_name, op: AlterColumnOperation::SetNotNull } =
            operation
        {
            let name = &column_name.value;
            // What is so already is not looked at again.
            let holds = migration.steps.get(place).is_some_and(|step| {
                step.before.is_checked_not_null(&table, name)
                    || step.before.is_nullable(&table, name) == Some(false)
            });
            if !holds {
                hits.push(hit(place, format!("{table}.{}", column_name.value)));
            }
        }
    }
    hits
}
