//! At which version a database is: what has been applied to it, and what there is.

use std::collections::BTreeMap;

use anyhow::bail;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTraitSelf, SchemaManager};

use crate::{
    DatabaseUrl, Migrations,
    catalog::Catalog,
    rows::{Kind, Relation, is_derived},
};

/// The names of the migrations applied to a database, in order.
///
/// # Errors
/// Those of the database.
pub async fn applied(db: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    if !SchemaManager::new(db).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Refuses a database that is not there: SQLite would make an empty one.
///
/// # Errors
/// When there is no such file.
pub fn must_exist(url: &DatabaseUrl) -> anyhow::Result<()> {
    match url.sqlite_file() {
        Some(path) if !path.exists() => bail!("there is no database at {}", path.display()),
        _ => Ok(()),
    }
}

/// What of a table counts when its rows are to fit into another: its columns, and what they hold.
pub fn shape(relation: &Relation) -> BTreeMap<&str, Kind> {
    relation.fields.iter().map(|field| (field.name.as_str(), field.kind)).collect()
}

/// How one list of names differs from another, in words; nothing if it does not.
pub fn names_differ(here: &[String], there: &[String]) -> Option<String> {
    let missing = |from: &[String], of: &[String]| {
        let names = from.iter().filter(|name| !of.contains(name)).map(String::as_str);
        names.collect::<Vec<_>>().join(", ")
    };
    let (more, less) = (missing(here, there), missing(there, here));
    let told = [("it also has", more), ("it lacks", less)];
    let told = told.iter().filter(|(_, names)| !names.is_empty());
    let told: Vec<_> = told.map(|(what, names)| format!("{what} {names}")).collect();
    (!told.is_empty()).then(|| told.join(", and "))
}

/// The tables of a catalog that hold rows of their own, without derived ones.
pub fn own_tables(catalog: &Catalog) -> Vec<String> {
    catalog.tables.keys().filter(|name| !is_derived(name)).cloned().collect()
}

/// Applies those of the migrations that are named and not yet applied. No others may be applied.
///
/// # Errors
/// When one of them fails.
pub async fn migrate_to(
    db: &DatabaseConnection,
    migrations: Migrations,
    names: &[String],
) -> anyhow::Result<()> {
    Ok(Chosen(migrations, names.to_vec()).up(db, None).await?)
}

/// Some of the migrations, as SeaORM asks for them.
struct Chosen(Migrations, Vec<String>);

impl MigratorTraitSelf for Chosen {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = (self.0)();
        migrations.retain(|migration| self.1.iter().any(|name| name == migration.name()));
        migrations
    }
}
