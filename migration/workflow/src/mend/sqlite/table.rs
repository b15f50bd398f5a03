//! One table: made, altered where SQLite can, or rebuilt.

use sea_orm::DbBackend;

use crate::{
    catalog::{Column, Constraint, Table},
    definition::{self, identifier, identifiers, literal, mentions, named_constraint},
    mend::Step,
};

/// The statement that makes a table, without its indexes.
pub(super) fn create(name: &str, table: &Table) -> String {
    let is_key = |constraint: &Constraint| matches!(constraint, Constraint::PrimaryKey { .. });
    let counted = |column: &Column| column.identity.is_some();
    let key = table.constraints.iter().find(|(_, constraint)| is_key(constraint));
    let mut lines: Vec<_> = Vec::new();
    for column in &table.columns {
        let mut line = definition::column(column, DbBackend::Sqlite);
        if let Some((key, constraint)) = key.filter(|_| counted(column)) {
            if !is_own_name(key, constraint) {
                line = format!("{line} CONSTRAINT {}", identifier(key));
            }
            line = format!("{line} PRIMARY KEY AUTOINCREMENT");
        }
        lines.push(line);
    }
    let counts = table.columns.iter().any(counted);
    let others = table.constraints.iter().filter(|(_, constraint)| !(counts && is_key(constraint)));
    lines.extend(others.map(|(name, what)| {
        let plain = is_own_name(name, what);
        if plain { definition::constraint(what) } else { named_constraint(name, what) }
    }));
    let (name, lines) = (identifier(name), lines.join(",\n    "));
    let options = table.options.join(", ").to_uppercase();
    format!("CREATE TABLE {name} (\n    {lines}\n) {options}").trim_end().to_owned()
}

/// Whether a constraint has no name, and is called by what it says.
fn is_own_name(name: &str, constraint: &Constraint) -> bool {
    name == crate::catalog::own_name(constraint)
}

/// Makes the indexes that a table lacks.
pub(super) fn create_indexes(expected: &Table, actual: &Table) -> Vec<Step> {
    let indexes = expected.indexes.iter();
    let made = indexes.filter(|(name, index)| actual.indexes.get(*name) != Some(index));
    made.map(|(_, index)| Step::new(&index.definition)).collect()
}

fn drop_indexes(expected: &Table, actual: &Table) -> Vec<Step> {
    let gone =
        actual.indexes.iter().filter(|(name, index)| expected.indexes.get(*name) != Some(index));
    gone.map(|(name, _)| Step::new(format!("DROP INDEX {}", identifier(name)))).collect()
}

/// Alters a table where it stands, if that can be done; `used` says whether views or triggers mention it.
pub(super) fn alter(name: &str, expected: &Table, actual: &Table, used: bool) -> Option<Vec<Step>> {
    if expected.options != actual.options {
        return None;
    }
    let mut steps = drop_indexes(expected, actual);
    for column in &actual.columns {
        match expected.column(&column.name) {
            Some(other) if other == column => {}
            None if !used && !is_used(column, actual) => {
                let (table, own) = (identifier(name), identifier(&column.name));
                let what = format!("the column {name}.{} with what it holds", column.name);
                steps
                    .push(Step::destroying(format!("ALTER TABLE {table} DROP COLUMN {own}"), what));
            }
            _ => return None,
        }
    }
    let constraints = &actual.constraints;
    if constraints
        .iter()
        .any(|(name, constraint)| expected.constraints.get(name) != Some(constraint))
    {
        return None;
    }
    let new = expected.constraints.iter();
    let mut new: Vec<_> = new.filter(|(name, _)| !constraints.contains_key(*name)).collect();
    for column in expected.columns.iter().filter(|column| actual.column(&column.name).is_none()) {
        let mut sql = addable(column)?;
        let (own, rest): (Vec<_>, Vec<_>) =
            new.into_iter().partition(|(_, constraint)| is_of(constraint, column));
        for (name, constraint) in own {
            if !is_own_name(name, constraint) {
                sql = format!("{sql} CONSTRAINT {}", identifier(name));
            }
            sql = match constraint {
                Constraint::ForeignKey(key) => format!("{sql} {}", definition::references(key)),
                other => format!("{sql} {}", definition::constraint(other)),
            };
        }
        new = rest;
        steps.push(Step::new(format!("ALTER TABLE {} ADD COLUMN {sql}", identifier(name))));
    }
    steps.extend(create_indexes(expected, actual));
    new.is_empty().then_some(steps)
}

/// Whether something of the table stands on the column, so that it cannot be dropped alone.
fn is_used(column: &Column, table: &Table) -> bool {
    let name = &column.name;
    let constrained = table.constraints.values().any(|constraint| match constraint {
        Constraint::PrimaryKey { columns } | Constraint::Unique { columns } => {
            columns.contains(name)
        }
        Constraint::ForeignKey(key) => key.columns.contains(name),
        Constraint::Check { expression: text } | Constraint::Other { definition: text } => {
            mentions(text, name)
        }
    });
    let mut generated = table.columns.iter().filter_map(|column| column.generated.as_ref());
    constrained
        || generated.any(|generated| mentions(&generated.expression, name))
        || table.indexes.values().any(|index| mentions(&index.definition, name))
}

/// The column, if SQLite can add it to a table with rows.
fn addable(column: &Column) -> Option<String> {
    let constant = |default: &String| {
        definition::is_literal(default) && !default.to_ascii_lowercase().starts_with("current_")
    };
    let has_default =
        column.default.as_ref().is_some_and(|default| !default.eq_ignore_ascii_case("null"));
    let stored = column.generated.as_ref().is_some_and(|generated| generated.stored);
    let possible = column.default.as_ref().is_none_or(constant)
        && (column.nullable || has_default)
        && !stored
        && column.identity.is_none();
    possible.then(|| definition::column(column, DbBackend::Sqlite))
}

/// Whether a constraint can stand at a column that is added.
fn is_of(constraint: &Constraint, column: &Column) -> bool {
    match constraint {
        Constraint::ForeignKey(key) => {
            key.columns == [column.name.clone()] && column.default.is_none()
        }
        Constraint::Check { expression } => mentions(expression, &column.name),
        _ => false,
    }
}

/// Makes a new table, which takes the rows and the name of the old one. Who runs this has turned foreign keys off.
pub(super) fn rebuild(name: &str, expected: &Table, actual: &Table) -> Vec<Step> {
    let new_name = format!("{name}_new");
    let (table, new) = (identifier(name), identifier(&new_name));
    let holds = |column: &&Column| column.generated.is_none();
    let kept = |column: &&Column| actual.column(&column.name).as_ref().is_some_and(holds);
    let kept: Vec<_> =
        expected.columns.iter().filter(holds).filter(kept).map(|column| &column.name).collect();
    let lost = actual.columns.iter().filter(holds).filter(|column| !kept.contains(&&column.name));
    let lost: Vec<_> = lost.map(|column| format!("{name}.{}", column.name)).collect();
    let mut steps = vec![Step::new(create(&new_name, expected))];
    if !kept.is_empty() {
        let columns = identifiers(&kept);
        steps.push(Step::new(format!(
            "INSERT INTO {new} ({columns}) SELECT {columns} FROM {table}"
        )));
    }
    let counts = |table: &Table| table.columns.iter().any(|column| column.identity.is_some());
    if counts(expected) && counts(actual) {
        let [name, new_name] = [name, &new_name].map(literal);
        steps.push(Step::new(format!("DELETE FROM sqlite_sequence WHERE name = {new_name}")));
        steps.push(Step::new(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {new_name}, seq FROM sqlite_sequence WHERE name = {name}"
        )));
    }
    let destroys = format!("the column {} with what it holds", lost.join(", "));
    steps.push(Step {
        sql: format!("DROP TABLE {table}"),
        destroys: (!lost.is_empty()).then_some(destroys),
    });
    steps.push(Step::new(format!("ALTER TABLE {new} RENAME TO {table}")));
    steps.extend(create_indexes(expected, &Table::default()));
    steps
}
