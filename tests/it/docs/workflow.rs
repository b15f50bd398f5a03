//! The page about the schema workflow: its commands, in their order.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rstest::rstest;
use tempfile::TempDir;

use super::page::{Page, ROOT};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::Database;

/// A database as somebody else might have left it.
const LEGACY: &str = "CREATE TABLE shop (id integer PRIMARY KEY, name text NOT NULL); CREATE VIEW shops AS SELECT name FROM shop";

#[rstest]
#[tokio::test]
async fn the_commands_of_the_schema_workflow_succeed_in_their_order(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let other = if backend == Sqlite { Postgres } else { Sqlite };
    fs::create_dir(folder.path().join("other")).expect("a folder can be made");
    let own = Database::create(backend, folder.path()).await;
    let target = Database::create(other, &folder.path().join("other")).await;
    for part in ["migration/src", "entity/src"] {
        copy(&Path::new(ROOT).join(part), &folder.path().join(part));
    }
    symlink(env!("CARGO_BIN_EXE_garboard"), folder.path().join("garboard")).expect("a link");
    be_two(folder.path());
    fs::create_dir(folder.path().join("legacy")).expect("a folder can be made");
    let legacy = Database::create(Sqlite, &folder.path().join("legacy")).await;
    legacy.execute(LEGACY).await;

    let blocks = Page::read("docs/schema-workflow.md").blocks().into_iter();
    let commands: String =
        blocks.filter(|block| block.language == "sh").map(|block| block.text).collect();
    let name = own.url.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    let commands = commands
        .replace("postgres://garboard@localhost/garboard", &target.url)
        .replace("sqlite://data/garboard.db", &own.url)
        .replace("sqlite://legacy.db", &legacy.url)
        .replace("--yes-destroy garboard.db", &format!("--yes-destroy {name}"));
    let said = bash(folder.path(), &commands, &own.url);

    for told in [
        "no problem was found",
        "no drift",
        "add_due_on_to_task.rs",
        "_legacy.rs: tables 1",
        "CONFLICT",
    ] {
        assert!(said.contains(told), "{told} is not in:\n{said}");
    }
    let lib = fs::read_to_string(folder.path().join("migration/src/lib.rs")).expect("it is there");
    for name in ["_add_color_to_project", "_add_due_on_to_task", "_drop_estimate_minutes"] {
        assert_eq!(lib.matches(&format!("{name};")).count(), 1, "{lib}");
        assert_eq!(lib.matches(&format!("{name}::Migration)")).count(), 1, "{lib}");
    }
    assert!(!lib.contains("<<<<") && !lib.contains("====") && !lib.contains(">>>>"), "{lib}");
}

/// A repository in which a colleague has been at work since the last release, too.
fn be_two(folder: &Path) {
    let commands = "
        git init --quiet --initial-branch main
        git add migration entity
        git commit --quiet --message 'What is released'
        git tag v2.3
        git checkout --quiet -b colleague
        garboard db new add_color_to_project
        git add migration
        git commit --quiet --message 'Colors'
        git checkout --quiet main";
    bash(folder, commands, "sqlite://unused.db");
}

/// Runs commands, which must succeed; what they say.
fn bash(folder: &Path, commands: &str, url: &str) -> String {
    let path = format!("{}:{}", folder.display(), env!("PATH"));
    let mut bash = Command::new("bash");
    bash.args(["-euxo", "pipefail", "-c", commands]).current_dir(folder);
    for who in ["AUTHOR", "COMMITTER"] {
        bash.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "a@example.com");
    }
    let done = bash.env("PATH", path).env("DATABASE_URL", url).output().expect("bash starts");
    let [said, errors] = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(done.status.success(), "{errors}\nsaid:\n{said}");
    said.into_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("the file can be copied");
        }
    }
}
