//! The `planned_minutes` of a task are what `estimate_minutes` were: the first of three steps to another name.
//!
//! Old binaries read and write `estimate_minutes`, new ones `planned_minutes`; what one writes the other sees.

use sea_orm_migration::prelude::*;

use crate::schema::{Column, add_column, big_integer, drop_column, one_name, two_names};

const TABLE: &str = "task";

fn column() -> Column {
    big_integer("planned_minutes").between(0, 525_600).null()
}

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, TABLE, column()).await?;
        two_names(manager, TABLE, "estimate_minutes", "planned_minutes").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        one_name(manager, TABLE, "estimate_minutes").await?;
        drop_column(manager, TABLE, column()).await
    }
}
