//! What the entities declare, and the migrations before this one do not build:
//! - new `table label (name, weight)`

use sea_orm_migration::prelude::*;

use crate::schema::{double, drop_table, string, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("label", [string("name", 255), double("weight")]).create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "label").await
    }
}
