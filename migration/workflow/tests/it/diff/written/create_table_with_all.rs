//! What the entities declare, and the migrations before this one do not build:
//! - new `table label (project_id, name, code, sort, urgency, parent_id, hidden)`

use sea_orm_migration::prelude::*;

use crate::schema::{
    Cascade, SetNull, big_integer, boolean, drop_table, one_of, small_integer, string, table, uuid,
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
            "label",
            [
                uuid("project_id").references("project", Cascade),
                string("name", 60),
                big_integer("code").null().unique(),
                small_integer("sort"),
                one_of("urgency", &["low", "high"]),
                uuid("parent_id").null().references("label", SetNull),
                boolean("hidden").default(false),
            ],
        )
        .unique(["name", "project_id"])
        .index(["sort"])
        .create(manager)
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "label").await
    }
}
