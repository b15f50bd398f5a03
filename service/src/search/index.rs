//! What searches look into: beside each table with searched fields, a side table with their folded text and an index on
//! its words. It is written in the transaction that writes the row.

use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, ModelTrait, Value,
    sea_query::{Alias, Expr, ExprTrait, Func, LockType, OnConflict, Query},
};
use uuid::Uuid;

use super::fold::{VERSION, fold};
use crate::{
    Database, Resource, Result, Transaction,
    field::Kind,
    record::{read_value, uuid_of},
    table::Table,
    write::MAX_PARAMETERS,
};

/// How many rows [`fill`] indexes at a time.
const BATCH: u64 = 1_000;
/// After how long it says how far it is.
const SILENCE: Duration = Duration::from_secs(2);

/// The name of the table beside `table`. It begins with an underscore: no entity is generated of it.
pub(super) fn side_table(table: &Table) -> Alias {
    Alias::new(format!("_{}_search", table.name))
}

/// A row, and the texts of its searched fields.
type Texts = (Uuid, Vec<String>);

/// Indexes a row that is new or has changed.
///
/// # Errors
/// Those of the database.
pub(crate) async fn index<E: Resource>(
    tx: &Transaction,
    before: Option<&E::Model>,
    after: &E::Model,
) -> Result<()> {
    let table = Table::of::<E>();
    let changed = table.search.iter().any(|column| {
        let column = E::column_named(column.column);
        before.is_none_or(|before| before.get(column) != after.get(column))
    });
    if changed { write(tx, table, &[texts::<E>(table, after)]).await } else { Ok(()) }
}

/// Indexes rows that are new.
///
/// # Errors
/// Those of the database.
pub(crate) async fn index_many<E: Resource>(tx: &Transaction, rows: &[E::Model]) -> Result<()> {
    let table = Table::of::<E>();
    if table.search.is_empty() {
        return Ok(());
    }
    let texts: Vec<_> = rows.iter().map(|row| texts::<E>(table, row)).collect();
    write(tx, table, &texts).await
}

fn texts<E: Resource>(table: &Table, row: &E::Model) -> Texts {
    let texts = table.search.iter().map(|column| text_of(&row.get(E::column_named(column.column))));
    (E::id(row), texts.collect())
}

fn text_of(value: &Value) -> String {
    if let Value::String(Some(text)) = value { fold(text) } else { String::new() }
}

async fn write(db: &impl ConnectionTrait, table: &Table, rows: &[Texts]) -> Result<()> {
    let columns = || table.search.iter().map(|column| Alias::new(column.column));
    for batch in rows.chunks(MAX_PARAMETERS / (table.search.len() + 2)) {
        let mut insert = Query::insert();
        insert
            .into_table(side_table(table))
            .columns(["id", "version"].map(Alias::new).into_iter().chain(columns()))
            .on_conflict(
                OnConflict::column("id")
                    .update_columns(columns().chain([Alias::new("version")]))
                    .to_owned(),
            );
        for (id, texts) in batch {
            let fixed = [Expr::val(*id), Expr::val(VERSION)];
            // As many values as columns: both are those of the searched fields.
            let _ = insert.values(fixed.into_iter().chain(texts.iter().map(Expr::val)));
        }
        db.execute(&insert).await?;
    }
    Ok(())
}

/// Indexes every row that is not, or not as it would be today: those that others than this service have written, and
/// those from before a field was searched.
///
/// # Errors
/// Those of the database.
pub async fn fill(db: &Database) -> Result<()> {
    for table in Table::described() {
        if table.search.is_empty() {
            continue;
        }
        let (mut last, mut count) = (Uuid::nil(), 0_usize);
        let (start, mut told) = (Instant::now(), Instant::now());
        loop {
            let rows = db.write(async move |tx| fill_batch(tx, table, last).await).await?;
            let Some(next) = rows.last else { break };
            last = next;
            count += rows.count;
            if told.elapsed() >= SILENCE {
                told = Instant::now();
                tracing::info!(table = table.name, count, "indexing rows for search");
            }
        }
        if start.elapsed() >= SILENCE && count > 0 {
            tracing::info!(table = table.name, count, "indexed rows for search");
        }
    }
    Ok(())
}

struct Filled {
    last: Option<Uuid>,
    count: usize,
}

/// Indexes some rows after the one whose id is `last`.
async fn fill_batch(tx: &Transaction, table: &Table, last: Uuid) -> Result<Filled> {
    let id = (table.name, "id");
    let side = side_table(table);
    // Asked of each row by itself: PostgreSQL has no statistics of a table that is just being filled, and joins it by
    // comparing all rows with all.
    let indexed = Query::select()
        .column((side.clone(), Alias::new("version")))
        .from(side.clone())
        .and_where(Expr::col((side, Alias::new("id"))).equals(id))
        .take();
    let version = Func::coalesce([
        Expr::SubQuery(None, Box::new(indexed.into())),
        // Of a row that was never indexed.
        Expr::val(VERSION - 1),
    ]);
    let select = Query::select()
        .column(id)
        .columns(table.search.iter().map(|column| (table.name, column.column)))
        .from(table.name)
        .and_where(Expr::col(id).gt(last))
        .and_where(Expr::expr(version).ne(VERSION))
        .order_by(id, sea_orm::Order::Asc)
        .limit(BATCH)
        // Nobody changes them until they are indexed.
        .lock(LockType::Share)
        .take();
    let mut rows = Vec::new();
    for row in tx.query_all(&select).await? {
        let texts =
            (1..=table.search.len()).map(|at| Ok(text_of(&read_value(&row, at, Kind::Text)?)));
        let id = uuid_of(&read_value(&row, 0, Kind::Uuid)?).unwrap_or_default();
        rows.push((id, texts.collect::<Result<_>>()?));
    }
    write(tx, table, &rows).await?;
    Ok(Filled { last: rows.last().map(|(id, _)| *id), count: rows.len() })
}
