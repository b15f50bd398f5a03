//! SQLite itself refuses, and loses, what the rules say it does, on tables that have a row.

use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use workflow::{
    catalog::Catalog,
    lint::{Database, lint},
};

use super::corpus::{Example, NAME, corpus};
use crate::harness::{Backend, connect, empty, execute};

/// The rules about what SQLite refuses.
const REFUSED: [&str; 8] = [
    "adding-required-field",
    "add-column-unique",
    "add-column-expression-default",
    "add-column-references-default",
    "add-column-stored",
    "drop-column-in-use",
    "rebuild-under-view",
    "transaction-nesting",
];

/// The rules of SQLite alone whose examples are also run, besides those.
const RUN: [&str; 4] = [
    "drop-table-with-children",
    "rebuild-loses-objects",
    "pragma-in-transaction",
    "renaming-table",
];

/// What a run has left: whether it failed, the rows of `note`, and the names of indexes and triggers.
#[derive(Debug)]
struct Outcome {
    failed: Option<DbErr>,
    rows: i64,
    objects: Vec<String>,
}

async fn run(example: &Example) -> Outcome {
    let scratch = empty(Backend::Sqlite).await;
    let db = connect(&scratch).await;
    let given: Vec<_> = example.given.iter().map(String::as_str).collect();
    execute(&db, &given).await;
    for (name, table) in Catalog::read(&db).await.expect("the catalog can be read").tables {
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.clone()).collect();
        let values =
            table.columns.iter().map(|column| if column.kind == "text" { "'x'" } else { "1" });
        let values: Vec<_> = values.collect();
        let row =
            format!("INSERT INTO {name} ({}) VALUES ({})", columns.join(","), values.join(","));
        db.execute_unprepared("PRAGMA foreign_keys = OFF").await.expect("a pragma is set");
        db.execute_unprepared(&row).await.unwrap_or_else(|error| panic!("{row}: {error}"));
        db.execute_unprepared("PRAGMA foreign_keys = ON").await.expect("a pragma is set");
    }
    let failed = run_statements(&db, example).await.err();
    let rows = if given.iter().any(|one| one.starts_with("CREATE TABLE note")) && failed.is_none() {
        number(&db, "SELECT count(*) FROM note").await.unwrap_or(0)
    } else {
        0
    };
    let objects = names(&db).await;
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
    Outcome { failed, rows, objects }
}

async fn run_statements(db: &DatabaseConnection, example: &Example) -> Result<(), DbErr> {
    let [begin, commit] = [["BEGIN"], ["COMMIT"]]
        .map(|own| own.into_iter().filter(|_| example.in_transaction()).collect::<Vec<_>>());
    let statements = example.statements.iter().map(String::as_str);
    for statement in begin.into_iter().chain(statements).chain(commit) {
        db.execute_unprepared(statement).await?;
    }
    Ok(())
}

async fn number(db: &DatabaseConnection, sql: &str) -> Option<i64> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql.to_owned())).await;
    row.ok()??.try_get_by_index(0).ok()
}

async fn names(db: &DatabaseConnection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('index', 'trigger')".to_owned();
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    let rows = rows.expect("the schema can be read");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
}

fn found(example: &Example) -> Vec<(&'static str, String)> {
    let findings = lint(&example.recorded(), &[NAME.to_owned()], true);
    findings.into_iter().map(|finding| (finding.rule, finding.subject)).collect()
}

#[tokio::test]
async fn examples_fail_and_lose_what_is_found_in_them() {
    let mut compared = 0;
    for example in corpus() {
        let is_run = REFUSED.iter().chain(&RUN).any(|rule| *rule == example.rule);
        // A note of what another part would do does nothing.
        let is_noted = example.given.iter().any(|statement| statement.starts_with("/*"));
        if example.database != Database::Sqlite || !is_run || is_noted {
            continue;
        }
        let found = found(&example);
        let outcome = run(&example).await;
        let refused = found.iter().any(|(rule, _)| REFUSED.contains(rule));
        assert_eq!(refused, outcome.failed.is_some(), "{example}{outcome:?}");
        if example.rule == "drop-table-with-children"
            && !example.statements.contains(&"DROP TABLE note".to_owned())
        {
            assert_eq!(outcome.rows == 0, !example.is_good, "{example}{outcome:?}");
        }
        if example.rule == "rebuild-loses-objects" {
            for object in ["ix_note", "told"] {
                let lost = found.iter().any(|(_, subject)| subject.ends_with(object));
                let kept = outcome.objects.iter().any(|name| name == object);
                // The column of ix_note is gone in the good example.
                assert!(
                    lost != kept || (example.is_good && object == "ix_note"),
                    "{example}{outcome:?}"
                );
            }
        }
        compared += 1;
    }
    assert!(compared > 30, "{compared} examples were compared");
}

#[rstest]
#[case("b text NOT NULL")]
#[case("b text NOT NULL DEFAULT NULL")]
#[case("b text NOT NULL DEFAULT (NULL)")]
#[case("b text NOT NULL DEFAULT ''")]
#[case("b text DEFAULT (NULL)")]
#[case("b integer DEFAULT (1)")]
#[case("b integer DEFAULT (-1)")]
#[case("b integer DEFAULT +1.5")]
#[case("b integer DEFAULT (1 + 2)")]
#[case("b text DEFAULT ('a' || 'b')")]
#[case("b text DEFAULT (lower('A'))")]
#[case("b blob DEFAULT x'00ff'")]
#[case("b boolean NOT NULL DEFAULT TRUE")]
#[case("b text DEFAULT \"word\"")]
#[case("b text DEFAULT CURRENT_TIMESTAMP")]
#[case("b text DEFAULT current_date")]
#[case("b text DEFAULT CURRENT_TIME NOT NULL")]
#[case("b text DEFAULT (CAST('1' AS integer))")]
#[case("b text DEFAULT (random())")]
#[case("b text UNIQUE")]
#[case("b integer PRIMARY KEY")]
#[case("b integer CONSTRAINT fk REFERENCES a (id)")]
#[case("b integer REFERENCES a (id) DEFAULT 1")]
#[case("b integer DEFAULT NULL REFERENCES a (id)")]
#[case("b integer NOT NULL DEFAULT 0 REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED")]
#[case("b integer AS (id + 1)")]
#[case("b integer AS (id + 1) VIRTUAL")]
#[case("b integer AS (id + 1) STORED")]
#[case("b integer GENERATED ALWAYS AS (id + 1) STORED")]
#[case("b integer NOT NULL AS (id + 1)")]
#[case("b text COLLATE nocase CHECK (b <> 'x')")]
#[case("b")]
#[tokio::test]
async fn a_column_is_refused_that_a_rule_is_about(#[case] column: &str) {
    let statement = format!("ALTER TABLE a ADD COLUMN {column}");
    let given = ["CREATE TABLE a (id integer PRIMARY KEY)"];
    let example = Example::of(Database::Sqlite, &[&statement], &given, "");
    let found = found(&example);
    let refused = found.iter().any(|(rule, _)| REFUSED.contains(rule));
    let outcome = run(&example).await;
    assert_eq!(refused, outcome.failed.is_some(), "{statement}: {found:?}, {outcome:?}");
}
