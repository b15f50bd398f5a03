//! What the edits begin with.

use sea_orm_migration::prelude::*;

use crate::schema::{
    Cascade, Restrict, SetNull, big_integer, boolean, date, double, drop_table, json, one_of,
    small_integer, string, table, text, timestamp, uuid,
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20260101_000001_base"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("user", [string("name", 100), string("email", 320).lower_case().unique()])
            .create(manager)
            .await?;
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
                big_integer("estimate").between(0, 1000).null(),
                double("weight").null(),
                json("detail").null(),
                timestamp("due_at").null(),
            ],
        )
        .unique(["project_id", "title"])
        .index(["project_id", "done", "id"])
        .create(manager)
        .await?;
        table("tag", [string("name", 50).unique()]).create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["tag", "task", "project", "user"] {
            drop_table(manager, table).await?;
        }
        Ok(())
    }
}
