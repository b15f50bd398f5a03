//! What the entities declare, and the migrations before this one do not build:
//! - changed `table project is named plan`
//! - changed `column plan.name is named title`

use sea_orm_migration::prelude::*;

use crate::schema::{all_or_nothing, rename_column, rename_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            rename_table(manager, "project", "plan").await?;
            rename_column(manager, "plan", "name", "title").await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            rename_column(manager, "plan", "title", "name").await?;
            rename_table(manager, "plan", "project").await
        })
        .await
    }
}
