//! What the entities declare, and the migrations before this one do not build:
//! - gone `unique task (project_id, title)`
//! - gone `index task (project_id, done, id)`
//! - new `index task (project_id)`
//! - gone `column task.title, with its values`
//! - gone `column task.done, with its values`
//!
//! Going down does not bring back
//! - the values of `task.done`
//! - the values of `task.title`: every row gets the same
//! - unique `task (project_id, title)`, where rows share the rest of it: it fails then

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, all_or_nothing, boolean, change_table, drop_column, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            change_table("task")
                .drop_unique(["project_id", "title"])
                .drop_index(["project_id", "done", "id"])
                .index(["project_id"])
                .apply(manager)
                .await?;
            drop_column(manager, "task", string("title", 255)).await?;
            drop_column(manager, "task", boolean("done").default(false)).await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            add_column(manager, "task", boolean("done").default(false)).await?;
            add_column(manager, "task", string("title", 255).default("")).await?;
            change_table("task").no_default("title").apply(manager).await?;
            change_table("task")
                .drop_index(["project_id"])
                .index(["project_id", "done", "id"])
                .unique(["project_id", "title"])
                .apply(manager)
                .await
        })
        .await
    }
}
