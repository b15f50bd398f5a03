//! What the entities declare, and the migrations before this one do not build:
//! - new `column task.level: small_integer, may be null`

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, drop_column, small_integer};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "task", small_integer("level").null()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "task", small_integer("level").null()).await
    }
}
