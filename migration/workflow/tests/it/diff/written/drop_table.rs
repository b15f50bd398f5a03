//! What the entities declare, and the migrations before this one do not build:
//! - gone `table tag, with its rows`
//!
//! Going down does not bring back
//! - the rows of `tag`

use sea_orm_migration::prelude::*;

use crate::schema::{drop_table, string, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "tag").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("tag", [string("name", 50).unique()]).create(manager).await
    }
}
