//! The entity crate is what the generator makes of the migrated schema, whichever database it reads.

use std::fs;
use std::path::{Path, PathBuf};

use rstest::rstest;
use tempfile::TempDir;
use workflow::entities::{COMMAND, Entities, generate};
use workflow::scratch::connect;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::migration::Scratch;

/// The committed crate.
fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("entity/src")
}

#[rstest]
#[tokio::test]
async fn the_committed_entities_are_what_either_database_generates(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = Scratch::new(backend).await;
    migration::migrate(scratch.url()).await.expect("the migrations apply");

    let url = scratch.url().parse().expect("it is the address of a database");
    let db = connect(&url).await.expect("the database can be reached");
    let generated = generate(&db).await.expect("the generator runs");
    db.close().await.expect("the connection closes");

    let committed = Entities::read(&committed()).expect("the crate can be read");
    let diff = committed.diff(&generated);
    assert!(diff.is_empty(), "entity/src is stale: run `cargo entities` and commit it\n{diff}");
}

#[test]
fn a_stale_crate_is_told_by_the_lines_that_differ() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let files = |user: &str, task: Option<&str>| {
        for (name, content) in [("user.rs", Some(user)), ("task.rs", task)] {
            let path = folder.path().join(name);
            match content {
                Some(content) => fs::write(path, content).expect("the file can be written"),
                None => fs::remove_file(path).expect("the file can be removed"),
            }
        }
        Entities::read(folder.path()).expect("the folder can be read")
    };

    let old = files("a\nb\nc\n", Some("x\n"));
    let new = files("a\nB\nc\n", None);

    assert_eq!(old.diff(&old), "");
    assert_eq!(
        old.diff(&new),
        "--- task.rs\n+++ task.rs\n@@ -1 +0,0 @@\n-x\n--- user.rs\n+++ user.rs\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
    );
}

#[test]
fn writing_removes_the_entities_of_dropped_tables() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    fs::write(folder.path().join("dropped.rs"), "").expect("the file can be written");
    let committed = Entities::read(&committed()).expect("the crate can be read");

    let first = committed.write(folder.path()).expect("the folder can be written");
    let second = committed.write(folder.path()).expect("the folder can be written");

    assert!(first.contains(&"dropped.rs".to_owned()) && first.contains(&"user.rs".to_owned()));
    assert!(second.is_empty(), "{second:?}");
    assert!(!folder.path().join("dropped.rs").exists());
}

#[test]
fn the_documentation_names_the_command_that_runs() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/entities.md");
    let page = fs::read_to_string(page).expect("the page can be read");
    let words = page.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(COMMAND), "docs/entities.md lacks: {COMMAND}");
}
