//! What the entities declare, and the migrations before this one do not build:
//! - changed `column task.description: text becomes string(2000), and may not be null, and becomes coalesce("description", 'it''s \ none'), and has the default 'it''s \ none'`
//!
//! Going down does not bring back
//! - which rows had no `task.description`

use sea_orm_migration::prelude::*;

use crate::schema::{change_table, string, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task")
            .column_from(
                string("description", 2000).default("it's \\ none"),
                "coalesce(\"description\", 'it''s \\ none')",
            )
            .apply(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").column(text("description").null()).apply(manager).await
    }
}
