//! What the entities declare, and the migrations before this one do not build:
//! - new `unique project (owner_id, name)`

use sea_orm_migration::prelude::*;

use crate::schema::change_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").unique(["owner_id", "name"]).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").drop_unique(["owner_id", "name"]).apply(manager).await
    }
}
