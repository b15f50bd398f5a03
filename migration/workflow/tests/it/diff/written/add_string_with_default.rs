//! What the entities declare, and the migrations before this one do not build:
//! - new `column task.kind: string(255), 'it\'s' by default`

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, drop_column, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "task", string("kind", 255).default("it's")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "task", string("kind", 255).default("it's")).await
    }
}
