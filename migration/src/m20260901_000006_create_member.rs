//! Who belongs to which organization, once each.
//!
//! `role` has no CHECK: it holds one role or several joined by commas, and an organization may define
//! roles of its own.

use sea_orm_migration::prelude::*;

use crate::schema::{Cascade, drop_table, string, table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "member",
            [
                uuid("organization_id").references("organization", Cascade),
                uuid("user_id").references("user", Cascade),
                string("role", 100),
            ],
        )
        .unique(["organization_id", "user_id"])
        .index(["user_id", "organization_id"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "member").await
    }
}
