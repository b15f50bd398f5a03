//! What there is to do in a project.

use sea_orm_migration::prelude::*;

use crate::schema::{Cascade, boolean, drop_table, string, table, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "task",
            [
                uuid("project_id").references("project", Cascade),
                string("title", 255),
                text("description").null(),
                boolean("done"),
            ],
        )
        .index(["project_id", "id"])
        .index(["project_id", "done", "id"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "task").await
    }
}
