//! A task has `planned_minutes`, and nothing else of the kind: the last of three steps to another name.
//!
//! Old binaries must not know `estimate_minutes` any more.

// lint: allow ban-drop-column: no entity has it since planned_minutes took its place

use sea_orm_migration::prelude::*;

use crate::schema::{
    Column, add_column, big_integer, copy_column, drop_column, one_name, two_names,
};

const TABLE: &str = "task";

fn column() -> Column {
    big_integer("estimate_minutes").between(0, 525_600).null()
}

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        one_name(manager, TABLE, "estimate_minutes").await?;
        drop_column(manager, TABLE, column()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, TABLE, column()).await?;
        copy_column(manager, TABLE, "planned_minutes", "estimate_minutes").await?;
        two_names(manager, TABLE, "estimate_minutes", "planned_minutes").await
    }
}
