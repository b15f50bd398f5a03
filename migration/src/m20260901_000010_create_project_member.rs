//! Who works on a project besides its owner, once each.

use sea_orm_migration::prelude::*;

use crate::schema::{Cascade, drop_table, one_of, table, timestamp, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "project_member",
            [
                uuid("project_id").references("project", Cascade),
                uuid("user_id").references("user", Cascade),
                one_of("role", &["editor", "viewer"]),
                timestamp("joined_at"),
            ],
        )
        .unique(["project_id", "user_id"])
        .index(["user_id", "project_id"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "project_member").await
    }
}
