//! Looks that a project may take. A colour is written `#rrggbb`.

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
            "theme",
            [string("name", 100).unique(), string("primary_color", 7), text("description").null()],
        )
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "theme").await
    }
}
