//! What a database still lacks.

use std::collections::HashSet;

use sea_orm_migration::{prelude::*, sea_orm::DatabaseConnection};

use crate::Migrator;

/// Where SeaORM records what it has applied.
const TABLE: &str = "seaql_migrations";

/// The names of the migrations that `db` still lacks, oldest first. It only reads.
///
/// Migrations recorded there but unknown here are ignored: during a rolling deployment the previous
/// release keeps serving a schema that a newer one has extended.
///
/// # Errors
/// What the database met; a database without any migrations is none.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let mut applied = HashSet::new();
    if SchemaManager::new(db).has_table(TABLE).await? {
        for row in db.query_all(Query::select().column("version").from(TABLE)).await? {
            applied.insert(row.try_get_by_index::<String>(0)?);
        }
    }
    Ok(Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .filter(|name| !applied.contains(name))
        .collect())
}
