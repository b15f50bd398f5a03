//! What the entities declare, and the migrations before this one do not build:
//! - changed `column project.origin_id refers to project, ON DELETE SET NULL`
//! - new `index project (origin_id)`

use sea_orm_migration::prelude::*;

use crate::schema::{SetNull, change_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project")
            .reference("origin_id", "project", SetNull)
            .index(["origin_id"])
            .apply(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_table("project")
            .drop_index(["origin_id"])
            .drop_reference("origin_id")
            .apply(manager)
            .await
    }
}
