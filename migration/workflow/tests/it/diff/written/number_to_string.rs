//! What the entities declare, and the migrations before this one do not build:
//! - changed `column task.estimate: big_integer becomes string(255), and has no bounds`

use sea_orm_migration::prelude::*;

use crate::schema::{big_integer, change_table, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").column(string("estimate", 255).null()).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task")
            .column(big_integer("estimate").null().between(0, 1000))
            .apply(manager)
            .await
    }
}
