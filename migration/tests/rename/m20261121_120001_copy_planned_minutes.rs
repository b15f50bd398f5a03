//! The tasks there are get their `planned_minutes`: the second of three steps to another name.
//!
//! Old binaries do not notice.

use sea_orm_migration::prelude::*;

use crate::schema::copy_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        copy_column(manager, "task", "estimate_minutes", "planned_minutes").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
