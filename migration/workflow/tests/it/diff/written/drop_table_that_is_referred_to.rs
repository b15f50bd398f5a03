//! What the entities declare, and the migrations before this one do not build:
//! - gone `unique task (project_id, title)`
//! - gone `index task (project_id, done, id)`
//! - changed `column task.project_id refers to nothing`
//! - gone `column task.project_id, with its values`
//! - gone `table project, with its rows`
//!
//! Going down does not bring back
//! - the rows of `project`
//! - `task.project_id`: it may not be null
//! - unique `task (project_id, title)`, where rows share the rest of it: it fails then

use sea_orm_migration::prelude::*;

use crate::schema::{all_or_nothing, change_table, drop_column, drop_table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            change_table("task")
                .drop_unique(["project_id", "title"])
                .drop_index(["project_id", "done", "id"])
                .drop_reference("project_id")
                .apply(manager)
                .await?;
            drop_column(manager, "task", uuid("project_id")).await?;
            drop_table(manager, "project").await
        })
        .await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "the values of task.project_id are gone, and it may not be null".to_owned(),
        ))
    }
}
