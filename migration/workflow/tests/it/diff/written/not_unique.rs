//! What the entities declare, and the migrations before this one do not build:
//! - gone `unique tag (name)`

use sea_orm_migration::prelude::*;

use crate::schema::change_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("tag").drop_unique(["name"]).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("tag").unique(["name"]).apply(manager).await
    }
}
