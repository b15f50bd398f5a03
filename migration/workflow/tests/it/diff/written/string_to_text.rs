//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.name: string(255) becomes text`

use sea_orm_migration::prelude::*;

use crate::schema::{change_table, string, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").column(text("name")).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").column(string("name", 255)).apply(manager).await
    }
}
