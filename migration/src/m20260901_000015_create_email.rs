//! Messages to be sent, written in the transaction of what they tell of and removed once they are sent.
//!
//! Their text holds links that sign people in, so it is encrypted. `due_at` is when to try (again); a message that
//! is given up stays, with `failed`, for an operator to see.
//!
//! Old binaries neither write nor send messages.

// lint: allow prefer-bigint-over-smallint: a message is given up after a few attempts

use sea_orm_migration::prelude::*;

use crate::schema::{boolean, drop_table, small_integer, string, table, text, timestamp};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "email",
            [
                string("recipient", 320),
                string("kind", 50),
                text("sealed"),
                small_integer("attempts"),
                timestamp("due_at"),
                boolean("failed"),
            ],
        )
        .index(["failed", "due_at"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "email").await
    }
}
