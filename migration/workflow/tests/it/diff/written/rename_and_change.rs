//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.priority is named rank`
//! - changed `column project.rank: small_integer becomes big_integer`

use sea_orm_migration::prelude::*;

use crate::schema::{all_or_nothing, big_integer, change_table, rename_column, small_integer};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            rename_column(manager, "project", "priority", "rank").await?;
            change_table("project").column(big_integer("rank").default(0_i64)).apply(manager).await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            change_table("project")
                .column(small_integer("rank").default(0_i16))
                .apply(manager)
                .await?;
            rename_column(manager, "project", "rank", "priority").await
        })
        .await
    }
}
