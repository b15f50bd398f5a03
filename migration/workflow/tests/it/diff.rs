//! Entities are edited, and the migration is written that makes the database so.

mod base;
mod corpus;
mod hostile;
mod push;
mod refused;
mod search;
mod written;

use std::{fs, path::Path};

use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use sea_orm_migration::MigrationTrait;
use tempfile::TempDir;
use workflow::{
    DatabaseUrl, Migrations,
    catalog::Catalog,
    diff::{Diff, declared, diff},
    difference::differences,
    entities::{Entities, generate, generate_from_scratch},
    lint::{Recorded, Severity, lint},
    migrate::apply,
    patience::Patience,
    report::Report,
    seed::seed,
};

use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    connect, db, empty, execute, project, server,
};
use corpus::{CASES, Case};

fn first() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(base::Migration)]
}

/// How many tests share the edits.
const PARTS: usize = 4;

#[rstest]
#[tokio::test]
async fn what_is_written_is_what_is_compiled_here(#[values(0, 1, 2, 3)] part: usize) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    for (place, case) in CASES.iter().enumerate().skip(part).step_by(PARTS) {
        // Of PostgreSQL, which is tried with rows below, some will do.
        let backend = if place % 6 == 0 { Postgres } else { Sqlite };
        let found = found(backend, case.name, first, &edited(&base, case), case.renames).await;
        assert_written(case, &found);
    }
}

#[rstest]
#[tokio::test]
async fn the_migration_leads_to_what_was_edited(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(0, 1, 2, 3)] part: usize,
) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    for case in CASES.iter().skip(part).step_by(PARTS) {
        assert_leads_there(backend, case, &edited(&base, case)).await;
    }
}

/// What is written may have to be warned of, but does not break the rules of its own house.
#[tokio::test]
async fn what_is_written_has_no_error() {
    for case in CASES {
        let migrations = written::migrations(case.name);
        let recorded = Recorded::record(migrations).await;
        let written = migrations().last().map(|last| last.name().to_owned()).expect("a migration");
        let findings = lint(&recorded, &[written], true);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<_> = errors.map(|error| error.rule).collect();
        assert_eq!(errors, Vec::<&str>::new(), "{}", case.name);
    }
}

/// The entities after an edit.
fn edited(base: &Entities, case: &Case) -> Entities {
    let mut files = base.files().clone();
    for name in case.gone {
        files.remove(*name).unwrap_or_else(|| panic!("{}: there is no {name}", case.name));
    }
    for (name, text) in case.new {
        files.insert((*name).to_owned(), (*text).to_owned());
    }
    replaced(case.name, &Entities::of(files), case.edits)
}

fn replaced(case: &str, entities: &Entities, edits: &[(&str, &str, &str)]) -> Entities {
    let mut files = entities.files().clone();
    for (name, find, replace) in edits {
        let file = files.get_mut(*name).unwrap_or_else(|| panic!("{case}: there is no {name}"));
        assert!(file.contains(find), "{case}: {name} does not have {find:?}:\n{file}");
        *file = file.replacen(find, replace, 1);
    }
    Entities::of(files)
}

async fn found(
    backend: Backend,
    name: &str,
    migrations: Migrations,
    entities: &Entities,
    renames: &[&str],
) -> Diff {
    let renames: Vec<_> = renames.iter().map(|rename| rename.parse().expect("a rename")).collect();
    diff(&project(migrations, &server(backend)), entities, &renames, |_| false)
        .await
        .unwrap_or_else(|error| panic!("{name}: the edit cannot be migrated: {error:#}"))
}

/// What is written is what is compiled here.
fn assert_written(case: &Case, diff: &Diff) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/diff/written");
    let file = folder.join(format!("{}.rs", case.name));
    let source = diff.formatted().expect("the migration is Rust");
    #[expect(
        clippy::disallowed_methods,
        reason = "how snapshots are taken, not a setting of the server"
    )]
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        fs::write(&file, &source).expect("the migration can be written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(source, written, "{}: INSTA_UPDATE=always writes it anew", case.name);
    assert_eq!(diff.irreversible.is_empty(), !source.contains("Going down does not bring back"));
}

/// The migration is applied beside rows, gives the entities that were edited, and is undone.
async fn assert_leads_there(backend: Backend, case: &Case, edited: &Entities) {
    let name = case.name;
    let scratch = empty(backend).await;
    migrate(first, scratch.url()).await;
    let db = connect(&scratch).await;
    seed(&db, 12, 0, &Report::new(true)).await.expect("the tables are filled");
    execute(&db, case.prepare).await;
    let before = Catalog::read(&db).await.expect("the catalog can be read");
    let rows = counts(&db, &before).await;
    db.close().await.expect("the connection closes");

    let migrations = written::migrations(name);
    migrate(migrations, scratch.url()).await;
    let db = connect(&scratch).await;
    let after = Catalog::read(&db).await.expect("the catalog can be read");
    let generated = generate(&db).await.expect("the generator runs");
    let kept = counts(&db, &after).await;
    assert_entities(case, edited, &generated);
    for (table, count) in &rows {
        let kept = kept.iter().find(|(other, _)| other == table);
        assert!(kept.is_none_or(|(_, kept)| kept == count), "{name}: rows of {table} are gone");
    }
    db.close().await.expect("the connection closes");
    // What the sources say beyond what the generator writes is true now.
    if backend == Sqlite {
        let again = found(backend, name, migrations, edited, &[]).await;
        assert_eq!(again.changes, Vec::<String>::new(), "{name}");
    }

    let undone = self::db(&project(migrations, scratch.url()), &["rollback"]).await;
    assert_eq!(undone.is_err(), case.refused, "{name}: {undone:?}");
    let db = connect(&scratch).await;
    let back = Catalog::read(&db).await.expect("the catalog can be read");
    if !case.refused {
        assert_eq!(differences(&before, &back).is_empty(), !case.lossy, "{name}");
        for (table, count) in counts(&db, &back).await {
            let made_anew = case.gone.contains(&format!("{table}.rs").as_str());
            let was = rows.iter().find(|(other, _)| *other == table);
            assert!(made_anew || was.is_some_and(|(_, was)| *was == count), "{name}: {table}");
        }
    }
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

fn assert_entities(case: &Case, edited: &Entities, generated: &Entities) {
    let name = case.name;
    if case.derived {
        let [edited, generated] = [edited, generated].map(normal);
        assert_eq!(edited, generated, "{name}");
    } else {
        let settled = replaced(name, edited, case.settled);
        assert_eq!(settled.diff(generated), "", "{name}");
    }
}

/// What entities declare, as far as the generator writes it.
fn normal(entities: &Entities) -> declared::Declared {
    let mut declared = declared::read(entities).expect("the entities can be read");
    for table in declared.values_mut() {
        for column in &mut table.columns {
            (column.default, column.indexed) = (None, false);
            if matches!(column.kind, declared::Kind::String(_) | declared::Kind::OneOf(_)) {
                column.kind = declared::Kind::String(None);
            }
        }
        table.columns.sort_by(|one, other| one.name.cmp(&other.name));
        table.uniques.iter_mut().for_each(|columns| columns.sort());
        table.uniques.sort();
    }
    declared
}

/// A project in a folder, whose entities are these.
fn folder(entities: &Entities) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let migrations = folder.path().join("migration/src");
    fs::create_dir_all(&migrations).expect("a folder of migrations");
    fs::write(migrations.join("lib.rs"), "mod base;\nfn all() {\n    vec![]\n}\n").expect("a list");
    entities.write(&folder.path().join("entity/src")).expect("the entities");
    folder
}

async fn migrate(migrations: Migrations, url: &DatabaseUrl) {
    let patience = Patience::default();
    let report = Report::new(true);
    apply(migrations, url.reveal(), None, &patience, &report, |_| ())
        .await
        .unwrap_or_else(|error| panic!("the migrations can be applied: {error:#}"));
}

async fn counts(db: &DatabaseConnection, catalog: &Catalog) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for table in catalog.tables.keys() {
        let sql = format!("SELECT count(*) FROM \"{table}\"");
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let row = db.query_one_raw(statement).await.expect("the rows can be counted");
        let count = row.expect("a row").try_get_by_index(0).expect("a number");
        counts.push((table.clone(), count));
    }
    counts
}
