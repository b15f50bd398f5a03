//! Two branches that each have a new migration are merged as docs/schema-workflow.md says.

use std::{fs, path::Path, process::Command};

use chrono::{DateTime, Utc};
use rstest::rstest;
use sea_orm_migration::MigrationTrait;
use tempfile::TempDir;
use workflow::{
    Migrations, new,
    rollback::Goal,
    status::{State, status},
};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, db, empty, execute, project};
use crate::migrations::{ONE, Sql, down, has, list, sql, up};

const LIB: &str = "\
mod m20260901_000001_create_task;

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20260901_000001_create_task::Migration),
    ]
}
";

/// What the page runs to merge, where `garboard` does nothing.
fn commands() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema-workflow.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let merge = blocks.filter(|block| block.contains("git merge")).collect::<String>();
    assert!(merge.contains("git merge --quiet colleague"), "{merge}");
    format!("garboard() {{ echo \"$@\"; }}\n{merge}")
}

fn bash(folder: &Path, commands: &str) -> String {
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", commands]).current_dir(folder);
    for who in ["AUTHOR", "COMMITTER"] {
        bash.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "a@example.com");
    }
    let done = bash.output().expect("bash starts");
    assert!(done.status.success(), "{commands}: {done:?}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn at(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day}T12:00:00Z").parse().expect("a day")
}

#[rstest]
#[case::ours_is_older(20, 21)]
#[case::ours_is_newer(21, 20)]
fn both_lines_are_kept(#[case] ours: u32, #[case] colleagues: u32) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let source = folder.path().join("migration/src");
    let lib = source.join("lib.rs");
    for part in [&source, &folder.path().join("entity/src")] {
        fs::create_dir_all(part).expect("a folder can be made");
    }
    fs::write(&lib, LIB).expect("a file can be written");
    fs::write(folder.path().join("entity/src/lib.rs"), "").expect("a file can be written");
    let create = |name: &str, day| new::create(&source, name, at(day)).expect("it is written").0;
    bash(
        folder.path(),
        "git init --quiet --initial-branch main; git add .; git commit --quiet -m base",
    );
    bash(folder.path(), "git checkout --quiet -b colleague");
    let theirs = create("add_color_to_task", colleagues);
    bash(folder.path(), "git add .; git commit --quiet -m Colors; git checkout --quiet main");
    let own = create("add_due_on_to_task", ours);

    let conflicts = "git add .; git commit --quiet -m Due; git merge --quiet colleague && exit 1; git diff --name-only --diff-filter=U";
    assert!(bash(folder.path(), conflicts).contains("migration/src/lib.rs"));
    let marked = fs::read_to_string(&lib).expect("lib.rs is there");
    assert_eq!(marked.matches("<<<<<<<").count(), 2, "{marked}");
    bash(folder.path(), "git merge --abort; git reset --quiet --soft HEAD~1");
    let said = bash(folder.path(), &commands());

    assert!(said.contains("CONFLICT (content): Merge conflict in migration/src/lib.rs"), "{said}");
    assert!(said.contains("db entities"), "{said}");
    assert_eq!(
        bash(folder.path(), "git status --short; git log --merges --format=%s"),
        "Merge colleague\n"
    );
    let lines = |module: &str| {
        (format!("mod {module};\n"), format!("        Box::new({module}::Migration),\n"))
    };
    let (base, own, theirs) = (lines("m20260901_000001_create_task"), lines(&own), lines(&theirs));
    let both = [base.0, own.0, theirs.0, base.1, own.1, theirs.1];
    let merged = fs::read_to_string(&lib).expect("lib.rs is there");
    assert_eq!(merged.lines().count(), LIB.lines().count() + 4, "{merged}");
    let places = both.each_ref().map(|line| merged.find(line.as_str()));
    assert!(places.is_sorted() && places[0].is_some(), "{merged}");
}

const EARLY: Sql =
    sql("m2_early", &["CREATE TABLE early (id bigint PRIMARY KEY)"], &["DROP TABLE early"]);
const LATE: Sql =
    sql("m3_late", &["CREATE TABLE late (id bigint PRIMARY KEY)"], &["DROP TABLE late"]);

fn ours() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, LATE])
}

fn merged() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, EARLY, LATE])
}

/// Put into the list as they came.
fn unsorted() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, LATE, EARLY])
}

#[rstest]
#[case::in_order(merged)]
#[case::as_they_came(unsorted)]
#[tokio::test]
async fn one_that_comes_before_an_applied_one_is_applied(
    #[case] all: Migrations,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;
    let connection = connect(&scratch).await;
    assert_eq!(up(ours, scratch.url()).await, Ok(vec![ONE.name.to_owned(), LATE.name.to_owned()]));
    execute(&connection, &["UPDATE seaql_migrations SET applied_at = applied_at - 3600"]).await;
    let project = project(all, scratch.url());

    assert!(!db(&project, &["status"]).await.expect("it can be asked"));
    let states = status(Some(&connection), all).await.expect("it can be asked").migrations;
    let state = |name: &str| states.iter().find(|one| one.name == name).map(|one| one.state);
    assert_eq!(state(EARLY.name), Some(State::Pending));
    assert_eq!(state(LATE.name), Some(State::Applied));
    assert_eq!(up(all, scratch.url()).await, Ok(vec![EARLY.name.to_owned()]));
    assert!(has(&connection, "early").await);
    for command in ["status", "drift"] {
        assert!(db(&project, &[command]).await.expect("it can be asked"), "{command}");
    }

    // The one that was applied last is undone, not the last one of the list.
    assert_eq!(down(all, scratch.url(), Goal::Last(1)).await, Ok(vec![EARLY.name.to_owned()]));
    assert!(has(&connection, "late").await);
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
