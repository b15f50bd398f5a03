//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.name is named title`

use sea_orm_migration::prelude::*;

use crate::schema::rename_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_column(manager, "project", "name", "title").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_column(manager, "project", "title", "name").await
    }
}
