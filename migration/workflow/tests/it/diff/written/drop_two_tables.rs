//! What the entities declare, and the migrations before this one do not build:
//! - gone `table task, with its rows`
//! - gone `table project, with its rows`
//!
//! Going down does not bring back
//! - the rows of `project`
//! - the rows of `task`

use sea_orm_migration::prelude::*;

use crate::schema::{
    Cascade, Restrict, SetNull, big_integer, boolean, date, double, drop_table, json, one_of,
    small_integer, string, table, text, timestamp, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "task").await?;
        drop_table(manager, "project").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "project",
            [
                uuid("owner_id").references("user", Restrict),
                string("name", 255),
                one_of("status", &["active", "archived"]),
                small_integer("priority").default(0_i16),
                date("starts_on").null(),
                uuid("origin_id").null(),
                uuid("template_id").null().references("project", SetNull),
            ],
        )
        .index(["owner_id", "id"])
        .index(["status", "id"])
        .index(["template_id", "id"])
        .create(manager)
        .await?;
        table(
            "task",
            [
                uuid("project_id").references("project", Cascade),
                uuid("author_id").references("user", Cascade),
                string("title", 255),
                text("description").null(),
                boolean("done").default(false),
                big_integer("estimate").null().between(0, 1000),
                double("weight").null(),
                json("detail").null(),
                timestamp("due_at").null(),
            ],
        )
        .unique(["project_id", "title"])
        .index(["project_id", "done", "id"])
        .create(manager)
        .await
    }
}
