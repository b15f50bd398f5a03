//! What the entities declare, and the migrations before this one do not build:
//! - new `column task.urgency: one of low, high, 'low' by default`

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, drop_column, one_of};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "task", one_of("urgency", &["low", "high"]).default("low")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "task", one_of("urgency", &["low", "high"]).default("low")).await
    }
}
