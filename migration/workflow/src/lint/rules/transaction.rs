//! Transactions, time limits, and what is left after a failure.

use sqlparser::ast::{AlterColumnOperation, AlterTableOperation as Operation, Statement as Sql};

use super::{
    BOTH, Hit, Migration, POSTGRES, Rule, SQLITE,
    Severity::{Error, Warning},
    Step, hit,
};
use crate::{catalog::plain, lint::statement::Statement};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "require-lock-timeout",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "lock_timeout is turned off; or, where something else than `db migrate` runs the migrations, is not set",
        why: "A step that waits for a long reader makes everybody else wait behind it, without an end.",
        safe_way: "Leave lock_timeout to `db migrate`, which sets it and tries again; elsewhere, SET LOCAL lock_timeout first.",
        check: |migration| timeout(migration, "LOCK_TIMEOUT"),
    },
    Rule {
        name: "require-statement-timeout",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "statement_timeout is turned off; or, where something else than `db migrate` runs the migrations, is not set",
        why: "A step that takes longer than thought holds its locks for as long as it takes.",
        safe_way: "Leave statement_timeout to `db migrate`, which sets it; elsewhere, SET LOCAL statement_timeout first.",
        check: |migration| timeout(migration, "STATEMENT_TIMEOUT"),
    },
    Rule {
        name: "transaction-nesting",
        databases: BOTH,
        severity: Error,
        down: true,
        what: "BEGIN in a transaction, or COMMIT or ROLLBACK of one that the migration did not begin",
        why: "It ends SeaORM's transaction halfway, or fails, and what comes after it is not undone when a later step fails.",
        safe_way: "Leave the transaction to use_transaction(); or let that be Some(false), and use manager.begin() and commit().",
        check: nesting,
    },
    Rule {
        name: "ban-uncommitted-transaction",
        databases: BOTH,
        severity: Error,
        down: true,
        what: "BEGIN without COMMIT",
        why: "What follows is undone, or keeps its locks, when the connection goes.",
        safe_way: "Leave the transaction to use_transaction().",
        check: uncommitted,
    },
    Rule {
        name: "refused-in-transaction",
        databases: BOTH,
        severity: Error,
        down: true,
        what: "a statement that the database refuses in a transaction: … CONCURRENTLY, VACUUM, ATTACH and the like",
        why: "The migration fails.",
        safe_way: "Let use_transaction() of the migration be Some(false), and give it no other work.",
        check: refused,
    },
    Rule {
        name: "prefer-robust-stmts",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "a statement outside of a transaction that fails when it is run a second time",
        why: "When a later step fails, or the process ends, the migration is started again and cannot get past what is there already.",
        safe_way: "IF NOT EXISTS and IF EXISTS; or a migration of its own for what can run in a transaction.",
        check: robust,
    },
    Rule {
        name: "backfill-with-ddl",
        databases: POSTGRES,
        severity: Warning,
        down: false,
        what: "rows are changed in the transaction that changes the schema of a table that has rows",
        why: "The locks of the schema change are held until every row is changed.",
        safe_way: "Change the rows in a migration of its own, outside of a transaction, in batches.",
        check: backfill,
    },
    Rule {
        name: "not-transactional",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "several statements without a transaction",
        why: "SeaORM begins none on SQLite unless use_transaction() is Some(true): a failure leaves half of the work, and no record of it.",
        safe_way: "fn use_transaction(&self) -> Option<bool> { Some(true) }",
        check: not_transactional,
    },
    Rule {
        name: "pragma-in-transaction",
        databases: SQLITE,
        severity: Error,
        down: true,
        what: "PRAGMA foreign_keys or journal_mode is set in a transaction",
        why: "SQLite ignores it there: foreign keys stay on, and dropping a table deletes the rows that refer to it.",
        safe_way: "Let use_transaction() be Some(false), set it, and then manager.begin() and commit().",
        check: pragma,
    },
];

/// With limits from the runner, what turns them off; without, the first statement that needs one.
fn timeout(migration: &Migration<'_>, name: &str) -> Vec<Hit> {
    if !migration.timeouts {
        let sets =
            |(_, step): &(usize, &Step)| step.statement.starts("SET") && step.statement.has(name);
        let mut first = migration.steps().take_while(|step| !sets(step));
        let slow = first.find(|(_, step)| may_block(&step.statement));
        return slow.map(|(place, _)| hit(place, name.to_lowercase())).into_iter().collect();
    }
    migration.find(|step| {
        let statement = &step.statement;
        let value = statement
            .text
            .trim_end_matches(|letter: char| letter == '\'' || letter.is_alphabetic());
        let zero = value.trim_end_matches('0').len() < value.len()
            && value.trim_end_matches('0').ends_with([' ', '\'', '=']);
        let off = statement.starts("SET") && (zero || statement.has("DEFAULT"));
        let reset = statement.starts("RESET");
        let named = statement.has(name) || statement.starts("RESET ALL");
        (named && (off || reset)).then(|| name.to_lowercase())
    })
}

/// Whether it changes the schema, or locks a table as a whole. Making a table that refers to none keeps nobody waiting.
pub(super) fn may_block(statement: &Statement) -> bool {
    const STARTS: [&str; 11] = [
        "ALTER", "CREATE", "DROP", "CLUSTER", "COMMENT", "LOCK", "REFRESH", "REINDEX", "TRUNCATE",
        "VACUUM", "LOAD",
    ];
    let table =
        ["CREATE TABLE", "CREATE TEMP TABLE", "CREATE TEMPORARY TABLE", "CREATE UNLOGGED TABLE"];
    let alone = table.iter().any(|start| statement.starts(start))
        && !statement.has("REFERENCES")
        && !statement.has("AS SELECT");
    !alone && STARTS.iter().any(|start| statement.starts(start))
}

fn nesting(migration: &Migration<'_>) -> Vec<Hit> {
    let hits = migration.parsed().filter(|(_, step, sql)| match sql {
        Sql::StartTransaction { .. } => step.in_transaction,
        Sql::Commit { .. } | Sql::Rollback { savepoint: None, .. } => {
            migration.script.in_transaction || !step.in_transaction
        }
        _ => false,
    });
    hits.map(|(place, step, _)| hit(place, step.statement.text.to_lowercase())).collect()
}

fn uncommitted(migration: &Migration<'_>) -> Vec<Hit> {
    let mut open = None;
    for (place, _, sql) in migration.parsed() {
        match sql {
            Sql::StartTransaction { .. } => open = Some(place),
            Sql::Commit { .. } | Sql::Rollback { savepoint: None, .. } => open = None,
            _ => {}
        }
    }
    open.map(|place| hit(place, "begin")).into_iter().collect()
}

fn refused(migration: &Migration<'_>) -> Vec<Hit> {
    const STARTS: [&str; 7] = [
        "VACUUM",
        "CREATE DATABASE",
        "DROP DATABASE",
        "ALTER SYSTEM",
        "CREATE TABLESPACE",
        "ATTACH",
        "DETACH",
    ];
    migration.find(|step| {
        let statement = &step.statement;
        // CREATE INDEX has a rule of its own.
        let concurrently = ["DROP INDEX", "REINDEX", "ALTER TABLE"];
        let refused = STARTS.iter().any(|start| statement.starts(start))
            || statement.has("CONCURRENTLY")
                && concurrently.iter().any(|start| statement.starts(start));
        (refused && step.in_transaction).then(|| statement.text.clone())
    })
}

/// As Squawk has it, but for what can be run twice: VALIDATE CONSTRAINT, SET DEFAULT, SET NOT NULL and so on.
fn robust(migration: &Migration<'_>) -> Vec<Hit> {
    let outside =
        |place: usize| migration.steps.get(place).is_some_and(|step| !step.in_transaction);
    let mut hits = Vec::new();
    for (place, step, sql) in migration.parsed() {
        let (name, safe) = match sql {
            Sql::CreateIndex(create) if create.concurrently && step.in_transaction => {
                (create.name.as_ref(), create.if_not_exists)
            }
            _ if step.in_transaction => continue,
            Sql::CreateIndex(create) => (create.name.as_ref(), create.if_not_exists),
            Sql::CreateTable(create) => {
                (Some(&create.name), create.if_not_exists || create.temporary)
            }
            Sql::Drop { names, if_exists, .. } => (names.first(), *if_exists),
            _ => continue,
        };
        hits.extend(name.filter(|_| !safe).map(|name| hit(place, plain(name))));
    }
    let mut dropped = Vec::new();
    for (place, table, operation) in migration.operations() {
        let safe = match operation {
            Operation::AddColumn { if_not_exists, .. } => *if_not_exists,
            Operation::DropColumn { if_exists, .. } => *if_exists,
            Operation::DropConstraint { if_exists, name, .. } => {
                dropped.push(name.value.clone());
                *if_exists
            }
            Operation::AddConstraint { constraint, .. } => {
                dropped.contains(&crate::catalog::constraint_of_table(constraint).0)
            }
            Operation::ValidateConstraint { .. } => true,
            Operation::AlterColumn { op, .. } => {
                !matches!(op, AlterColumnOperation::AddGenerated { .. })
            }
            _ => false,
        };
        if !safe && outside(place) {
            hits.push(hit(place, table));
        }
    }
    hits
}

fn backfill(migration: &Migration<'_>) -> Vec<Hit> {
    let existing = |name: Option<String>| name.is_none_or(|name| !migration.is_new(&name));
    let changes_schema = |step: &Step| {
        let statement = &step.statement;
        let table = ["ALTER TABLE", "DROP TABLE"]
            .iter()
            .any(|start| statement.starts(start) && existing(statement.name_after(start)));
        let index = (statement.starts("CREATE INDEX") || statement.starts("CREATE UNIQUE INDEX"))
            && existing(statement.name_after("ON"));
        table || index
    };
    let schema = migration.steps.iter().any(|step| step.in_transaction && changes_schema(step));
    migration.find(|step| {
        let statement = &step.statement;
        let subject = if statement.starts("UPDATE") {
            statement.name_after("UPDATE")
        } else if statement.starts("DELETE") {
            statement.name_after("FROM")
        } else if statement.starts("WITH") {
            statement.name_after("UPDATE").or_else(|| statement.name_after("DELETE FROM"))
        } else if statement.starts("INSERT") && statement.has("SELECT") {
            statement.name_after("INTO")
        } else {
            None
        };
        subject.filter(|name| schema && step.in_transaction && !migration.is_new(name))
    })
}

fn not_transactional(migration: &Migration<'_>) -> Vec<Hit> {
    const QUIET: [&str; 6] = ["PRAGMA", "SELECT", "BEGIN", "COMMIT", "ROLLBACK", "VACUUM"];
    let writes = |(_, step): &(usize, &Step)| {
        !step.in_transaction && !QUIET.iter().any(|start| step.statement.starts(start))
    };
    let places: Vec<_> = migration.steps().filter(writes).map(|(place, _)| place).collect();
    match places[..] {
        [_, second, ..] => vec![hit(second, format!("{} statements", places.len()))],
        _ => Vec::new(),
    }
}

fn pragma(migration: &Migration<'_>) -> Vec<Hit> {
    migration.find(|step| {
        let statement = &step.statement;
        let pragmas = ["FOREIGN_KEYS", "JOURNAL_MODE"].into_iter();
        let set = pragmas.filter(|name| statement.starts(&format!("PRAGMA {name}"))).find(|name| {
            statement.has(&format!("{name} =")) || statement.has(&format!("{name} ("))
        });
        set.filter(|_| step.in_transaction).map(str::to_lowercase)
    })
}
