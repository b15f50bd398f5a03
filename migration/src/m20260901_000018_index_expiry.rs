//! What has expired is found to be swept, among many sessions and proofs that have not.
//!
//! Old binaries do not mind.

// lint: allow require-concurrent-index-creation: every release has it, so it runs only where the tables are new and empty

use sea_orm_migration::prelude::*;

use crate::schema::{add_index, drop_index};

const TABLES: [&str; 2] = ["session", "verification"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            add_index(manager, table, &["expires_at"]).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            drop_index(manager, table, &["expires_at"]).await?;
        }
        Ok(())
    }
}
