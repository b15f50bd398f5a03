//! Full-text search in projects and tasks. The server indexes the rows there are when it starts.
//!
//! Old binaries do not write the side tables: what they change is found by its old words until the next start.

// lint: allow prefer-bigint-over-smallint: the version of how text is folded; a release changes it by one, if at all

use sea_orm_migration::prelude::*;

use crate::schema::{not_searchable, searchable};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        searchable(manager, "project", &["name", "description", "client_name"]).await?;
        searchable(manager, "task", &["title", "description"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        not_searchable(manager, "task").await?;
        not_searchable(manager, "project").await
    }
}
