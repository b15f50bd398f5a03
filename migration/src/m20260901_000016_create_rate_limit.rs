//! How often something was tried lately, by whom or on what, for all processes together.
//!
//! `full_at` is when the allowance is whole again (the theoretical arrival time of GCRA): who is more than a window
//! ahead of now has to wait. Rows of the past mean nothing and are swept.
//!
//! Old binaries count for themselves.

use sea_orm_migration::prelude::*;

use crate::schema::{drop_table, string, table, timestamp};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("rate_limit", [string("key", 255).unique(), timestamp("full_at")])
            .index(["full_at"])
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "rate_limit").await
    }
}
