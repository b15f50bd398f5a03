//! How often something was tried lately, by whom or on what, for all processes together.
//!
//! `full_at` is when the allowance is whole again, in microseconds since 1970: a number, because both databases can add
//! to it in the statement that decides. `attempts` counts what is not given back little by little but all at once. Rows
//! of the past mean nothing and are swept.
//!
//! Old binaries count for themselves.

// lint: allow prefer-bigint-over-smallint: counting stops at the attempts that are allowed, which are few

use sea_orm_migration::prelude::*;

use crate::schema::{big_integer, drop_table, small_integer, string, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "rate_limit",
            [string("key", 255).unique(), small_integer("attempts"), big_integer("full_at")],
        )
        .index(["full_at"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "rate_limit").await
    }
}
