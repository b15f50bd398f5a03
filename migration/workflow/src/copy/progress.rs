//! How far a copy is, kept in the target, in the transactions that add the rows: after whatever happens, the two agree.

use std::collections::HashMap;

use anyhow::{Context, bail};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, Value as Parameter};
use sea_orm_migration::SchemaManager;

use crate::{
    catalog::hexadecimal,
    rows::{Relation, Value, decode, encode},
};

/// One of [`crate::catalog::BOOKKEEPING`].
const TABLE: &str = "_copy_progress";
/// In place of the name of a table: where the rows come from.
const SOURCE: &str = "";

/// How far the copy of one table is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// Where reading goes on, in hexadecimal digits.
    place: String,
    /// How many rows the target has.
    pub(super) rows: u64,
    /// Whether it has all.
    pub(super) done: bool,
}

/// How far each table is that was begun.
pub(super) type Tables = HashMap<String, Progress>;

/// What an unfinished copy has left, if there is one: where its rows come from, and how far it is.
pub(super) async fn read(target: &DatabaseConnection) -> anyhow::Result<Option<(String, Tables)>> {
    if !SchemaManager::new(target).has_table(TABLE).await? {
        return Ok(None);
    }
    let sql = format!("SELECT table_name, place, row_count, done FROM {TABLE}");
    let statement = Statement::from_string(target.get_database_backend(), sql);
    let mut tables = HashMap::new();
    for row in target.query_all_raw(statement).await? {
        let rows: i64 = row.try_get_by_index(2)?;
        let progress = Progress {
            place: row.try_get_by_index(1)?,
            rows: rows.unsigned_abs(),
            done: row.try_get_by_index(3)?,
        };
        tables.insert(row.try_get_by_index(0)?, progress);
    }
    let source = tables.remove(SOURCE).context("the table _copy_progress names no source")?;
    Ok(Some((source.place, tables)))
}

/// Notes that a copy begins.
pub(super) async fn begin(target: &DatabaseConnection, source: &str) -> anyhow::Result<()> {
    let sql = format!(
        "CREATE TABLE {TABLE} (table_name varchar NOT NULL PRIMARY KEY, place varchar NOT NULL,
            row_count bigint NOT NULL, done boolean NOT NULL)"
    );
    target.execute_unprepared(&sql).await?;
    let source = Progress { place: source.to_owned(), ..Progress::default() };
    note(target, SOURCE, &source).await
}

/// Forgets the copy.
pub(super) async fn end(target: &DatabaseConnection) -> anyhow::Result<()> {
    target.execute_unprepared(&format!("DROP TABLE {TABLE}")).await?;
    Ok(())
}

/// Notes how far the copy of a table is, in the transaction that has begun.
pub(super) async fn note(
    target: &DatabaseConnection,
    table: &str,
    progress: &Progress,
) -> anyhow::Result<()> {
    let sql = format!(
        "INSERT INTO {TABLE} (table_name, place, row_count, done) VALUES ($1, $2, $3, $4)
         ON CONFLICT (table_name) DO UPDATE SET place = $2, row_count = $3, done = $4"
    );
    let values: [Parameter; 4] = [
        table.into(),
        progress.place.clone().into(),
        i64::try_from(progress.rows)?.into(),
        progress.done.into(),
    ];
    let statement = Statement::from_sql_and_values(target.get_database_backend(), sql, values);
    target.execute_raw(statement).await?;
    Ok(())
}

impl Progress {
    /// After so many more rows, up to this place.
    pub(super) fn after(&self, rows: usize, place: &[Value]) -> anyhow::Result<Self> {
        let mut bytes = Vec::new();
        encode(place, &mut bytes);
        let rows = self.rows.saturating_add(u64::try_from(rows)?);
        Ok(Self { place: hexadecimal(&bytes), rows, done: false })
    }

    /// With all rows.
    pub(super) fn finished(&self) -> Self {
        Self { done: true, ..self.clone() }
    }

    /// Where reading `source` goes on; nothing before the first row.
    pub(super) fn place(&self, source: &Relation) -> anyhow::Result<Option<Vec<Value>>> {
        if self.place.is_empty() {
            return Ok(None);
        }
        let pairs = self.place.as_bytes().chunks(2).map(|digits| {
            let digits = str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        let Some(bytes) = pairs.collect::<Option<Vec<_>>>() else {
            bail!("the table _copy_progress was changed: begin anew with --again");
        };
        let columns = if source.row_number.is_some() { 1 } else { source.key.len() };
        Ok(Some(decode(columns, &mut bytes.as_slice())?))
    }
}
