//! What SQLite says of itself: it counts pages, and nothing that happens.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::{IndexStats, Stats, TableStats};
use crate::{catalog::Catalog, definition::identifier, report::Report};

pub(super) async fn collect(
    db: &DatabaseConnection,
    catalog: &Catalog,
    report: &Report,
) -> Result<Stats, DbErr> {
    let page_size = number(db, "PRAGMA page_size").await?;
    let mut stats = Stats {
        bytes: number(db, "PRAGMA page_count").await? * page_size,
        free_bytes: Some(number(db, "PRAGMA freelist_count").await? * page_size),
        ..Stats::default()
    };
    let sizes = sizes(db).await.ok();
    let sql = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' ORDER BY name";
    for row in db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await? {
        let (name, table): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let bytes = sizes.as_ref().map(|sizes| sizes.get(&name).copied().unwrap_or_default());
        stats.indexes.push(IndexStats { name, table, bytes, ..IndexStats::default() });
    }
    stats.indexes.retain(|index| catalog.tables.contains_key(&index.table));
    for name in catalog.tables.keys() {
        report.progress(|| format!("counting the rows of {name}"));
        let own = stats.indexes.iter().filter(|index| index.table == *name);
        stats.tables.push(TableStats {
            name: name.clone(),
            rows: number(db, &format!("SELECT count(*) FROM {}", identifier(name))).await?,
            exact: true,
            bytes: sizes.as_ref().map(|sizes| sizes.get(name).copied().unwrap_or_default()),
            index_bytes: sizes.as_ref().map(|_| own.filter_map(|index| index.bytes).sum()),
            dead_rows: None,
        });
    }
    Ok(stats)
}

/// The sizes of tables and indexes; an error where SQLite was built without `dbstat`.
async fn sizes(db: &DatabaseConnection) -> Result<BTreeMap<String, i64>, DbErr> {
    let sql = "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

async fn number(db: &DatabaseConnection, sql: &str) -> Result<i64, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?.try_get_by_index(0)
}
