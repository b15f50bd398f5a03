//! What a database should have: what migrations build in an empty one.

use anyhow::Context;
use sea_orm::DatabaseConnection;
use sea_orm_migration::{MigrationTrait, MigratorTraitSelf};

use crate::{DatabaseUrl, Migrations, catalog::Catalog, scratch};

/// Some of a project's migrations.
struct Chosen {
    migrations: Migrations,
    names: Vec<String>,
}

impl MigratorTraitSelf for Chosen {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let mut chosen = (self.migrations)();
        chosen.retain(|migration| self.names.iter().any(|name| name == migration.name()));
        chosen
    }
}

/// Applies those of the migrations that are named to an empty database, in the project's order.
///
/// # Errors
/// What a migration met.
pub async fn build(
    db: &DatabaseConnection,
    migrations: Migrations,
    names: Vec<String>,
) -> anyhow::Result<()> {
    let chosen = Chosen { migrations, names };
    chosen.up(db, None).await.context("the migrations do not build an empty database")
}

/// Applies all of the migrations to an empty database.
///
/// # Errors
/// What a migration met.
pub async fn build_all(db: &DatabaseConnection, migrations: Migrations) -> anyhow::Result<()> {
    let names = migrations().iter().map(|migration| migration.name().to_owned()).collect();
    build(db, migrations, names).await
}

/// What those of the migrations that are named build, found out on a scratch database like the one at `beside`.
///
/// # Errors
/// When there can be no scratch database, or a migration fails on it.
pub async fn catalog(
    migrations: Migrations,
    names: Vec<String>,
    beside: &DatabaseUrl,
) -> anyhow::Result<Catalog> {
    scratch::on(beside, async |db| {
        build(db, migrations, names).await?;
        Ok(Catalog::read(db).await?)
    })
    .await
}
