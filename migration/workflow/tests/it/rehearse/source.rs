//! Where the entities of the release before come from.

use std::process::Command;

use rstest::rstest;
use tempfile::TempDir;

use super::previous::{KITE, PERSON, read, write};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{db, empty, project, server};
use crate::migrations::{ONE, three};

#[rstest]
#[case::no_entities("", "no entities as SeaORM's generator writes them")]
#[case::a_module("pub fn add(left: u64, right: u64) -> u64 { left + right }", "no entities as")]
#[case::expanded("#[derive(DeriveModel)] pub struct Model { pub id: i64 }", "no entities as")]
#[case::no_rust("pub struct Model {", "cannot parse lib.rs")]
#[case::no_table(
    "#[derive(DeriveEntityModel)] pub struct Model { pub id: i64 }",
    "does not say #[sea_orm(table_name"
)]
#[case::other_names(
    "#[derive(DeriveEntityModel)] #[sea_orm(table_name = \"a\", rename_all = \"camelCase\")] pub struct Model { pub id: i64 }",
    "say column_name for each field"
)]
fn what_is_no_entity_is_told(#[case] text: &str, #[case] told: &str) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    write(folder.path(), &[("lib.rs", text)]);
    let name = folder.path().to_str().expect("a path in UTF-8");
    let error = read(name, folder.path(), &server(Sqlite)).expect_err("these are no entities");
    assert!(error.starts_with(&format!("--previous {name}")) && error.contains(told), "{error}");
}

#[rstest]
#[tokio::test]
async fn it_comes_from_git(#[values(Sqlite, Postgres)] backend: Backend) {
    let root = TempDir::new().expect("a temporary folder can be made");
    // The project need not be the whole of the repository.
    let project = root.path().join("shop");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-C"]).arg(root.path());
        let done = git.args(arguments).output().expect("git starts");
        assert!(done.status.success(), "git {arguments:?}: {done:?}");
    };
    git(&["init", "--quiet"]);
    write(&project, &[("README", "")]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "nothing"]);
    git(&["tag", "nothing"]);
    write(&project.join("entity/src"), &[("person.rs", PERSON), ("kite.rs", KITE)]);
    write(&project.join("other"), &[("person.rs", PERSON)]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "entities"]);
    git(&["tag", "v1"]);
    // What is there now does not count.
    write(&project.join("entity/src"), &[("person.rs", "no Rust"), ("kite.rs", "no Rust")]);

    let url = server(backend);
    let named = |name: &str| read(name, &project, &url);
    let whole = read(project.join("entity/src").to_str().expect("UTF-8"), &project, &url);
    assert!(whole.expect_err("it is no Rust").contains("cannot parse kite.rs"));
    assert_eq!(named("v1").map(|release| release.tables().count()), Ok(2));
    assert_eq!(named("HEAD:other").map(|release| release.tables().count()), Ok(1));
    for (name, told) in [
        ("v2", "--previous v2 is neither a folder nor a revision of git: git rev-parse"),
        ("--output=x", "--output=x is no revision of git"),
        ("nothing", "nothing has no folder entity/src: say --previous nothing:FOLDER"),
        ("v1:README", "v1 has no folder README"),
    ] {
        let error = named(name).expect_err("there are no entities");
        assert!(error.contains(told), "{error}");
    }
}

#[rstest]
#[tokio::test]
async fn the_command_takes_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let project = project(three, scratch.url());
    assert!(db(&project, &["migrate", "--to", ONE.name]).await.expect("it can be migrated"));
    let folder = TempDir::new().expect("a temporary folder can be made");
    let name = folder.path().to_str().expect("a path in UTF-8");
    let rehearse = ["rehearse", "--rows", "20", "--previous", name];
    let model = |table: &str, field: &str| {
        let text = format!(
            "#[derive(DeriveEntityModel)] #[sea_orm(table_name = \"{table}\")] pub struct Model {{ pub id: i64, {field} }}"
        );
        write(folder.path(), &[("one.rs", &text)]);
    };

    // As SeaORM does, a column is named in snake case.
    model("one", "pub Note: Option<String>");
    assert!(db(&project, &rehearse).await.expect("it can be rehearsed"));
    model("one", "pub notes: Option<String>");
    assert!(!db(&project, &rehearse).await.expect("it can be rehearsed"));
    model("zero", "");
    assert!(!db(&project, &rehearse).await.expect("it can be rehearsed"));
    let error = db(&project, &["rehearse", "--previous", "no/such"]).await;
    let error = error.expect_err("there is no such revision").to_string();
    assert!(error.contains("neither a folder nor a revision"), "{error}");
    scratch.remove().await.expect("the database can be removed");
}
