//! The color of a label is …
//!
//! Old binaries neither read nor write it, so it is null or has a default.

use sea_orm_migration::prelude::*;

use crate::schema::{Column, add_column, drop_column, string};

const TABLE: &str = "label";

fn column() -> Column {
    string("color", 100).null()
}

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, TABLE, column()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, TABLE, column()).await
    }
}
