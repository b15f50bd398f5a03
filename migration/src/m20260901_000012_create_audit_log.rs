//! Who did what to which row, written in the transaction of the change itself.
//!
//! It has no foreign keys: the trail outlives the users and the rows that it tells of. `root_id` is
//! the project, the user or the organization that the row belongs to, so that the history of the
//! whole is one look-up.

use sea_orm_migration::prelude::*;

use crate::schema::{drop_table, json, string, table, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "audit_log",
            [
                uuid("actor_id").null(),
                string("action", 50),
                string("table_name", 63),
                uuid("row_id"),
                uuid("root_id"),
                json("before").null(),
                json("after").null(),
                string("request_id", 128).null(),
            ],
        )
        .index(["actor_id", "id"])
        .index(["row_id", "id"])
        .index(["root_id", "id"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "audit_log").await
    }
}
