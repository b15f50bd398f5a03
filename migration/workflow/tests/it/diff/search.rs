//! What is searched stays so when it has another name, and its side table goes when it does.
#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

use rstest::rstest;
use sea_orm_migration::prelude::*;
use workflow::{
    catalog::Catalog,
    entities::{Entities, generate_from_scratch},
    push::push,
};

use super::{base, found, migrate, push::arguments, replaced};
use crate::{
    harness::{
        Backend::{self, Postgres, Sqlite},
        connect, empty, project,
    },
    schema::{not_searchable, searchable},
};

struct Search;

impl MigrationName for Search {
    fn name(&self) -> &'static str {
        "m20260102_000001_search"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Search {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        searchable(manager, "task", &["title", "description"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        not_searchable(manager, "task").await
    }
}

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(base::Migration), Box::new(Search)]
}

const DESCRIPTION: &str =
    "    #[sea_orm(column_type = \"Text\", nullable)]\n    pub description: Option<String>,\n";

fn gone(entities: &Entities) -> Entities {
    let mut files = entities.files().clone();
    files.remove("task.rs").expect("there is a task");
    Entities::of(files)
}

/// What an edit becomes: what is said of it, and what the side tables have afterwards.
async fn assert_searched(
    backend: Backend,
    edited: &Entities,
    renames: &[&str],
    changes: &[&str],
    sides: &[(&str, &[&str])],
) {
    let diff = found(backend, "searched", migrations, edited, renames).await;
    assert_eq!(diff.changes, changes);
    let lost = diff.irreversible.iter().find(|lost| lost.contains("schema"));
    assert_eq!(lost, None, "{}", diff.source);

    let scratch = empty(backend).await;
    migrate(migrations, scratch.url()).await;
    let destroyed = arguments(renames, &["task", "task.description"]);
    let project = project(migrations, scratch.url());
    push(&project, edited, &destroyed, |_| false).await.expect("it is pushed");
    let db = connect(&scratch).await;
    let catalog = Catalog::read(&db).await.expect("the catalog can be read");
    let copies = catalog.tables.iter().filter(|(name, _)| name.ends_with("_search"));
    let copies = copies.map(|(name, table)| {
        let own = ["number", "id", "version", "vector"];
        let columns = table.columns.iter().map(|column| column.name.as_str());
        (name.as_str(), columns.filter(|column| !own.contains(column)).collect::<Vec<_>>())
    });
    let sides: Vec<_> = sides.iter().map(|(name, columns)| (*name, columns.to_vec())).collect();
    assert_eq!(copies.collect::<Vec<_>>(), sides);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn the_side_table_follows(#[values(Sqlite, Postgres)] backend: Backend) {
    let base = generate_from_scratch(migrations).await.expect("the base can be generated");
    let title = ("task.rs", "pub title:", "pub headline:");
    assert_searched(
        backend,
        &replaced("title", &base, &[title]),
        &["task.title=task.headline"],
        &[
            "- search of task (title, description)",
            "~ column task.title is named headline",
            "+ search of task (headline, description)",
        ],
        &[("_task_search", &["headline", "description"])],
    )
    .await;
    assert_searched(
        backend,
        &replaced("description", &base, &[("task.rs", DESCRIPTION, "")]),
        &[],
        &[
            "- search of task (title, description)",
            "- column task.description, with its values",
            "+ search of task (title)",
        ],
        &[("_task_search", &["title"])],
    )
    .await;
    assert_searched(
        backend,
        &replaced("todo", &base, &[("task.rs", "\"task\"", "\"todo\"")]),
        &["task=todo"],
        &[
            "- search of task (title, description)",
            "~ table task is named todo",
            "+ search of todo (title, description)",
        ],
        &[("_todo_search", &["title", "description"])],
    )
    .await;
    assert_searched(
        backend,
        &gone(&base),
        &[],
        &["- search of task (title, description)", "- table task, with its rows"],
        &[],
    )
    .await;
}
