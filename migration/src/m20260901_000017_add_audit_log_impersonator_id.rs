//! Who really did it, where an administrator acted as another user; `actor_id` is the user acted as.
//!
//! Old binaries do not write it, and do not let anybody impersonate.

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, drop_column, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "audit_log", uuid("impersonator_id").null()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "audit_log", uuid("impersonator_id").null()).await
    }
}
