//! SQLite alters little. What it does not, is done by a new table that takes the rows and the name of the old one.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use crate::{
    catalog::{Catalog, Object, ObjectKind, Table},
    definition::{identifier, in_order, mentions},
    difference::pairs,
};

pub(super) fn mend(expected: &Catalog, actual: &Catalog) -> Vec<Step> {
    let (mut work, mut gone) = (Vec::new(), BTreeSet::new());
    for (name, pair) in pairs(&expected.tables, &actual.tables) {
        match pair {
            (Some(table), None) => {
                work.push(Step::new(table::create(name, table)));
                work.extend(table::create_indexes(table, &Table::default()));
            }
            (None, Some(_)) => {
                gone.insert(name.as_str());
            }
            (Some(expected_table), Some(table)) if expected_table != table => {
                let used = actual.objects.values().any(|definition| mentions(definition, name));
                if let Some(steps) = table::alter(name, expected_table, table, used) {
                    work.extend(steps);
                } else {
                    gone.insert(name);
                    work.extend(table::rebuild(name, expected_table, table));
                }
            }
            _ => {}
        }
    }
    // Where foreign keys are enforced, what refers to a table goes before it.
    let dropped = actual.tables_in_order().into_iter().rev();
    work.extend(dropped.filter(|name| !expected.tables.contains_key(*name)).map(|name| {
        let what = format!("the table {name} with its rows");
        Step::destroying(format!("DROP TABLE {}", identifier(name)), what)
    }));
    let before = drop_objects(expected, actual);
    let after = create_objects(expected, actual, &gone);
    script(before.into_iter().chain(work).chain(after).collect(), !gone.is_empty())
}

fn script(work: Vec<Step>, drops_tables: bool) -> Vec<Step> {
    if work.is_empty() {
        return work;
    }
    let plain = |statements: [&str; 2]| statements.map(Step::new);
    let mut script: Vec<Step> = Vec::new();
    if drops_tables {
        script.extend(plain([
            "-- Otherwise a table that is dropped takes the rows with it that refer to it; no transaction can say so\n\
             PRAGMA foreign_keys = OFF",
            "-- Otherwise a view of the old table keeps the new one from getting its name\n\
             PRAGMA legacy_alter_table = ON",
        ]));
    }
    script.push(Step::new("BEGIN IMMEDIATE"));
    script.extend(work);
    if drops_tables {
        script.push(Step::new(
            "-- Must return nothing: ROLLBACK if it does\nPRAGMA foreign_key_check",
        ));
    }
    script.push(Step::new("COMMIT"));
    if drops_tables {
        script.extend(plain(["PRAGMA legacy_alter_table = OFF", "PRAGMA foreign_keys = ON"]));
    }
    script
}

/// Drops what should not be, or be otherwise; triggers before the views that they stand on.
fn drop_objects(expected: &Catalog, actual: &Catalog) -> Vec<Step> {
    let objects = pairs(&expected.objects, &actual.objects);
    let gone = objects.filter(|(_, (expected, actual))| actual.is_some() && expected != actual);
    let mut steps: Vec<_> = gone.map(|(object, _)| drop_object(object)).collect();
    steps.reverse();
    steps
}

fn drop_object(object: &Object) -> Step {
    match (object.kind, object.name.split_once('.')) {
        (ObjectKind::View, _) => Step::new(format!("DROP VIEW {}", identifier(&object.name))),
        (ObjectKind::Trigger, Some((_, name))) => {
            Step::new(format!("DROP TRIGGER {}", identifier(name)))
        }
        _ => Step::destroying(
            format!("DROP TABLE {}", identifier(&object.name)),
            format!("the virtual table {} with what it holds", object.name),
        ),
    }
}

/// Makes what is missing, and the triggers that went with the tables or views that they stand on.
fn create_objects(expected: &Catalog, actual: &Catalog, gone: &BTreeSet<&str>) -> Vec<Step> {
    let differs = |object: &Object| expected.objects.get(object) != actual.objects.get(object);
    let went = |object: &Object| {
        let table = object.name.split_once('.').map_or("", |(table, _)| table);
        let view = Object { kind: ObjectKind::View, name: table.to_owned() };
        object.kind == ObjectKind::Trigger && (gone.contains(table) || differs(&view))
    };
    let made = expected.objects.iter().filter(|(object, _)| differs(object) || went(object));
    let made: BTreeMap<_, _> = made.collect();
    let mut steps = Vec::new();
    for kind in [ObjectKind::VirtualTable, ObjectKind::View, ObjectKind::Trigger] {
        let things = made.iter().filter(|(object, _)| object.kind == kind);
        let things: Vec<_> =
            things.map(|(object, sql)| (object.name.as_str(), sql.as_str())).collect();
        for name in in_order(things.iter().copied()) {
            let sql = things.iter().find(|(other, _)| *other == name).map_or("", |(_, sql)| sql);
            steps.push(Step::new(sql));
            // A full-text index of another table begins empty.
            if kind == ObjectKind::VirtualTable && sql.contains("fts5") && sql.contains("content=")
            {
                let name = identifier(name);
                steps.push(Step::new(format!("INSERT INTO {name} ({name}) VALUES ('rebuild')")));
            }
        }
    }
    steps
}
