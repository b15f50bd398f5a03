//! Constraints on tables that have rows.

use sqlparser::ast::{AlterTableOperation as Operation, ColumnOption, TableConstraint};

use super::{Hit, Migration, POSTGRES, Rule, Severity::Warning, hit};
use crate::catalog::constraint_of_table;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "constraint-missing-not-valid",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a constraint is added without NOT VALID, or validated in the transaction that adds it",
        why: "PostgreSQL reads the whole table, and nobody writes it meanwhile.",
        safe_way: "Add it NOT VALID, which holds for new rows at once, and VALIDATE CONSTRAINT in a later migration.",
        check: missing_not_valid,
    },
    Rule {
        name: "adding-foreign-key-constraint",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a foreign key is added to a table that has rows, without NOT VALID",
        why: "PostgreSQL reads the whole table, and nobody writes it or the table referred to meanwhile.",
        safe_way: "Add it NOT VALID as a constraint of its own, and VALIDATE CONSTRAINT in a later migration.",
        check: foreign_key,
    },
    Rule {
        name: "adding-serial-primary-key-field",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a primary key is added to a table that has rows",
        why: "PostgreSQL builds its index, and nobody reads or writes the table meanwhile.",
        safe_way: "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … PRIMARY KEY USING INDEX.",
        check: primary_key,
    },
    Rule {
        name: "disallowed-unique-constraint",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a UNIQUE constraint is added to a table that has rows",
        why: "PostgreSQL builds its index, and nobody reads or writes the table meanwhile.",
        safe_way: "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX.",
        check: unique,
    },
    Rule {
        name: "ban-create-domain-with-constraint",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a domain with a constraint",
        why: "To change it later, PostgreSQL reads every table that has a column of that domain, and nobody writes them meanwhile.",
        safe_way: "Put the CHECK on the columns.",
        check: create_domain,
    },
    Rule {
        name: "ban-alter-domain-with-add-constraint",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a constraint is added to a domain",
        why: "PostgreSQL reads every table that has a column of that domain, and nobody writes them meanwhile.",
        safe_way: "Put the CHECK on the columns.",
        check: alter_domain,
    },
];

/// The constraints that are added to tables that have rows, and are valid from the start.
fn added<'a>(
    migration: &'a Migration<'_>,
) -> impl Iterator<Item = (usize, String, &'a TableConstraint)> {
    migration.alterations().filter_map(|(place, table, operation)| match operation {
        Operation::AddConstraint { constraint, not_valid: false } => {
            Some((place, table, constraint))
        }
        _ => None,
    })
}

fn named(place: usize, table: &str, constraint: &TableConstraint) -> Hit {
    hit(place, format!("{table}.{}", constraint_of_table(constraint).0))
}

/// The columns of this kind that are added to tables that have rows.
fn beside_column(migration: &Migration<'_>, is: fn(&ColumnOption) -> bool) -> Vec<Hit> {
    let columns = migration.added_columns();
    let columns =
        columns.filter(|(_, _, column)| column.options.iter().any(|option| is(&option.option)));
    columns
        .map(|(place, table, column)| hit(place, format!("{table}.{}", column.name.value)))
        .collect()
}

/// Keys are left to rules of their own: they cannot be NOT VALID.
fn missing_not_valid(migration: &Migration<'_>) -> Vec<Hit> {
    let can_be = |constraint: &TableConstraint| {
        !matches!(
            constraint,
            TableConstraint::Unique(_)
                | TableConstraint::PrimaryKey(_)
                | TableConstraint::UniqueUsingIndex(_)
                | TableConstraint::PrimaryKeyUsingIndex(_)
        )
    };
    let added = added(migration).filter(|(_, _, constraint)| can_be(constraint));
    let mut hits: Vec<_> =
        added.map(|(place, table, constraint)| named(place, &table, constraint)).collect();
    let mut unvalidated = Vec::new();
    for (place, table, operation) in migration.alterations() {
        match operation {
            Operation::AddConstraint { constraint, not_valid: true } => {
                unvalidated.push((table, constraint_of_table(constraint).0));
            }
            Operation::ValidateConstraint { name } => {
                let together = migration.steps.get(place).is_some_and(|step| step.in_transaction);
                let constraint = (table, name.value.clone());
                if together && unvalidated.contains(&constraint) {
                    hits.push(hit(place, format!("{}.{}", constraint.0, constraint.1)));
                }
            }
            _ => {}
        }
    }
    hits
}

fn foreign_key(migration: &Migration<'_>) -> Vec<Hit> {
    let added =
        added(migration).filter(|(_, _, made)| matches!(made, TableConstraint::ForeignKey(_)));
    let mut hits: Vec<_> = added.map(|(place, table, made)| named(place, &table, made)).collect();
    hits.extend(beside_column(migration, |option| matches!(option, ColumnOption::ForeignKey(_))));
    hits
}

fn primary_key(migration: &Migration<'_>) -> Vec<Hit> {
    let added =
        added(migration).filter(|(_, _, made)| matches!(made, TableConstraint::PrimaryKey(_)));
    let mut hits: Vec<_> = added.map(|(place, table, made)| named(place, &table, made)).collect();
    hits.extend(beside_column(migration, |option| matches!(option, ColumnOption::PrimaryKey(_))));
    hits
}

fn unique(migration: &Migration<'_>) -> Vec<Hit> {
    let added = added(migration).filter(|(_, _, made)| matches!(made, TableConstraint::Unique(_)));
    let mut hits: Vec<_> = added.map(|(place, table, made)| named(place, &table, made)).collect();
    hits.extend(beside_column(migration, |option| matches!(option, ColumnOption::Unique(_))));
    hits
}

fn create_domain(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let statement = &step.statement;
        let is = statement.starts("CREATE DOMAIN")
            && (statement.has("CHECK") || statement.has("NOT NULL"));
        is.then(|| statement.name_after("CREATE DOMAIN").unwrap_or_default())
    })
}

/// The parser does not know this statement.
fn alter_domain(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let statement = &step.statement;
        let is = statement.starts("ALTER DOMAIN") && statement.has("ADD");
        is.then(|| statement.name_after("ALTER DOMAIN").unwrap_or_default())
    })
}
