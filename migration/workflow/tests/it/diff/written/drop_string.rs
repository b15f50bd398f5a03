//! What the entities declare, and the migrations before this one do not build:
//! - gone `column project.name, with its values`
//!
//! Going down does not bring back
//! - the values of `project.name`: every row gets the same

use sea_orm_migration::prelude::*;

use crate::schema::{add_column, all_or_nothing, change_table, drop_column, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "project", string("name", 255)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            add_column(manager, "project", string("name", 255).default("")).await?;
            change_table("project").no_default("name").apply(manager).await
        })
        .await
    }
}
