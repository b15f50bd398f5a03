//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.owner_id is named manager_id`

use sea_orm_migration::prelude::*;

use crate::schema::rename_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_column(manager, "project", "owner_id", "manager_id").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_column(manager, "project", "manager_id", "owner_id").await
    }
}
