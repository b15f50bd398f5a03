//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.name has the default 'untitled'`

use sea_orm_migration::prelude::*;

use crate::schema::change_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").default("name", "untitled").apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").no_default("name").apply(manager).await
    }
}
