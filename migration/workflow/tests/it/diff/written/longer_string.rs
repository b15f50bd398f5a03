//! What the entities declare, and the migrations before this one do not build:
//! - changed `column user.name: string(100) becomes string(500)`

use sea_orm_migration::prelude::*;

use crate::schema::{change_table, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("user").column(string("name", 500)).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("user").column(string("name", 100)).apply(manager).await
    }
}
