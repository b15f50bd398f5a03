//! The work itself: owned by a user, shared with an organization unless that is null, and kept when
//! deleted (`deleted_at`) until it is restored.
//!
//! A user who owns projects cannot be removed: somebody has to take them over first.

use sea_orm_migration::prelude::*;

use crate::schema::{
    Cascade, Restrict, SetNull, boolean, drop_table, one_of, string, table, text, timestamp, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "project",
            [
                uuid("owner_id").references("user", Restrict),
                uuid("organization_id").references("organization", Cascade).null(),
                uuid("theme_id").references("theme", SetNull).null(),
                string("name", 255),
                string("client_name", 255).null(),
                text("description").null(),
                one_of("status", &["active", "inactive", "archived"]),
                boolean("is_public"),
                timestamp("deleted_at").null(),
            ],
        )
        .index(["owner_id", "id"])
        .index(["organization_id", "id"])
        .index(["status", "id"])
        .index(["is_public", "id"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "project").await
    }
}
