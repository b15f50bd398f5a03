//! What the entities declare, and the migrations before this one do not build:
//! - changed `column task.description: text becomes string(2000)`

use sea_orm_migration::prelude::*;

use crate::schema::{change_table, string, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").column(string("description", 2000).null()).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").column(text("description").null()).apply(manager).await
    }
}
