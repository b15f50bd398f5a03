//! The rebuild of a table, SQLite's way to change what ALTER TABLE cannot: create, copy, drop, rename.

use sqlparser::ast::{
    AlterTableOperation as Operation, ObjectType, RenameTableNameKind, Statement as Sql,
};

use super::{Hit, Migration, Rule, SQLITE, Severity::Error, Step, hit, sqlite::names};
use crate::catalog::{ObjectKind, plain};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "drop-table-with-children",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "a table is dropped, also to rebuild it, while rows of other tables refer to it and foreign keys are on",
        why: "SQLite deletes its rows first: ON DELETE CASCADE takes the children with them, SET NULL their keys, and RESTRICT fails.",
        safe_way: "use_transaction() of Some(false), PRAGMA foreign_keys = OFF, manager.begin(), the rebuild, PRAGMA foreign_key_check, commit(), PRAGMA foreign_keys = ON.",
        check: with_children,
    },
    Rule {
        name: "rebuild-loses-objects",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "an index or a trigger of a table that is rebuilt is not made again",
        why: "They go with the old table, without a word.",
        safe_way: "Create every index and trigger of the table again after the rename.",
        check: lost_objects,
    },
    Rule {
        name: "rebuild-under-view",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "a table is rebuilt while a view, or a trigger of another table, names it",
        why: "The rename reads them all again, finds the old table gone, and fails.",
        safe_way: "Drop the views and triggers before the rebuild, and create them again after it.",
        check: under_view,
    },
];

/// The tables that are dropped, with the place of the statement.
fn dropped<'a>(migration: &'a Migration<'_>) -> impl Iterator<Item = (usize, &'a Step, String)> {
    let drops = migration.parsed().filter_map(|(place, step, sql)| match sql {
        Sql::Drop { object_type: ObjectType::Table, names, .. } => Some((place, step, names)),
        _ => None,
    });
    drops.flat_map(|(place, step, names)| names.iter().map(move |name| (place, step, plain(name))))
}

/// Where a table gets the name of one that was dropped before.
pub(super) fn rebuilt(migration: &Migration<'_>, name: &str, after: usize) -> Option<usize> {
    let mut renames = migration.operations().filter(|(place, _, operation)| {
        *place > after && matches!(operation, Operation::RenameTable { table_name: RenameTableNameKind::To(to) } if plain(to) == name)
    });
    renames.next().map(|(place, _, _)| place)
}

/// A PRAGMA in a transaction does nothing.
fn foreign_keys_are_on(migration: &Migration<'_>, place: usize) -> bool {
    let said = migration
        .steps()
        .take(place)
        .filter(|(_, step)| !step.in_transaction && step.statement.starts("PRAGMA FOREIGN_KEYS"));
    let off = said.last().is_some_and(|(_, step)| {
        ["OFF", "0", "FALSE", "NO"].iter().any(|off| step.statement.has(off))
    });
    !off
}

fn with_children(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, step, name) in dropped(migration) {
        if foreign_keys_are_on(migration, place) {
            let mut children: Vec<_> =
                step.before.children(&name).into_iter().map(|(child, _)| child).collect();
            children.dedup();
            hits.extend(children.iter().map(|child| hit(place, format!("{name} ← {child}"))));
        }
    }
    hits
}

fn lost_objects(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, step, name) in dropped(migration) {
        let (Some(old), Some(new), Some(_)) = (
            step.before.table(&name),
            migration.after.table(&name),
            rebuilt(migration, &name, place),
        ) else {
            continue;
        };
        for (index, old) in &old.indexes {
            let kept =
                new.indexes.values().any(|new| new.parts == old.parts && new.unique == old.unique);
            let gone = old
                .parts
                .iter()
                .any(|part| !new.columns.iter().any(|column| names(part, &column.name)));
            if !kept && !gone {
                hits.push(hit(place, index.clone()));
            }
        }
        let prefix = format!("{name}.");
        let triggers = step.before.catalog.objects.keys();
        let lost = triggers.filter(|object| {
            object.kind == ObjectKind::Trigger
                && object.name.starts_with(&prefix)
                && !migration.after.catalog.objects.contains_key(object)
        });
        hits.extend(lost.map(|trigger| hit(place, trigger.name.clone())));
    }
    hits
}

fn under_view(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (drop, _, name) in dropped(migration) {
        let Some(place) = rebuilt(migration, &name, drop) else { continue };
        let Some(step) = migration.steps.get(place) else { continue };
        let old_way = migration.steps().take(place).any(|(_, step)| {
            step.statement.starts("PRAGMA LEGACY_ALTER_TABLE")
                && (step.statement.has("ON") || step.statement.has("1"))
        });
        let objects = step.before.catalog.objects.iter().filter(|(object, text)| {
            matches!(object.kind, ObjectKind::View | ObjectKind::Trigger) && names(text, &name)
        });
        if !old_way {
            hits.extend(objects.map(|(object, _)| hit(place, object.name.clone())));
        }
    }
    hits
}
