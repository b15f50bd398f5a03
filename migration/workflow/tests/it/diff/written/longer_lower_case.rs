//! What the entities declare, and the migrations before this one do not build:
//! - changed `column user.email: string(320) becomes string(500)`

use sea_orm_migration::prelude::*;

use crate::schema::{change_table, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("user").column(string("email", 500).lower_case()).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("user").column(string("email", 320).lower_case()).apply(manager).await
    }
}
