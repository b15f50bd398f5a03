//! The ways a user proves who they are: a password (`provider_id` is `credential`), or an account
//! elsewhere, which belongs to one user only.

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
            "account",
            [
                uuid("user_id").references("user", Cascade),
                string("account_id", 255),
                string("provider_id", 100),
                text("access_token").null(),
                text("refresh_token").null(),
                text("id_token").null(),
                timestamp("access_token_expires_at").null(),
                timestamp("refresh_token_expires_at").null(),
                text("scope").null(),
                text("password").null(),
            ],
        )
        .unique(["provider_id", "account_id"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "account").await
    }
}
