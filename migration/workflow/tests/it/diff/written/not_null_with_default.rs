//! What the entities declare, and the migrations before this one do not build:
//! - changed `column task.estimate may not be null, and becomes coalesce("estimate", 15), and has the default 15`
//!
//! Going down does not bring back
//! - which rows had no `task.estimate`

use sea_orm_migration::prelude::*;

use crate::schema::{big_integer, change_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task")
            .column_from(
                big_integer("estimate").between(0, 1000).default(15_i64),
                "coalesce(\"estimate\", 15)",
            )
            .apply(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task")
            .column(big_integer("estimate").null().between(0, 1000))
            .apply(manager)
            .await
    }
}
