//! A label is …
//!
//! Old binaries do not mind a table that they do not know.

use sea_orm_migration::prelude::*;

use crate::schema::{drop_table, string, table};

/// Beside these, it has an `id`, and the times when a row was made and changed.
const TABLE: &str = "label";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(TABLE, [string("name", 100)]).create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, TABLE).await
    }
}
