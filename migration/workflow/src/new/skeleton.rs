//! What a new migration begins with, in the vocabulary of [`schema`](crate::schema).

/// The source of a migration of this name.
pub(super) fn of(name: &str) -> String {
    let added = name.strip_prefix("add_").and_then(|rest| rest.rsplit_once("_to_"));
    match (name.strip_prefix("create_"), added) {
        (Some(table), _) => source(
            &format!("A {table} is …"),
            "Old binaries do not mind a table that they do not know.",
            &format!(
                "use crate::schema::{{drop_table, string, table}};

/// Beside these, it has an `id`, and the times when a row was made and changed.
const TABLE: &str = \"{table}\";
"
            ),
            [
                "table(TABLE, [string(\"name\", 100)]).create(manager).await",
                "drop_table(manager, TABLE).await",
            ],
        ),
        (None, Some((column, table))) => source(
            &format!("The {column} of a {table} is …"),
            "Old binaries neither read nor write it, so it is null or has a default.",
            &format!(
                "use crate::schema::{{Column, add_column, drop_column, string}};

const TABLE: &str = \"{table}\";

fn column() -> Column {{
    string(\"{column}\", 100).null()
}}
"
            ),
            [
                "add_column(manager, TABLE, column()).await",
                "drop_column(manager, TABLE, column()).await",
            ],
        ),
        (None, None) => source(
            "What this is for …",
            "Say here how old binaries get on with it: they run while it is applied, and for a while after.",
            "",
            ["Ok(())", "Ok(())"],
        ),
    }
}

fn source(about: &str, old: &str, vocabulary: &str, [up, down]: [&str; 2]) -> String {
    let vocabulary = if vocabulary.is_empty() { String::new() } else { format!("\n{vocabulary}") };
    let manager = if up.contains("manager") { "manager" } else { "_manager" };
    format!(
        "//! {about}
//!
//! {old}

use sea_orm_migration::prelude::*;
{vocabulary}
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {{
    fn use_transaction(&self) -> Option<bool> {{
        Some(true)
    }}

    async fn up(&self, {manager}: &SchemaManager) -> Result<(), DbErr> {{
        {up}
    }}

    async fn down(&self, {manager}: &SchemaManager) -> Result<(), DbErr> {{
        {down}
    }}
}}
"
    )
}
