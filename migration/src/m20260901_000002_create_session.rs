//! Signed-in devices. The token is known to the client alone: what is stored is its SHA-256 in hex,
//! so that reading this table signs nobody in.
//!
//! `impersonated_by` and `active_organization_id` are no foreign keys: a session outlives what they
//! name, and whoever reads them checks that it still exists.

use sea_orm_migration::prelude::*;

use crate::schema::{Cascade, drop_table, string, table, text, timestamp, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "session",
            [
                uuid("user_id").references("user", Cascade),
                string("token_hash", 64).unique(),
                timestamp("expires_at"),
                string("ip_address", 64).null(),
                text("user_agent").null(),
                uuid("impersonated_by").null(),
                uuid("active_organization_id").null(),
            ],
        )
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "session").await
    }
}
