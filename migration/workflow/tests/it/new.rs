//! A new migration is written and registered; what it says compiles, see `migration/tests/new.rs`.

use std::{fs, path::Path};

use chrono::{DateTime, TimeZone, Utc};
use rstest::rstest;
use tempfile::TempDir;
use workflow::new::create;

use crate::harness::{Backend::Sqlite, db, project, server};
use crate::migrations::one;

const LIB: &str = "//! Steps.\n\npub mod schema;\n\nmod m20260901_000001_create_user;\nmod m20260901_000002_create_label;
mod pending;\n\nfn migrations() {\n    // In order.\n    vec![
        Box::new(m20260901_000001_create_user::Migration),
        Box::new(m20260901_000002_create_label::Migration),
    ]\n}\n\nfn more() {}\n";

fn folder(lib: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder can be made");
    fs::write(folder.path().join("lib.rs"), lib).expect("the file can be written");
    folder
}

fn lib(folder: &Path) -> String {
    fs::read_to_string(folder.join("lib.rs")).expect("the file can be read")
}

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).single().expect("a time")
}

#[test]
fn it_is_the_last_of_both_lists_and_all_else_stays() {
    let folder = folder(LIB);

    let (first, file) = create(folder.path(), "add_due_on_to_task", noon()).expect("it is made");
    let (second, _) = create(folder.path(), "create_tag", noon()).expect("it is made");

    assert_eq!(file, folder.path().join("m20261121_120000_add_due_on_to_task.rs"));
    assert_eq!(second, "m20261121_120001_create_tag", "two in one second do not collide");
    let expected = LIB
        .replace("create_label;\n", &format!("create_label;\nmod {first};\nmod {second};\n"))
        .replace(
            "create_label::Migration),\n",
            &format!(
                "create_label::Migration),\n        Box::new({first}::Migration),\n        Box::new({second}::Migration),\n"
            ),
        );
    assert_eq!(lib(folder.path()), expected);
}

#[rstest]
#[case::in_a_line(
    "mod m1_a;\nvec![Box::new(m1_a::Migration)]\n",
    "mod m1_a;\nmod M;\nvec![Box::new(m1_a::Migration), Box::new(M::Migration)]\n"
)]
#[case::empty("mod schema;\nvec![]\n", "mod schema;\nmod M;\nvec![Box::new(M::Migration)]\n")]
#[case::of_windows(
    "mod m1_a;\r\n  vec![\r\n  Box::new(m1_a::Migration),\r\n]\r\n",
    "mod m1_a;\r\nmod M;\r\n  vec![\r\n  Box::new(m1_a::Migration),\r\n  Box::new(M::Migration),\r\n]\r\n"
)]
fn a_list_may_be_written_otherwise(#[case] before: &str, #[case] after: &str) {
    let folder = folder(before);
    let (module, _) = create(folder.path(), "create_tag", noon()).expect("it is made");
    assert_eq!(
        lib(folder.path()),
        after.replace('M', &module).replace(&format!("{module}igration"), "Migration")
    );
}

#[rstest]
#[case::spaces("create tag")]
#[case::upper("CreateTag")]
#[case::a_path("../tag")]
#[case::dashes("create-tag")]
#[case::two_underscores("create__tag")]
#[case::digit_first("2_tags")]
#[case::nothing("")]
#[case::other_letters("créate_tag")]
#[case::too_long("create_a_table_with_a_name_that_nobody_wants_to_read")]
#[case::taken("create_label")]
fn what_is_no_name_is_refused(#[case] name: &str) {
    let folder = folder(LIB);
    create(folder.path(), name, noon()).expect_err("it is refused");
    assert_eq!(lib(folder.path()), LIB);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder can be read").count(), 1);
}

#[tokio::test]
async fn what_is_no_project_is_said_to_be_none() {
    let folder = folder("//! Nothing is listed here.\n");
    let project = project(one, &server(Sqlite));
    let here = folder.path().to_str().expect("a path");
    let below = folder.path().join("nowhere");

    for (folder, why) in
        [(here, "vec!["), (below.to_str().expect("a path"), "there is no lib.rs in")]
    {
        let made = db(&project, &["new", "create_tag", "--migrations", folder]).await;
        let error = format!("{:#}", made.expect_err("there is no list"));
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(fs::read_dir(here).expect("the folder can be read").count(), 1);
}
