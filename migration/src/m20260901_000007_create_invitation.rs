//! Offers to join an organization, sent to an address that need not have a user yet.

use sea_orm_migration::prelude::*;

use crate::schema::{Cascade, drop_table, one_of, string, table, timestamp, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "invitation",
            [
                uuid("organization_id").references("organization", Cascade),
                string("email", 320).lower_case(),
                string("role", 100).null(),
                one_of("status", &["pending", "accepted", "rejected", "canceled"]),
                timestamp("expires_at"),
                uuid("inviter_id").references("user", Cascade),
            ],
        )
        .index(["organization_id", "id"])
        .index(["email"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "invitation").await
    }
}
