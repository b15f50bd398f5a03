//! What the entities declare, and the migrations before this one do not build:
//! - changed `table tag is named label`

use sea_orm_migration::prelude::*;

use crate::schema::rename_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_table(manager, "tag", "label").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename_table(manager, "label", "tag").await
    }
}
