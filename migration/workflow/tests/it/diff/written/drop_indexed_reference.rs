//! What the entities declare, and the migrations before this one do not build:
//! - gone `index project (template_id, id)`
//! - changed `column project.template_id refers to nothing`
//! - gone `column project.template_id, with its values`
//!
//! Going down does not bring back
//! - the values of `project.template_id`

use sea_orm_migration::prelude::*;

use crate::schema::{SetNull, add_column, all_or_nothing, change_table, drop_column, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            change_table("project")
                .drop_index(["template_id", "id"])
                .drop_reference("template_id")
                .apply(manager)
                .await?;
            drop_column(manager, "project", uuid("template_id").null()).await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            add_column(manager, "project", uuid("template_id").null()).await?;
            change_table("project")
                .reference("template_id", "project", SetNull)
                .index(["template_id", "id"])
                .apply(manager)
                .await
        })
        .await
    }
}
