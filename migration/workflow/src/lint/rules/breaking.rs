//! What breaks the binary that still runs while the schema changes, or loses data.

use sqlparser::ast::{
    AlterTableOperation as Operation, AlterTypeOperation, ObjectType, Statement as Sql,
};

use super::rebuild::rebuilt;
use super::{
    BOTH, Hit, Migration, POSTGRES, Rule,
    Severity::{Error, Warning},
    hit,
};
use crate::catalog::{Object, ObjectKind, plain};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "renaming-column",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "a column is renamed",
        why: "The release that still runs asks for the old name, and fails.",
        safe_way: "Add the new column, keep both equal by two_names(), copy the rows there are, and drop the old one in a later release.",
        check: renaming_column,
    },
    Rule {
        name: "renaming-table",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "a table is renamed",
        why: "The release that still runs asks for the old name, and fails.",
        safe_way: "Make the new table, write both, copy, and drop the old one in a later release; or leave a view of the old name.",
        check: renaming_table,
    },
    Rule {
        name: "renaming-enum-value",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a value of an enumeration is renamed",
        why: "The release that still runs writes the old value, which is refused, and cannot read the new one.",
        safe_way: "Add the new value, write it from the next release on, change the rows, and leave the old one unused.",
        check: renaming_enum_value,
    },
    Rule {
        name: "ban-drop-column",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "a column is dropped",
        why: "Its values are gone, and a release that still reads or writes it fails.",
        safe_way: "Release without any use of the column first, drop it in a later release, and say so: // lint: allow ban-drop-column: unused since …",
        check: drop_column,
    },
    Rule {
        name: "ban-drop-table",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "a table is dropped",
        why: "Its rows are gone, and a release that still uses it fails.",
        safe_way: "Release without any use of the table first, drop it in a later release, and say so: // lint: allow ban-drop-table: unused since …",
        check: drop_table,
    },
    Rule {
        name: "ban-drop-database",
        databases: POSTGRES,
        severity: Error,
        down: false,
        what: "a database is dropped",
        why: "Everything in it is gone.",
        safe_way: "Databases are not made and dropped by migrations.",
        check: drop_database,
    },
    Rule {
        name: "ban-truncate-cascade",
        databases: POSTGRES,
        severity: Error,
        down: true,
        what: "TRUNCATE … CASCADE",
        why: "It also empties every table that refers to this one, and every table that refers to those.",
        safe_way: "Leave CASCADE out and name the tables to be emptied.",
        check: truncate_cascade,
    },
    Rule {
        name: "ban-drop-not-null",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a column may be null from now on",
        why: "The release that still runs does not expect a null, and fails when it reads one.",
        safe_way: "Release what can read nulls first, and say so: // lint: allow ban-drop-not-null: nulls are read since …",
        check: drop_not_null,
    },
    Rule {
        name: "require-enum-value-ordering",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a value is added to an enumeration without BEFORE or AFTER",
        why: "It goes to the end, and ORDER BY and comparisons follow the order of the values.",
        safe_way: "Say where it belongs: ADD VALUE 'x' AFTER 'y'.",
        check: enum_value_ordering,
    },
];

fn renaming_column(migration: &Migration<'_>) -> Vec<Hit> {
    let renames = migration.alterations().filter_map(|(place, table, operation)| match operation {
        Operation::RenameColumn { old_column_name, .. } => {
            Some(hit(place, format!("{table}.{}", old_column_name.value)))
        }
        _ => None,
    });
    renames.collect()
}

/// A table that comes back under its name, as when SQLite rebuilds one, is not renamed away.
fn renaming_table(migration: &Migration<'_>) -> Vec<Hit> {
    let renames = migration.alterations().filter_map(|(place, table, operation)| match operation {
        Operation::RenameTable { .. } if migration.after.table(&table).is_none() => {
            Some(hit(place, table))
        }
        _ => None,
    });
    renames.collect()
}

fn renaming_enum_value(migration: &Migration<'_>) -> Vec<Hit> {
    let values = migration.parsed().filter_map(|(place, _, sql)| match sql {
        Sql::AlterType(alter) => match &alter.operation {
            AlterTypeOperation::RenameValue(value) => {
                Some(hit(place, format!("{}.{}", plain(&alter.name), value.from.value)))
            }
            _ => None,
        },
        _ => None,
    });
    values.collect()
}

fn drop_column(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, table, operation) in migration.alterations() {
        if let Operation::DropColumn { column_names, .. } = operation {
            // One that this migration has added is known to nobody.
            let known = |column: &str| {
                let before = migration.before.table(&table);
                before.is_none_or(|before| {
                    before.columns.is_empty() || before.column(column).is_some()
                })
            };
            let names = column_names.iter().filter(|name| known(&name.value));
            hits.extend(names.map(|name| hit(place, format!("{table}.{}", name.value))));
        }
    }
    hits
}

/// One that gets its name back is rebuilt; a virtual one on SQLite is an index of another.
fn drop_table(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, _, sql) in migration.parsed() {
        if let Sql::Drop { object_type: ObjectType::Table, names, .. } = sql {
            let names = names.iter().map(plain).filter(|name| {
                let is_virtual = Object { kind: ObjectKind::VirtualTable, name: name.clone() };
                rebuilt(migration, name, place).is_none()
                    && !migration.is_new(name)
                    && !migration.before.catalog.objects.contains_key(&is_virtual)
            });
            hits.extend(names.map(|name| hit(place, name)));
        }
    }
    hits
}

fn drop_database(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let is = step.statement.starts("DROP DATABASE");
        is.then(|| step.statement.name_after("DROP DATABASE").unwrap_or_default())
    })
}

fn truncate_cascade(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let is = step.statement.starts("TRUNCATE") && step.statement.has("CASCADE");
        is.then(|| step.statement.name_after("TRUNCATE").unwrap_or_default())
    })
}

/// The parser does not know that of a domain.
fn drop_not_null(migration: &Migration<'_>) -> Vec<Hit> {
    use sqlparser::ast::AlterColumnOperation::DropNotNull;
    let columns = migration.alterations().filter_map(|(place, table, operation)| match operation {
        Operation::AlterColumn { column_name, op: DropNotNull } => {
            let name = &column_name.value;
            let known =
                migration.steps.get(place).and_then(|step| step.before.is_nullable(&table, name));
            (known != Some(true)).then(|| hit(place, format!("{table}.{name}")))
        }
        _ => None,
    });
    let domains = migration.find(|step| {
        let is = step.statement.starts("ALTER DOMAIN") && step.statement.has("DROP NOT NULL");
        if is { step.statement.name_after("ALTER DOMAIN") } else { None }
    });
    columns.chain(domains).collect()
}

fn enum_value_ordering(migration: &Migration<'_>) -> Vec<Hit> {
    let values = migration.parsed().filter_map(|(place, _, sql)| match sql {
        Sql::AlterType(alter) => match &alter.operation {
            AlterTypeOperation::AddValue(value) if value.position.is_none() => {
                Some(hit(place, format!("{}.{}", plain(&alter.name), value.value.value)))
            }
            _ => None,
        },
        _ => None,
    });
    values.collect()
}
