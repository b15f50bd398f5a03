//! How long a task is thought to take, in minutes. Null: nobody has said.
//!
//! Old binaries neither read nor write it.

use sea_orm_migration::prelude::*;

use crate::schema::{Column, add_column, big_integer, drop_column};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A year at most.
fn estimate_minutes() -> Column {
    big_integer("estimate_minutes").between(0, 525_600).null()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "task", estimate_minutes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "task", estimate_minutes()).await
    }
}
