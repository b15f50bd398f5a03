//! Migrations as a whole, and what is written about them in their sources.

use super::{
    BOTH, Hit, Migration, POSTGRES, Rule,
    Severity::{Error, Warning},
    all, hit, never,
};
use crate::{definition::LONGEST, lint::words};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "migration-fails",
        databases: BOTH,
        severity: Error,
        down: false,
        what: "a migration that fails, or panics as SeaORM does at what SQLite cannot do",
        why: "On SQLite, SeaORM panics at a change of a column's type, at ADD and DROP of a constraint, and at several changes in one statement.",
        safe_way: "One change for each statement; a table rebuild for what SQLite cannot change; `match manager.get_database_backend()` where they differ.",
        check: fails,
    },
    Rule {
        name: "irreversible-down",
        databases: BOTH,
        severity: Warning,
        down: true,
        what: "a way down that fails, or that leaves undone what the way up did to the schema",
        why: "A bad release cannot be taken back with its schema.",
        safe_way: "Write down(); or, where nothing can bring back what was there, say so: // lint: allow irreversible-down: …",
        check: irreversible,
    },
    Rule {
        name: "identifier-too-long",
        databases: POSTGRES,
        severity: Error,
        down: false,
        what: "a name of more than 63 bytes",
        why: "PostgreSQL cuts it off, so that it is another name than on SQLite, and two long names may become one.",
        safe_way: "A shorter name.",
        check: too_long,
    },
    Rule {
        name: "unparsed",
        databases: BOTH,
        severity: Warning,
        down: true,
        what: "a statement that cannot be parsed, and whose words say nothing either",
        why: "No rule could look at it.",
        safe_way: "Look at it, and say what you saw: // lint: allow unparsed: …",
        check: unparsed,
    },
    Rule {
        name: "unused-allow",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "a comment `// lint: allow <rule>: <reason>` for which there is no finding",
        why: "It would hide the next one, which nobody has thought about.",
        safe_way: "Remove the comment.",
        check: never,
    },
    Rule {
        name: "invalid-allow",
        databases: BOTH,
        severity: Warning,
        down: false,
        what: "a comment `// lint: …` that names no rule, or gives no reason",
        why: "It allows nothing.",
        safe_way: "// lint: allow <rule>: <reason>",
        check: never,
    },
];

fn fails(migration: &Migration<'_>) -> Vec<Hit> {
    let broken = migration.script.broken.iter();
    broken.map(|why| Hit { place: None, subject: why.clone() }).collect()
}

/// Data may stay as they are: a way up that changes rows alone needs no way down.
fn irreversible(migration: &Migration<'_>) -> Vec<Hit> {
    if migration.is_up() {
        return Vec::new();
    }
    let does_nothing = migration.script.statements.is_empty() && migration.changes_schema;
    let nothing = does_nothing.then(|| "down() does nothing".to_owned());
    let why = migration.script.broken.clone().or(nothing).into_iter();
    why.map(|subject| Hit { place: None, subject }).collect()
}

fn too_long(migration: &Migration<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, step) in migration.steps() {
        let mut long: Vec<_> = step.statement.names().filter(|name| name.len() > LONGEST).collect();
        long.sort();
        long.dedup();
        hits.extend(long.into_iter().map(|name| hit(place, name)));
    }
    hits
}

/// Words count that lead to a rule of this database and direction.
fn unparsed(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let statement = &step.statement;
        let found = words::look(statement);
        let looked =
            all().filter(|rule| migration.is_for(rule)).any(|rule| found.contains(&rule.name));
        let silent = statement.sql.is_none() && !words::is_known(statement) && !looked;
        silent.then(|| statement.shortened())
    })
}
