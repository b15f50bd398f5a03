//! What the entities declare, and the migrations before this one do not build:
//! - new `column task.points: big_integer, -5 by default`

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
        add_column(manager, "task", big_integer("points").default(-5_i64)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "task", big_integer("points").default(-5_i64)).await
    }
}
