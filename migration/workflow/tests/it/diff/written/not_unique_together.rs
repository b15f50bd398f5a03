//! What the entities declare, and the migrations before this one do not build:
//! - gone `unique task (project_id, title)`

use sea_orm_migration::prelude::*;

use crate::schema::change_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").drop_unique(["project_id", "title"]).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("task").unique(["project_id", "title"]).apply(manager).await
    }
}
