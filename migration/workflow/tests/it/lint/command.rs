//! The page of rules, the recorder's transactions, and what git says was changed.
#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

use std::{env, fs, path::Path, process::Command};

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use tempfile::TempDir;
use workflow::{
    lint::{Recorded, changed, lint, markdown},
    recorder::{Direction, record},
};

/// A step that SQLite cannot take, and no way down.
struct ChangesType;

impl MigrationName for ChangesType {
    fn name(&self) -> &'static str {
        "m1_changes_type"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ChangesType {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new("title").text().to_owned();
        manager.alter_table(Table::alter().table("task").modify_column(column).to_owned()).await
    }
}

/// A transaction of its own, as a rebuild of a table on SQLite needs.
struct Begins;

impl MigrationName for Begins {
    fn name(&self) -> &'static str {
        "m2_begins"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Begins {
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let own = manager.begin().await?;
        for name in ["a", "b"] {
            own.drop_table(Table::drop().table(name).to_owned()).await?;
        }
        own.commit().await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(ChangesType), Box::new(Begins)]
}

#[tokio::test]
async fn what_seaorm_panics_at_and_the_missing_way_down_are_found() {
    let recorded = Recorded::record(migrations).await;

    let findings = lint(&recorded, &["m1_changes_type".to_owned()], true);

    let told = findings
        .iter()
        .map(|finding| format!("{} {:?} {}", finding.rule, finding.databases, finding.subject));
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            "migration-fails [Sqlite] Sqlite not support modifying table column",
            "changing-column-type [Postgres] task.title",
            "irreversible-down [Postgres, Sqlite] Migration Error: We Don't Do That Here",
        ]
    );
}

#[tokio::test]
async fn a_transaction_that_a_migration_begins_is_recorded_and_is_one() {
    let scripts = record(migrations, DbBackend::Sqlite, Direction::Up).await;
    assert_eq!(scripts[1].statements, ["BEGIN", "DROP TABLE \"a\"", "DROP TABLE \"b\"", "COMMIT"]);

    let findings = lint(&Recorded::record(migrations).await, &["m2_begins".to_owned()], true);
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    assert!(!rules.contains(&"not-transactional"), "{rules:?}");
    assert!(rules.contains(&"irreversible-down"), "{rules:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "INSTA_UPDATE is no setting of the server")]
fn the_page_of_the_rules_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint-rules.md");
    if env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, markdown()).expect("the page can be written");
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == markdown(),
        "run `INSTA_UPDATE=always cargo test -p workflow the_page_of_the_rules`"
    );
}

#[test]
fn what_a_branch_added_or_changed_is_chosen() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let source = folder.path().join("src");
    fs::create_dir(&source).expect("a folder can be made");
    let write = |name: &str, text: &str| {
        fs::write(source.join(format!("{name}.rs")), text).expect("a file can be written");
    };
    let git = |arguments: &str| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-C"]).arg(folder.path());
        let done = git.args(arguments.split(' ')).output().expect("git starts");
        assert!(done.status.success(), "git {arguments}: {done:?}");
    };
    let names = ["m1", "m2", "m3", "m4", "m5"].map(str::to_owned);
    git("init --quiet --initial-branch main");
    write("m1", "");
    write("m2", "");
    git("add .");
    git("commit --quiet --message first");
    git("checkout --quiet -b branch");
    write("m2", "changed");
    write("m3", "");
    git("add .");
    git("commit --quiet --message second");
    write("m4", "not committed");
    git("checkout --quiet main");
    write("m1", "changed elsewhere");
    git("commit --quiet --all --message third");
    git("checkout --quiet branch");

    let since = |revision| changed(&source, revision, &names);
    assert_eq!(since("main").expect("git knows main"), ["m2", "m3", "m4"]);
    assert_eq!(since("HEAD").expect("git knows HEAD"), ["m4"]);
    for revision in ["nowhere", "--output=x", ""] {
        assert!(since(revision).is_err(), "{revision}");
    }
}
