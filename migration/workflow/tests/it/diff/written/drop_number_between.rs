//! What the entities declare, and the migrations before this one do not build:
//! - gone `column task.estimate, with its values`
//!
//! Going down does not bring back
//! - the values of `task.estimate`

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, big_integer, drop_column};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "task", big_integer("estimate").null().between(0, 1000)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "task", big_integer("estimate").null().between(0, 1000)).await
    }
}
