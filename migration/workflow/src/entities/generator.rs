//! SeaORM's generator, as its command line calls it.

use std::{fs, process::Command};

use anyhow::{Context, bail, ensure};
use sea_orm::{DatabaseConnection, DbBackend, sea_query::TableCreateStatement};
use sea_orm_codegen::{
    BannerVersion, BigIntegerType, DateTimeCrate, EntityFormat, EntityTransformer,
    EntityWriterContext, WithPrelude, WithSerde,
};
use sea_schema::{postgres, sqlite};
use tracing::subscriber::{NoSubscriber, with_default};

use super::Entities;
use crate::{catalog::Catalog, schema::is_old_name};

/// The generator formats with the `rustfmt.toml` above its output: here, in a temporary folder, with a copy of the
/// workspace's.
const RUSTFMT: &str = include_str!("../../../../rustfmt.toml");

/// Generates the entities of a database that is migrated: of its tables but those whose names begin with an underscore, with
/// their columns but those that have another name since [`two_names`](crate::schema::two_names).
///
/// # Errors
/// What the database or the generator met; a database without tables; no `rustfmt`.
pub async fn generate(db: &DatabaseConnection) -> anyhow::Result<Entities> {
    let catalog = Catalog::read(db).await?;
    let tables = match db.get_database_backend() {
        DbBackend::Sqlite => discover_sqlite(db, &catalog).await?,
        _ => discover_postgres(db, &catalog).await?,
    };
    ensure!(!tables.is_empty(), "the database has no tables: migrate it first");
    let context = EntityWriterContext::new(
        EntityFormat::Compact,
        WithPrelude::All,
        WithSerde::None,
        false,
        DateTimeCrate::Chrono,
        BigIntegerType::I64,
        None,
        true,
        false,
        false,
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        false,
        true,
        BannerVersion::Minor,
    );
    let write = || EntityTransformer::transform(tables).map(|writer| writer.generate(&context));
    // It logs every column.
    let output = with_default(NoSubscriber::new(), write)?;
    let files = output.files.iter().map(|file| (file.name.as_str(), file.content.as_str()));
    format(files, &[])
}

/// A Rust source, formatted as the workspace is.
///
/// # Errors
/// When it is no Rust, or there is no `rustfmt`.
pub(crate) fn formatted(source: &str) -> anyhow::Result<String> {
    let files = format([("lib.rs", source)], &["--edition", "2024"])?.into_files();
    files.into_values().next().context("a file that was formatted")
}

fn format<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
    arguments: &[&str],
) -> anyhow::Result<Entities> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("rustfmt.toml"), RUSTFMT)?;
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(arguments);
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::write(&path, content)?;
        rustfmt.arg(path);
    }
    let formatted = rustfmt.output();
    let formatted = formatted.context("rustfmt is needed: `rustup component add rustfmt`")?;
    if !formatted.status.success() {
        bail!("cannot format what is generated: {}", String::from_utf8_lossy(&formatted.stderr));
    }
    Ok(Entities::read(folder.path())?)
}

pub(crate) fn is_shown(table: &str) -> bool {
    // Those of SQLite itself are what ANALYZE leaves behind.
    !table.starts_with('_') && !table.starts_with("sqlite_") && table != "seaql_migrations"
}

async fn discover_sqlite(
    db: &DatabaseConnection,
    catalog: &Catalog,
) -> anyhow::Result<Vec<TableCreateStatement>> {
    use sqlite::def::ColumnVisibility::{GeneratedStored, GeneratedVirtual};
    let pool = db.get_sqlite_connection_pool().clone();
    let discovery = sqlite::discovery::SchemaDiscovery::new(pool);
    let schema = discovery.discover().await?.merge_indexes_into_table();
    let tables = schema.tables.into_iter().filter(|table| is_shown(&table.name));
    let written = tables.map(|mut table| {
        // The application cannot write what the database computes.
        let computed = |hidden: &_| matches!(hidden, GeneratedVirtual | GeneratedStored);
        table.columns.retain(|column| !computed(&column.hidden));
        let is_old = |column: &str| is_old_name(catalog, &table.name, column);
        table.columns.retain(|column| !is_old(&column.name));
        table.constraints.retain(|index| !index.columns.iter().any(|column| is_old(column)));
        table.foreign_keys.retain(|key| !key.from.iter().any(|column| is_old(column)));
        table.write()
    });
    Ok(written.collect())
}

async fn discover_postgres(
    db: &DatabaseConnection,
    catalog: &Catalog,
) -> anyhow::Result<Vec<TableCreateStatement>> {
    let pool = db.get_postgres_connection_pool().clone();
    let discovery = postgres::discovery::SchemaDiscovery::new(pool, "public");
    let schema = discovery.discover().await?;
    let tables = schema.tables.into_iter().filter(|table| is_shown(&table.info.name));
    let written = tables.map(|mut table| {
        table.columns.retain(|column| column.generated.is_none());
        // The generator takes them for unique keys of all rows.
        table.unique_constraints.retain(|unique| !unique.is_partial);
        let is_old = |column: &str| is_old_name(catalog, &table.info.name, column);
        table.columns.retain(|column| !is_old(&column.name));
        table.unique_constraints.retain(|key| !key.columns.iter().any(|column| is_old(column)));
        table.reference_constraints.retain(|key| !key.columns.iter().any(|column| is_old(column)));
        table.write()
    });
    Ok(written.collect())
}
