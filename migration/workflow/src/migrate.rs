//! `garboard db migrate`: applies what is pending.

use std::collections::HashSet;

use sea_orm::{ConnectOptions, DbErr};
use sea_orm_migration::{MigrationTrait, MigratorTraitSelf};

use crate::{Locked, Migrations};

/// The migrations, as SeaORM asks for them.
struct Steps(Migrations);

impl MigratorTraitSelf for Steps {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        (self.0)()
    }
}

/// Applies the pending migrations, one process at a time, and returns their names. Migrations that are applied but unknown
/// here, those of a newer release, are none of its business.
///
/// # Errors
/// When the database cannot be reached, or a migration fails.
pub async fn apply(
    migrations: Migrations,
    options: impl Into<ConnectOptions>,
) -> Result<Vec<String>, DbErr> {
    let steps = Steps(migrations);
    let locked = Locked::open(options).await?;
    let db = locked.connection();
    let applied = steps.get_migration_models(db).await?;
    let applied: HashSet<_> = applied.into_iter().map(|row| row.version).collect();
    let names = migrations().into_iter().map(|migration| migration.name().to_owned());
    let names: Vec<_> = names.filter(|name| !applied.contains(name)).collect();
    if !names.is_empty() {
        steps.up(db, None).await?;
    }
    locked.close().await?;
    Ok(names)
}
