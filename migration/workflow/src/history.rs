//! Which migrations a database has had, and what is known of each.
//!
//! SeaORM's own table `seaql_migrations` says what is applied, so that `sea-orm-cli migrate` works beside these commands.
//! A second table has what SeaORM does not keep. A row counts there only if its time is that of SeaORM's row: what
//! `sea-orm-cli` applied, or applied again, is applied all the same, and no more is known of it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Schema, Statement,
    sea_query::{ColumnDef, Expr, ExprTrait, Order, Query, Table},
};
use sea_orm_migration::seaql_migrations;
use sha2::{Digest, Sha256};

use crate::{
    DatabaseUrl, Migrations,
    catalog::{Catalog, HISTORY, SEAORM, hexadecimal},
    rows::transaction,
    scratch,
};

/// A migration that a database has had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What is known of it, if these commands applied it.
    pub known: Option<Known>,
}

/// What SeaORM does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// That of the statements it had; none if they are others each time, such as with a time in them.
    pub checksum: Option<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: i64,
    /// The migrations after which the schema had the fingerprint, as [`set_of`] writes them.
    set: Option<String>,
    /// Of the whole schema.
    fingerprint: Option<String>,
}

/// How the migrations of a database and of a program differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// Those that the database lacks, in order.
    pub pending: Vec<String>,
    /// Those that a newer release has applied, in the order of time.
    pub unknown: Vec<String>,
}

/// How the migrations of a database and of a program differ. It only reads.
///
/// # Errors
/// Those of the database; one without any migrations is none.
pub async fn gap(db: &impl ConnectionTrait, migrations: Migrations) -> Result<Gap, DbErr> {
    let applied: Vec<_> = read(db).await?.into_iter().map(|applied| applied.name).collect();
    let own: Vec<_> = migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let without = |these: &[String], those: &[String]| {
        these.iter().filter(|name| !those.contains(name)).cloned().collect()
    };
    Ok(Gap { pending: without(&own, &applied), unknown: without(&applied, &own) })
}

/// What a database has had, in the order of time, and of name within a second. It only reads.
///
/// # Errors
/// Those of the database; one without any migrations is none.
pub async fn read(db: &impl ConnectionTrait) -> Result<Vec<Applied>, DbErr> {
    if !has_table(db, SEAORM).await? {
        return Ok(Vec::new());
    }
    let mut select = Query::select();
    select.columns(["version", "applied_at"]).from(SEAORM);
    select.order_by("applied_at", Order::Asc).order_by("version", Order::Asc);
    let mut all = Vec::new();
    for row in db.query_all(&select).await? {
        let (name, at) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        all.push(Applied { name, at, known: None });
    }
    if !has_table(db, HISTORY).await? {
        return Ok(all);
    }
    let mut select = Query::select();
    let columns = ["version", "applied_at", "checksum", "duration_ms", "migrations", "fingerprint"];
    select.columns(columns).from(HISTORY);
    for row in db.query_all(&select).await? {
        let (name, at): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        if let Some(applied) = all.iter_mut().find(|one| one.name == name && one.at == at) {
            applied.known = Some(Known {
                checksum: row.try_get_by_index(2)?,
                milliseconds: row.try_get_by_index(3)?,
                set: row.try_get_by_index(4)?,
                fingerprint: row.try_get_by_index(5)?,
            });
        }
    }
    Ok(all)
}

/// The fingerprint that the schema had when the database had just had these migrations, and no others.
pub fn fingerprint(applied: &[Applied]) -> Option<&str> {
    let set = set_of(applied);
    let mut known = applied.iter().filter_map(|applied| applied.known.as_ref());
    let row = known.find(|known| known.set.as_ref() == Some(&set))?;
    row.fingerprint.as_deref()
}

/// A connection to a database that may not be there yet: nothing for a SQLite file that is not, for connecting makes it.
///
/// # Errors
/// When it cannot be reached: the message names it, with its password masked.
pub async fn reach(url: &DatabaseUrl) -> anyhow::Result<Option<DatabaseConnection>> {
    if url.sqlite_file().is_some_and(|path| !path.exists()) {
        return Ok(None);
    }
    scratch::connect(url).await.map(Some)
}

/// What the database at `url` has had; nothing if it is not there yet.
///
/// # Errors
/// When it cannot be reached or read.
pub async fn read_at(url: &DatabaseUrl) -> anyhow::Result<Vec<Applied>> {
    let Some(db) = reach(url).await? else { return Ok(Vec::new()) };
    let applied = read(&db).await.with_context(|| unreadable(url));
    db.close().await?;
    applied
}

/// What to do when the record of migrations cannot be read.
pub(crate) fn unreadable(url: &DatabaseUrl) -> String {
    format!(
        "cannot read which migrations {url} has had (its user needs SELECT on {SEAORM} and {HISTORY})"
    )
}

/// What makes SeaORM's table where it is missing.
pub(crate) fn record(backend: DbBackend) -> Statement {
    let mut table = Schema::new(backend).create_table_from_entity(seaql_migrations::Entity);
    backend.build(table.if_not_exists())
}

/// Makes both tables where they are missing, and otherwise only reads.
pub(crate) async fn install(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if !has_table(db, SEAORM).await? {
        db.execute_raw(record(db.get_database_backend())).await?;
    }
    if has_table(db, HISTORY).await? {
        return Ok(());
    }
    let mut table = Table::create();
    table.table(HISTORY);
    table.col(ColumnDef::new("version").string().not_null().primary_key());
    table.col(ColumnDef::new("applied_at").big_integer().not_null());
    table.col(ColumnDef::new("checksum").text());
    table.col(ColumnDef::new("duration_ms").big_integer().not_null());
    table.col(ColumnDef::new("migrations").text());
    table.col(ColumnDef::new("fingerprint").text());
    db.execute(&table).await.map(|_| ())
}

/// Notes that a migration has been applied now.
pub(crate) async fn add(
    db: &impl ConnectionTrait,
    name: &str,
    checksum: Option<String>,
    milliseconds: i64,
) -> Result<(), DbErr> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let mut insert = Query::insert();
    insert.into_table(SEAORM).columns(["version", "applied_at"]);
    db.execute(insert.values_panic([name.into(), now.into()])).await?;
    // One that `sea-orm-cli` has undone since has left its row.
    delete(db, HISTORY, name).await?;
    let mut insert = Query::insert();
    insert.into_table(HISTORY).columns(["version", "applied_at", "checksum", "duration_ms"]);
    insert.values_panic([name.into(), now.into(), checksum.into(), milliseconds.into()]);
    db.execute(&insert).await.map(|_| ())
}

/// Notes that a migration counts as applied, in a database that has what it builds.
pub(crate) async fn adopt(db: &DatabaseConnection, name: &str) -> anyhow::Result<()> {
    transaction(db, async || {
        install(db).await?;
        Ok(add(db, name, None, 0).await?)
    })
    .await
}

/// Notes that a migration has been undone.
pub(crate) async fn remove(db: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    delete(db, SEAORM, name).await?;
    delete(db, HISTORY, name).await
}

async fn delete(db: &impl ConnectionTrait, table: &'static str, name: &str) -> Result<(), DbErr> {
    let mut delete = Query::delete();
    delete.from_table(table).and_where(Expr::col("version").eq(name));
    db.execute(&delete).await.map(|_| ())
}

/// Notes the fingerprint of the schema as it is now, unless one is known for these very migrations from before.
pub(crate) async fn remember(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let applied = read(db).await?;
    let newest = applied.iter().rfind(|applied| applied.known.is_some());
    let (None, Some(newest)) = (fingerprint(&applied), newest) else { return Ok(()) };
    let mut update = Query::update();
    update.table(HISTORY).and_where(Expr::col("version").eq(&newest.name));
    update.value("migrations", set_of(&applied));
    update.value("fingerprint", Catalog::read(db).await?.fingerprint());
    db.execute(&update).await.map(|_| ())
}

/// The same for the same migrations, and for them alone.
fn set_of(applied: &[Applied]) -> String {
    let mut names: Vec<_> = applied.iter().map(|applied| applied.name.as_str()).collect();
    names.sort_unstable();
    hexadecimal(&Sha256::digest(names.join("\n")))
}

/// Whether the current schema has the table, also where this user may not read it: SeaORM's own question asks a view
/// that hides such tables, and would take every migration for pending.
pub(crate) async fn has_table(db: &impl ConnectionTrait, table: &str) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1",
        _ => "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
    };
    let statement = Statement::from_sql_and_values(backend, sql, [table.into()]);
    Ok(db.query_one_raw(statement).await?.is_some())
}
