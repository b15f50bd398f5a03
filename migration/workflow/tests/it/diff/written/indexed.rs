//! What the entities declare, and the migrations before this one do not build:
//! - new `index task (due_at)`

use sea_orm_migration::prelude::*;

use crate::schema::change_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").index(["due_at"]).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").drop_index(["due_at"]).apply(manager).await
    }
}
