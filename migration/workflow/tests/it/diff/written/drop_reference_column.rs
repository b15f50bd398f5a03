//! What the entities declare, and the migrations before this one do not build:
//! - gone `column task.author_id, with its values`
//!
//! Going down does not bring back
//! - `task.author_id`: it may not be null

use sea_orm_migration::prelude::*;

use crate::schema::{Cascade, drop_column, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "task", uuid("author_id").references("user", Cascade)).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "the values of task.author_id are gone, and it may not be null".to_owned(),
        ))
    }
}
