//! What the entities declare, and the migrations before this one do not build:
//! - new `column task.rank: big_integer, may be null`
//! - new `index task (rank)`

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, all_or_nothing, big_integer, change_table, drop_column};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            add_column(manager, "task", big_integer("rank").null()).await?;
            change_table("task").index(["rank"]).apply(manager).await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            change_table("task").drop_index(["rank"]).apply(manager).await?;
            drop_column(manager, "task", big_integer("rank").null()).await
        })
        .await
    }
}
