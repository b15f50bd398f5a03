//! What the entities declare, and the migrations before this one do not build:
//! - changed `column user.name is named full_name`
//! - new `table label (name)`
//! - changed `column project.priority: small_integer becomes big_integer`
//! - new `column task.label_id: uuid, may be null, refers to label, ON DELETE SET NULL`
//! - new `column task.points: big_integer, 1 by default`
//! - gone `column task.description, with its values`
//! - changed `column user.full_name may be null`
//! - gone `table tag, with its rows`
//!
//! Going down does not bring back
//! - the rows of `tag`
//! - the values of `task.description`

use sea_orm_migration::prelude::*;

use crate::schema::{
    SetNull, add_column, all_or_nothing, big_integer, change_table, drop_column, drop_table,
    rename_column, small_integer, string, table, text, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            rename_column(manager, "user", "name", "full_name").await?;
            table("label", [string("name", 255)]).create(manager).await?;
            change_table("project")
                .column(big_integer("priority").default(0_i64))
                .apply(manager)
                .await?;
            add_column(manager, "task", uuid("label_id").null().references("label", SetNull))
                .await?;
            add_column(manager, "task", big_integer("points").default(1_i64)).await?;
            drop_column(manager, "task", text("description").null()).await?;
            change_table("user").nullable("full_name").apply(manager).await?;
            drop_table(manager, "tag").await
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all_or_nothing(manager, async |manager| {
            table("tag", [string("name", 50).unique()]).create(manager).await?;
            change_table("user").not_null("full_name").apply(manager).await?;
            add_column(manager, "task", text("description").null()).await?;
            drop_column(manager, "task", big_integer("points").default(1_i64)).await?;
            drop_column(manager, "task", uuid("label_id").null().references("label", SetNull))
                .await?;
            change_table("project")
                .column(small_integer("priority").default(0_i16))
                .apply(manager)
                .await?;
            drop_table(manager, "label").await?;
            rename_column(manager, "user", "full_name", "name").await
        })
        .await
    }
}
