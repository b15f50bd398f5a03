//! People who sign in. E-mail and user name are stored in lower case, so that they are found as typed.

use sea_orm_migration::prelude::*;

use crate::schema::{boolean, drop_table, one_of, string, table, text, timestamp};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "user",
            [
                string("name", 255),
                string("email", 320).lower_case().unique(),
                boolean("email_verified"),
                text("image").null(),
                string("username", 30).lower_case().unique().null(),
                string("display_username", 255).null(),
                one_of("role", &["user", "admin"]),
                boolean("banned"),
                text("ban_reason").null(),
                timestamp("ban_expires").null(),
                boolean("two_factor_enabled"),
                boolean("onboarding_complete"),
                string("payments_customer_id", 255).null(),
                string("locale", 35).null(),
            ],
        )
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "user").await
    }
}
