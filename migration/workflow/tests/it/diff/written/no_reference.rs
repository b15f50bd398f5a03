//! What the entities declare, and the migrations before this one do not build:
//! - changed `column task.author_id refers to nothing`

use sea_orm_migration::prelude::*;

use crate::schema::{Cascade, change_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").drop_reference("author_id").apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").reference("author_id", "user", Cascade).apply(manager).await
    }
}
