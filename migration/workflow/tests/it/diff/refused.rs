//! What cannot be migrated is said where it stands, and nothing is written.

use std::fs;

use rstest::rstest;
use workflow::{
    diff::diff,
    entities::{Entities, generate_from_scratch},
};

use super::{first, folder, replaced};
use crate::harness::{
    Backend::{Postgres, Sqlite},
    db, empty, project, server,
};

const END: &str = "    pub updated_at: DateTimeWithTimeZone,\n";
const DONE: &str = "    pub done: bool,\n";
const MORE: &str = "mod more {\n    #[derive(DeriveEntityModel)]\n    pub struct Model;\n}\n\nimpl ActiveModelBehavior";

/// What an edit of a file is answered with.
async fn refusal(entities: &Entities, renames: &[&str]) -> String {
    let renames: Vec<_> = renames.iter().map(|rename| rename.parse().expect("a rename")).collect();
    let project = project(first, &server(Sqlite));
    let refused = diff(&project, entities, &renames, |_| false).await;
    format!("{:#}", refused.expect_err("the edit is refused"))
}

#[rstest]
#[case::a_type_that_is_too_short("pub done: i32,", "task.rs:17: a whole number is i64")]
#[case::money("pub done: Decimal,", "money is i64")]
#[case::a_local_time("pub done: DateTime,", "a moment is DateTimeWithTimeZone")]
#[case::an_unknown_type("pub done: Vec<String>,", "task.rs:17: a migration cannot say this type")]
#[case::an_unknown_word("#[sea_orm(comment = \"x\")]\n    pub done: bool,", "what it can say here")]
#[case::another_type("#[sea_orm(column_type = \"Text\")]\n    pub done: bool,", "does not fit")]
#[case::no_length(
    "#[sea_orm(column_type = \"String(StringLen::N(0))\")]\n    pub done: String,",
    "at most so many"
)]
#[case::a_default_of_another_type(
    "#[sea_orm(default_value = 1)]\n    pub done: bool,",
    "as the type of the field"
)]
#[case::a_number_that_is_too_long(
    "#[sea_orm(default_value = 99999)]\n    pub done: i16,",
    "number too large"
)]
#[case::a_computed_default(
    "#[sea_orm(default_expr = \"Expr::current_timestamp()\")]\n    pub done: bool,",
    "what is computed is the application's"
)]
#[case::a_key_that_counts("#[sea_orm(primary_key)]\n    pub done: bool,", "auto_increment = false")]
#[case::another_primary_key(
    "#[sea_orm(primary_key, auto_increment = false)]\n    pub done: bool,",
    "task: a primary key is not changed"
)]
#[case::twice("pub done: bool,\n    pub title: String,", "another column title")]
#[case::no_rust("pub done: bool", "task.rs:")]
#[case::null_and_not(
    "#[sea_orm(nullable)]\n    pub done: bool,",
    "task.rs:17: what may be null is an Option"
)]
#[case::a_word_twice(
    "#[sea_orm(default_value = true, default_value = false)]\n    pub done: bool,",
    "this is said twice"
)]
#[case::a_number_without_end(
    "pub done: bool,\n    #[sea_orm(default_value = 1e999)]\n    pub rate: f64,",
    "too large for an f64"
)]
#[case::one_default_for_all(
    "pub done: bool,\n    #[sea_orm(unique, default_value = 1)]\n    pub code: i64,",
    "task.code is new and unique"
)]
#[case::a_key_of_one(
    "pub done: bool,\n    #[sea_orm(unique_key = \"k\")]\n    pub code: Option<i64>,\n    #[sea_orm(unique_key = \"l\")]\n    pub other: Option<i64>,",
    "code alone says unique_key = \"k\""
)]
#[case::made_differently("pub done: String,", "task.done: the databases do not make one type")]
#[case::a_long_name(
    "pub done: bool,\n    #[sea_orm(indexed)]\n    pub a_name_that_is_long_enough_for_a_column_but_not_for_its_index: Option<i64>,",
    "cut the name ix_task_a_name"
)]
#[case::a_field_that_rows_lack(
    "pub done: bool,\n    pub points: i64,",
    "task.points is new and may not be null"
)]
#[tokio::test]
async fn a_field(#[case] becomes: &str, #[case] says: &str) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let edited = replaced("refused", &base, &[("task.rs", DONE.trim(), becomes)]);
    let error = refusal(&edited, &[]).await;
    assert!(error.contains(says), "{error}");
}

#[rstest]
#[case::no_action("\"Restrict\"", "\"NoAction\"", "on_delete = \"Cascade\"")]
#[case::another_column(
    "super::user::Column::Id",
    "super::user::Column::Email",
    "to the `id` of a table"
)]
#[case::nothing("super::user::Entity", "super::nobody::Entity", "there is no entity nobody.rs")]
#[case::no_field("Column::OwnerId", "Column::Missing", "no field for Column::Missing")]
#[case::null_and_not("\"Restrict\"", "\"SetNull\"", "project.owner_id becomes null")]
#[case::another_type("pub owner_id: Uuid", "pub owner_id: String", "so it is a Uuid")]
#[case::another_format(
    "belongs_to = \"super::user::Entity\",",
    "",
    "says neither belongs_to nor has_many"
)]
#[case::an_id_that_changes(
    "on_update = \"NoAction\"",
    "on_update = \"Cascade\"",
    "an id does not change"
)]
#[tokio::test]
async fn a_relation(#[case] find: &str, #[case] becomes: &str, #[case] says: &str) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let mut edited = base;
    let count = edited.files()["project.rs"].matches(find).count();
    for _ in 0..count {
        edited = replaced("refused", &edited, &[("project.rs", find, becomes)]);
    }
    let error = refusal(&edited, &[]).await;
    assert!(error.contains(says), "{error}");
}

#[rstest]
#[case::unknown_table(&["label=mark"], "no entity declares the table mark")]
#[case::still_there(&["tag=user"], "the table tag is still declared")]
#[case::unknown_column(&["task.name=task.title"], "task has no column name")]
#[case::declared(&["task.title=task.ready"], "still declares title")]
#[tokio::test]
async fn a_rename(#[case] renames: &[&str], #[case] says: &str) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let edited = replaced("refused", &base, &[("task.rs", DONE, "    pub ready: bool,\n")]);
    let error = refusal(&edited, renames).await;
    assert!(error.contains(says), "{error}");
}

#[tokio::test]
async fn what_may_have_another_name_is_told_with_the_words_that_say_so() {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let edited = replaced("refused", &base, &[("task.rs", "pub title:", "pub headline:")]);
    let error = refusal(&edited, &[]).await;
    let hint = "if task.title has another name now, say --rename task.title=task.headline";
    assert!(error.contains("task.headline is new") && error.contains(hint), "{error}");

    let edit = ("task.rs", "pub weight: Option<f64>", "pub mass: Option<f64>");
    let edited = replaced("hints", &base, &[edit]);
    let project = project(first, &server(Sqlite));
    let found = diff(&project, &edited, &[], |_| false).await.expect("it can be migrated");
    let hint = "if task.weight has another name now, say --rename task.weight=task.mass";
    assert_eq!(found.hints, [hint]);
    let rename = ["task.weight=task.mass".parse().expect("a rename")];
    let found = diff(&project, &edited, &rename, |_| false).await.expect("it can be migrated");
    assert_eq!(found.hints, Vec::<String>::new());
}

#[rstest]
#[case::no_times(
    "    pub created_at: DateTimeWithTimeZone,\n",
    "",
    "the field `created_at: DateTimeWithTimeZone`"
)]
#[case::another_key("pub id: Uuid", "pub key: Uuid", "the primary key of a table is `id: Uuid`")]
#[case::two("impl ActiveModelBehavior", MORE, "label.rs:5: each model has a file of its own")]
#[case::another_format(
    "DeriveEntityModel",
    "DeriveModel",
    "label.rs:5: a model is in SeaORM's compact"
)]
#[case::no_name("#[sea_orm(table_name = \"label\")]\n", "", "label.rs: the model has no")]
#[case::another_one("\"label\"", "\"tag\"", "another file declares the table tag")]
#[tokio::test]
async fn a_table(#[case] find: &str, #[case] becomes: &str, #[case] says: &str) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let mut files = base.files().clone();
    files.insert("label.rs".to_owned(), base.files()["tag.rs"].replace("\"tag\"", "\"label\""));
    let edited = replaced("refused", &Entities::of(files), &[("label.rs", find, becomes)]);
    let error = refusal(&edited, &[]).await;
    assert!(error.contains(says), "{error}");
}

#[tokio::test]
async fn an_enum_that_could_be_another() {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let list = |values: &str| {
        format!(
            "#[derive(DeriveActiveEnum)]\n#[sea_orm(rs_type = \"String\")]\npub enum Mark {{ {values} }}\n\nimpl ActiveModelBehavior"
        )
    };
    let [one, other] =
        ["#[sea_orm(string_value = \"a\")] A", "#[sea_orm(string_value = \"b\")] B"].map(list);
    let of = |becomes: &str| {
        let edits = [
            ("task.rs", DONE, &*format!("{DONE}    pub mark: Option<{becomes}>,\n")),
            ("tag.rs", "impl ActiveModelBehavior", &one),
            ("user.rs", "impl ActiveModelBehavior", &other),
        ];
        replaced("refused", &base, &edits)
    };
    let error = refusal(&of("Mark"), &[]).await;
    assert!(error.contains("enum of this name, tag, user: write super::<file>::"), "{error}");
    let project = project(first, &server(Sqlite));
    let found = diff(&project, &of("super::user::Mark"), &[], |_| false).await.expect("a diff");
    assert_eq!(found.changes, ["+ column task.mark: one of b, may be null"]);
}

#[tokio::test]
async fn tables_in_a_circle() {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let mut files = base.files().clone();
    for (name, other) in [("left", "right"), ("right", "left")] {
        let relation = format!(
            "#[sea_orm(belongs_to = \"super::{other}::Entity\", from = \"Column::OtherId\", \
             to = \"super::{other}::Column::Id\", on_delete = \"Cascade\")]\n    Other,"
        );
        let source = base.files()["tag.rs"]
            .replace("table_name = \"tag\"", &format!("table_name = \"{name}\""))
            .replace(END, &format!("{END}    pub other_id: Option<Uuid>,\n"))
            .replace("pub enum Relation {}", &format!("pub enum Relation {{\n    {relation}\n}}"));
        files.insert(format!("{name}.rs"), source);
    }
    let error = refusal(&Entities::of(files), &[]).await;
    assert!(error.contains("the tables left, right refer to each other in a circle"), "{error}");
}

#[rstest]
#[tokio::test]
async fn nothing_is_written_unless_it_leads_there(
    #[values(Sqlite, Postgres)] backend: crate::harness::Backend,
) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let edit = |becomes| replaced("refused", &base, &[("task.rs", DONE, becomes)]);
    let scratch = empty(backend).await;
    let project = project(first, scratch.url());
    for (becomes, written) in
        [("    pub done: i32,\n", false), (DONE, false), ("    pub done: Option<bool>,\n", true)]
    {
        let folder = folder(&edit(becomes));
        let migrations = folder.path().join("migration/src");
        let list = || fs::read_to_string(migrations.join("lib.rs")).expect("a list");
        let before = list();
        let argument = migrations.to_str().expect("a name");
        let plan = db(&project, &["diff", "--plan", "--migrations", argument]).await;
        assert_eq!(plan.is_ok(), becomes != "    pub done: i32,\n");
        assert_eq!(list(), before, "a plan writes nothing");
        let done = db(&project, &["diff", "change_done", "--migrations", argument]).await;
        assert_eq!(done.is_ok(), plan.is_ok());
        assert_eq!(list() != before, written, "{becomes}");
        assert_eq!(fs::read_dir(&migrations).expect("a folder").count(), 1 + usize::from(written));
        // A folder of other sources declares nothing, and would drop everything.
        fs::write(folder.path().join("other.rs"), "fn main() {}").expect("a file");
        let other = folder.path().to_str().expect("a name");
        let plan = ["diff", "--plan", "--migrations", argument, "--entities", other];
        let error = db(&project, &plan).await.expect_err("there are no entities");
        assert!(error.to_string().contains("there are no entities"), "{error}");
        // The database does not have it, so it cannot count as applied there.
        if written {
            let adopted =
                db(&project, &["diff", "again", "--adopt", "--migrations", argument]).await;
            assert!(adopted.is_err());
            assert_eq!(fs::read_dir(&migrations).expect("a folder").count(), 2);
        }
    }
    scratch.remove().await.expect("the database can be removed");
}
