//! Groups of users that own projects together.

use sea_orm_migration::prelude::*;

use crate::schema::{drop_table, string, table, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "organization",
            [
                string("name", 255),
                string("slug", 255).unique(),
                text("logo").null(),
                text("metadata").null(),
            ],
        )
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "organization").await
    }
}
