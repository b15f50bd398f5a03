//! A database in development becomes what is declared, without a migration.

use rstest::rstest;
use sea_orm::DatabaseConnection;
use workflow::{
    catalog::Catalog,
    diff::Sources,
    entities::{Entities, generate, generate_from_scratch},
    push::{PushArguments, push},
    report::Report,
    scratch::Scratch,
    seed::seed,
};

use super::{
    assert_entities, corpus::CASES, counts, edited, first, folder, migrate, normal, replaced,
};
use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    connect, db, empty, execute, project,
};

pub(super) fn arguments(renames: &[&str], destroyed: &[&str]) -> PushArguments {
    let renames = renames.iter().map(|rename| rename.parse().expect("a rename")).collect();
    PushArguments {
        sources: Sources { renames, entities: None },
        destroyed: destroyed.iter().map(|name| (*name).to_owned()).collect(),
        migrations: None,
        plan: false,
    }
}

/// A database that is migrated and has rows.
pub(super) async fn filled(backend: Backend) -> (Scratch, DatabaseConnection) {
    let scratch = empty(backend).await;
    migrate(first, scratch.url()).await;
    let db = connect(&scratch).await;
    seed(&db, 12, 0, &Report::new(true)).await.expect("the tables are filled");
    (scratch, db)
}

/// The same edits, one after the other on one database where they can be.
#[rstest]
#[tokio::test]
async fn what_is_edited_is_what_the_database_becomes(#[values(Sqlite, Postgres)] backend: Backend) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let chosen = [
        "add_reference",
        "add_enum",
        "drop_string",
        "more_values",
        "create_table_with_all",
        "drop_two_tables",
        "rename_column_of_keys",
        "number_to_string",
    ];
    for name in chosen {
        let case = CASES.iter().find(|case| case.name == name).expect("there is such an edit");
        let (scratch, db) = filled(backend).await;
        execute(&db, case.prepare).await;
        let rows = counts(&db, &Catalog::read(&db).await.expect("a catalog")).await;
        let edited = edited(&base, case);
        let project = project(first, scratch.url());
        let ask = |_: &str| false;
        let destroyed = ["project.name", "project", "task", "task.estimate"];
        push(&project, &edited, &arguments(case.renames, &destroyed), ask)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let generated = generate(&db).await.expect("the generator runs");
        assert_entities(case, &edited, &generated);
        let catalog = Catalog::read(&db).await.expect("a catalog");
        for (table, count) in counts(&db, &catalog).await {
            let was = rows.iter().find(|(other, _)| *other == table);
            assert!(was.is_none_or(|(_, was)| *was == count), "{name}: rows of {table}");
        }
        let again = push(&project, &edited, &arguments(&[], &[]), ask).await.expect("it is done");
        assert_eq!(again.changes, Vec::<String>::new(), "{name}");
        db.close().await.expect("the connection closes");
        scratch.remove().await.expect("the database can be removed");
    }
}

#[rstest]
#[tokio::test]
async fn what_would_be_destroyed_has_to_be_named(#[values(Sqlite, Postgres)] backend: Backend) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let (scratch, db) = filled(backend).await;
    let before = Catalog::read(&db).await.expect("a catalog");
    let weight = "#[sea_orm(column_type = \"Double\", nullable)]\n    pub weight: Option<f64>";
    let edits = [
        ("project.rs", "    pub name: String,\n", ""),
        ("task.rs", weight, "pub weight: Option<i64>"),
        ("task.rs", "    pub estimate: Option<i64>,\n", ""),
    ];
    let edited = replaced("destroyed", &base, &edits);
    let development = project(first, scratch.url());
    let ask = |_: &str| false;
    for named in
        [&[][..], &["project.name"], &["project.name", "task.estimate"], &["project", "task"]]
    {
        let error =
            push(&development, &edited, &arguments(&[], named), ask).await.expect_err("refused");
        assert!(error.to_string().contains("--destroy task.weight"), "{error}");
        assert_eq!(Catalog::read(&db).await.expect("a catalog"), before);
    }
    let mut production = development.clone();
    production.production = true;
    let all = ["project.name", "task.weight", "task.estimate"];
    let error = push(&production, &edited, &arguments(&[], &all), ask).await.expect_err("refused");
    assert!(error.to_string().contains("this is for development"), "{error}");
    assert_eq!(Catalog::read(&db).await.expect("a catalog"), before);

    let mut plan = arguments(&[], &[]);
    plan.plan = true;
    let planned = push(&development, &edited, &plan, ask).await.expect("a plan");
    assert_eq!(planned.destroys.len(), 3, "{:?}", planned.destroys);
    assert_eq!(Catalog::read(&db).await.expect("a catalog"), before);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn rows_that_do_not_fit_are_in_the_way_and_nothing_is_changed(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let (scratch, db) = filled(backend).await;
    let before = Catalog::read(&db).await.expect("a catalog");
    execute(&db, &["UPDATE task SET due_at = NULL"]).await;
    let edits = [
        ("task.rs", "due_at: Option<DateTimeWithTimeZone>", "due_at: DateTimeWithTimeZone"),
        ("tag.rs", "    #[sea_orm(unique)]\n", ""),
    ];
    let edited = replaced("rows", &base, &edits);
    let project = project(first, scratch.url());
    let refused = push(&project, &edited, &arguments(&[], &[]), |_| false).await;
    assert!(refused.is_err());
    assert_eq!(Catalog::read(&db).await.expect("a catalog"), before);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn who_is_asked_says_what_is_renamed(#[values(Sqlite, Postgres)] backend: Backend) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let edited = replaced("asked", &base, &[("tag.rs", "pub name:", "pub label:")]);
    let (scratch, db) = filled(backend).await;
    let names = counts(&db, &Catalog::read(&db).await.expect("a catalog")).await;
    let mut asked = Vec::new();
    let ask = |question: &str| {
        asked.push(question.to_owned());
        true
    };
    let project = project(first, scratch.url());
    let diff = push(&project, &edited, &arguments(&[], &[]), ask).await.expect("it is renamed");
    assert_eq!(asked, ["tag.name is gone and tag.label is new: is it the same, renamed?"]);
    assert_eq!(diff.changes, ["~ column tag.name is named label"]);
    assert_eq!(counts(&db, &Catalog::read(&db).await.expect("a catalog")).await, names);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn what_was_pushed_is_adopted_by_the_migration(#[values(Sqlite, Postgres)] backend: Backend) {
    let base = generate_from_scratch(first).await.expect("the base can be generated");
    let edit = ("task.rs", "    pub done: bool,\n", "    pub done: Option<bool>,\n");
    let edited = replaced("adopted", &base, &[edit]);
    let (scratch, connection) = filled(backend).await;
    let project = project(first, scratch.url());
    let folder = folder(&edited);
    let migrations = folder.path().join("migration/src");
    let migrations = migrations.to_str().expect("a name");

    assert!(db(&project, &["push", "--migrations", migrations]).await.expect("it is applied"));
    let adopt = ["diff", "loosen_done", "--adopt", "--migrations", migrations];
    assert!(db(&project, &adopt).await.expect("it is written"));
    let applied = workflow::history::read(&connection).await.expect("the history");
    let names: Vec<_> = applied.iter().map(|one| one.name.as_str()).collect();
    assert!(names.last().is_some_and(|last| last.ends_with("_loosen_done")), "{names:?}");
    let generated: Entities = generate(&connection).await.expect("the generator runs");
    assert_eq!(normal(&generated), normal(&edited));
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
