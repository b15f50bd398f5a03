//! What the entities declare, and the migrations before this one do not build:
//! - new `column tag.owner_id: uuid, may be null, refers to user, ON DELETE SET NULL`

use sea_orm_migration::prelude::*;

use crate::schema::{SetNull, add_column, all_or_nothing, drop_column, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            add_column(manager, "tag", uuid("owner_id").null().references("user", SetNull)).await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "tag", uuid("owner_id").null().references("user", SetNull)).await
    }
}
