//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.status: one of active, archived becomes string(30)`

use sea_orm_migration::prelude::*;

use crate::schema::{change_table, one_of, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project").column(string("status", 30)).apply(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project")
            .column(one_of("status", &["active", "archived"]))
            .apply(manager)
            .await
    }
}
