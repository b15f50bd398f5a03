//! What the entities declare, and the migrations before this one do not build:
//! - new `column task.assignee_id: uuid, may be null`
//! - changed `column task.assignee_id refers to user, ON DELETE SET NULL`
//! - new `index task (assignee_id)`

use sea_orm_migration::prelude::*;

use crate::schema::{SetNull, add_column, all_or_nothing, change_table, drop_column, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            add_column(manager, "task", uuid("assignee_id").null()).await?;
            change_table("task")
                .reference("assignee_id", "user", SetNull)
                .index(["assignee_id"])
                .apply(manager)
                .await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            change_table("task")
                .drop_index(["assignee_id"])
                .drop_reference("assignee_id")
                .apply(manager)
                .await?;
            drop_column(manager, "task", uuid("assignee_id").null()).await
        })
        .await
    }
}
