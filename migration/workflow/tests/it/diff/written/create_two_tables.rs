//! What the entities declare, and the migrations before this one do not build:
//! - new `table palette (name)`
//! - new `table label (palette_id, name)`
//! - new `column task.label_id: uuid, may be null, refers to label, ON DELETE SET NULL`

use sea_orm_migration::prelude::*;

use crate::schema::{
    Restrict, SetNull, add_column, all_or_nothing, drop_column, drop_table, string, table, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            table("palette", [string("name", 255)]).create(manager).await?;
            table(
                "label",
                [uuid("palette_id").references("palette", Restrict), string("name", 255)],
            )
            .create(manager)
            .await?;
            add_column(manager, "task", uuid("label_id").null().references("label", SetNull)).await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            drop_column(manager, "task", uuid("label_id").null().references("label", SetNull))
                .await?;
            drop_table(manager, "label").await?;
            drop_table(manager, "palette").await
        })
        .await
    }
}
