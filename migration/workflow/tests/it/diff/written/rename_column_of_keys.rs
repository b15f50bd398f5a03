//! What the entities declare, and the migrations before this one do not build:
//! - changed `column task.title is named name`

use sea_orm_migration::prelude::*;

use crate::schema::rename_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_column(manager, "task", "title", "name").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_column(manager, "task", "name", "title").await
    }
}
