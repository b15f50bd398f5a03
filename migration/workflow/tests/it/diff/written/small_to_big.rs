//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.priority: small_integer becomes big_integer`

use sea_orm_migration::prelude::*;

use crate::schema::{big_integer, change_table, small_integer};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").column(big_integer("priority").default(0_i64)).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project")
            .column(small_integer("priority").default(0_i16))
            .apply(manager)
            .await
    }
}
