//! What the entities declare, and the migrations before this one do not build:
//! - gone `column tag.name, with its values`
//!
//! Going down does not bring back
//! - `tag.name`: no two rows may share one

use sea_orm_migration::prelude::*;

use crate::schema::{drop_column, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "tag", string("name", 50).unique()).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "the values of tag.name are gone, and no two rows may share one".to_owned(),
        ))
    }
}
