//! Short-lived proofs: that an address is reachable, that a password may be reset.

use sea_orm_migration::prelude::*;

use crate::schema::{drop_table, string, table, text, timestamp};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("verification", [string("identifier", 512), text("value"), timestamp("expires_at")])
            .index(["identifier"])
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "verification").await
    }
}
