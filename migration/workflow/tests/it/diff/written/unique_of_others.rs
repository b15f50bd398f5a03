//! What the entities declare, and the migrations before this one do not build:
//! - gone `unique task (project_id, title)`
//! - new `unique task (title, author_id)`

use sea_orm_migration::prelude::*;

use crate::schema::change_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task")
            .drop_unique(["project_id", "title"])
            .unique(["title", "author_id"])
            .apply(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task")
            .drop_unique(["title", "author_id"])
            .unique(["project_id", "title"])
            .apply(manager)
            .await
    }
}
