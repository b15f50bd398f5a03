//! Indexes: how they are built, and which there should be.

use sqlparser::ast::{CreateIndex, Statement as Sql};

use super::{
    BOTH, Hit, Migration, POSTGRES, Rule,
    Severity::{Error, Warning},
    hit,
};
use crate::{
    catalog::{Constraint, ForeignKey, Table, plain},
    lint::model::Model,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "require-concurrent-index-creation",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "an index is built without CONCURRENTLY on a table that has rows",
        why: "Nobody writes the table until it is built.",
        safe_way: "CREATE INDEX CONCURRENTLY IF NOT EXISTS, in a migration of its own with use_transaction() of Some(false) on PostgreSQL.",
        check: concurrent_creation,
    },
    Rule {
        name: "require-concurrent-index-deletion",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "an index is dropped without CONCURRENTLY",
        why: "It waits for every statement on the table, and nobody reads or writes the table meanwhile.",
        safe_way: "DROP INDEX CONCURRENTLY IF EXISTS, in a migration of its own with use_transaction() of Some(false) on PostgreSQL.",
        check: concurrent_deletion,
    },
    Rule {
        name: "require-concurrent-reindex",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "REINDEX without CONCURRENTLY",
        why: "Nobody writes the table, and nobody reads by the index, until it is rebuilt.",
        safe_way: "REINDEX … CONCURRENTLY, outside of a transaction.",
        check: concurrent_reindex,
    },
    Rule {
        name: "require-concurrent-partition-detach",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "DETACH PARTITION without CONCURRENTLY",
        why: "It waits for every statement on the whole table, and nobody reads or writes that meanwhile.",
        safe_way: "DETACH PARTITION … CONCURRENTLY, outside of a transaction.",
        check: concurrent_detach,
    },
    Rule {
        name: "ban-concurrent-index-creation-in-transaction",
        databases: POSTGRES,
        severity: Error,
        down: true,
        what: "CREATE INDEX CONCURRENTLY in a transaction",
        why: "PostgreSQL refuses it.",
        safe_way: "Let use_transaction() of the migration be Some(false) on PostgreSQL, and give it no other work.",
        check: creation_in_transaction,
    },
    Rule {
        name: "index-with-many-columns",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "an index that is not unique on more than three columns",
        why: "The fourth column seldom makes a query faster, and makes every write slower.",
        safe_way: "Index the columns that narrow the rows down the most.",
        check: many_columns,
    },
    Rule {
        name: "unindexed-foreign-key",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "a foreign key whose columns lead no index",
        why: "Whenever a row that is referred to is deleted, the whole table is read.",
        safe_way: "Create an index that begins with the columns of the key, in the migration that makes the key.",
        check: unindexed_foreign_key,
    },
];

fn index_name(create: &CreateIndex) -> String {
    create.name.as_ref().map_or_else(|| plain(&create.table_name), plain)
}

fn created<'a>(
    migration: &'a Migration<'_>,
) -> impl Iterator<Item = (usize, bool, &'a CreateIndex)> {
    migration.parsed().filter_map(|(place, step, sql)| match sql {
        Sql::CreateIndex(create) => Some((place, step.in_transaction, create)),
        _ => None,
    })
}

fn concurrent_creation(migration: &Migration<'_>) -> Vec<Hit> {
    let blocking = created(migration).filter(|(_, _, create)| {
        !create.concurrently && !migration.is_new(&plain(&create.table_name))
    });
    blocking.map(|(place, _, create)| hit(place, index_name(create))).collect()
}

fn concurrent_deletion(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let statement = &step.statement;
        let name = statement.name_after("DROP INDEX")?;
        let own = step.before.catalog.tables.iter().any(|(table, description)| {
            migration.is_new(table) && description.indexes.contains_key(&name)
        });
        let blocking = statement.starts("DROP INDEX") && !statement.has("DROP INDEX CONCURRENTLY");
        (blocking && !own).then_some(name)
    })
}

/// The parser does not know this statement.
fn concurrent_reindex(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let statement = &step.statement;
        let is = statement.starts("REINDEX") && !statement.has("CONCURRENTLY");
        // The catalogs of a database cannot be rebuilt in another way.
        (is && !statement.has("SYSTEM")).then(|| statement.names().last().unwrap_or_default())
    })
}

/// The parser does not know this statement.
fn concurrent_detach(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let statement = &step.statement;
        let detaches = statement.starts("ALTER TABLE") && statement.has("DETACH PARTITION");
        let quick = statement.has("CONCURRENTLY") || statement.has("FINALIZE");
        if detaches && !quick { statement.name_after("DETACH PARTITION") } else { None }
    })
}

fn creation_in_transaction(migration: &Migration<'_>) -> Vec<Hit> {
    let refused = created(migration).filter(|(_, inside, create)| *inside && create.concurrently);
    refused.map(|(place, _, create)| hit(place, index_name(create))).collect()
}

fn many_columns(migration: &Migration<'_>) -> Vec<Hit> {
    let many =
        created(migration).filter(|(_, _, create)| !create.unique && create.columns.len() > 3);
    many.map(|(place, _, create)| hit(place, index_name(create))).collect()
}

/// Those that lead no index after the migration and led one, or were not there, before it.
fn unindexed_foreign_key(migration: &Migration<'_>) -> Vec<Hit> {
    let before = unindexed(migration.before);
    let new = unindexed(&migration.after).into_iter().filter(|key| !before.contains(key));
    let hits = new.map(|(table, columns)| {
        let names: Vec<_> = [table].into_iter().chain(columns.iter().map(String::as_str)).collect();
        let place = migration.last_naming(&names).or(migration.last_naming(&[table]));
        Hit { place, subject: format!("{table}.{}", columns.join(",")) }
    });
    hits.collect()
}

fn unindexed(model: &Model) -> Vec<(&str, &[String])> {
    let tables = model.catalog.tables.iter();
    let keys =
        tables.flat_map(|(name, table)| table.foreign_keys().map(move |key| (name, table, key)));
    let bare = keys.filter(|(_, table, key)| !leads(table, key));
    bare.map(|(name, _, key)| (name.as_str(), key.columns.as_slice())).collect()
}

/// Whether the columns of the key come first in some index, in any order. One of the rows alone that have a value will do.
fn leads(table: &Table, key: &ForeignKey) -> bool {
    let covers = |columns: &[String]| {
        let first = columns.get(..key.columns.len()).unwrap_or_default();
        !first.is_empty() && key.columns.iter().all(|column| first.contains(column))
    };
    let indexes = table.indexes.values().filter(|index| match &index.condition {
        None => true,
        Some(condition) => {
            let plain = condition.replace('"', "");
            key.columns.iter().any(|column| plain == format!("{column} IS NOT NULL"))
        }
    });
    let bare =
        |part: &String| part.split(' ').next().unwrap_or_default().trim_matches('"').to_owned();
    let mut indexes = indexes.map(|index| index.parts.iter().map(bare).collect::<Vec<_>>());
    let mut keys = table.constraints.values().filter_map(|constraint| match constraint {
        Constraint::PrimaryKey { columns } | Constraint::Unique { columns } => Some(columns),
        _ => None,
    });
    indexes.any(|columns| covers(&columns)) || keys.any(|columns| covers(columns))
}
