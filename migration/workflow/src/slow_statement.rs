//! Which statements of the server took long: Garboard's own record, for SQLite, which keeps none, and for a PostgreSQL
//! without `pg_stat_statements`.
//!
//! The server adds to it, and `garboard db stats` shows it. The row with an empty fingerprint is about the record itself:
//! since when there is one, and how long a statement must take to be in it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DbErr, Statement, Value,
    sea_query::{ColumnDef, Table},
};
use sha2::{Digest, Sha256};

pub use crate::catalog::SLOW_STATEMENT as TABLE;
use crate::{catalog::hexadecimal, history::has_table};

/// How many statements are kept: those that took the most time altogether.
const MOST: i64 = 1000;
/// The fingerprint of the row about the record itself.
const RECORD: &str = "";

/// What a statement took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// How often it ran.
    pub calls: i64,
    /// How long altogether.
    pub total: Duration,
    /// How long at most.
    pub max: Duration,
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Since when.
    pub since: DateTime<Utc>,
    /// From how long on a statement is slow.
    pub threshold: Duration,
    /// The statements, that which took the most altogether first.
    pub statements: Vec<SlowStatement>,
}

/// A statement that took long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowStatement {
    /// Its text, with placeholders.
    pub text: String,
    /// What it took, whenever it took long.
    pub cost: Cost,
    /// When it last did.
    pub last_seen: DateTime<Utc>,
}

impl Cost {
    /// That of a statement which ran once.
    pub fn once(elapsed: Duration) -> Self {
        Self { calls: 1, total: elapsed, max: elapsed }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            total: self.total.saturating_add(other.total),
            max: self.max.max(other.max),
        }
    }
}

/// Makes the table where it is missing, and otherwise only reads.
pub(crate) async fn install(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if has_table(db, TABLE).await? {
        return Ok(());
    }
    let mut table = Table::create();
    table.table(TABLE);
    table.col(ColumnDef::new("fingerprint").string().not_null().primary_key());
    table.col(ColumnDef::new("statement").text().not_null());
    for column in ["calls", "total_us", "max_us", "first_seen", "last_seen"] {
        table.col(ColumnDef::new(column).big_integer().not_null());
    }
    db.execute(&table).await.map(|_| ())
}

/// Adds to what is recorded: each text with what it took. Several processes may do so at once.
///
/// # Errors
/// Those of the database: also that there is no such table, or that this user may not write to it.
pub async fn add(
    db: &impl ConnectionTrait,
    threshold: Duration,
    statements: &BTreeMap<String, Cost>,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let threshold = micros(threshold).to_string();
    upsert(db, RECORD, &threshold, Cost::once(Duration::ZERO), at).await?;
    if statements.is_empty() {
        return Ok(());
    }
    // Every process goes through them in the same order, so that no two wait for each other.
    for (text, cost) in statements {
        upsert(db, &hexadecimal(&Sha256::digest(text)), text, *cost, at).await?;
    }
    let sql = format!(
        "DELETE FROM {TABLE} WHERE fingerprint IN (SELECT fingerprint FROM {TABLE}
            WHERE fingerprint <> $1 ORDER BY total_us DESC, fingerprint LIMIT 1000000 OFFSET {MOST})"
    );
    db.execute_raw(statement(db, sql, [RECORD.into()])).await.map(|_| ())
}

async fn upsert(
    db: &impl ConnectionTrait,
    fingerprint: &str,
    text: &str,
    cost: Cost,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sql = format!(
        "INSERT INTO {TABLE} AS known
            (fingerprint, statement, calls, total_us, max_us, first_seen, last_seen)
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (fingerprint) DO UPDATE SET
            statement = excluded.statement, calls = known.calls + excluded.calls,
            total_us = known.total_us + excluded.total_us,
            max_us = CASE WHEN known.max_us > excluded.max_us THEN known.max_us ELSE excluded.max_us END,
            last_seen = excluded.last_seen"
    );
    let values = [
        fingerprint.into(),
        text.into(),
        cost.calls.into(),
        micros(cost.total).into(),
        micros(cost.max).into(),
        at.timestamp().into(),
    ];
    db.execute_raw(statement(db, sql, values)).await.map(|_| ())
}

/// What is recorded, with no more statements than `limit`; nothing where no server has recorded anything yet, not even
/// that it runs.
///
/// # Errors
/// Those of the database.
pub async fn read(db: &impl ConnectionTrait, limit: u32) -> Result<Option<Record>, DbErr> {
    if !has_table(db, TABLE).await? {
        return Ok(None);
    }
    let sql = format!("SELECT statement, first_seen FROM {TABLE} WHERE fingerprint = $1");
    let Some(row) = db.query_one_raw(statement(db, sql, [RECORD.into()])).await? else {
        return Ok(None);
    };
    let threshold: String = row.try_get_by_index(0)?;
    let since = moment(row.try_get_by_index(1)?);
    let sql = format!(
        "SELECT statement, calls, total_us, max_us, last_seen FROM {TABLE}
         WHERE fingerprint <> $1 ORDER BY total_us DESC, fingerprint LIMIT {limit}"
    );
    let mut statements = Vec::new();
    for row in db.query_all_raw(statement(db, sql, [RECORD.into()])).await? {
        let calls = row.try_get_by_index(1)?;
        let [total, max] = [row.try_get_by_index(2)?, row.try_get_by_index(3)?].map(duration);
        statements.push(SlowStatement {
            text: row.try_get_by_index(0)?,
            cost: Cost { calls, total, max },
            last_seen: moment(row.try_get_by_index(4)?),
        });
    }
    let threshold = duration(threshold.parse().unwrap_or_default());
    Ok(Some(Record { since, threshold, statements }))
}

/// Forgets the statements, and begins anew.
///
/// # Errors
/// Those of the database.
pub async fn forget(db: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<(), DbErr> {
    if !has_table(db, TABLE).await? {
        return Ok(());
    }
    let sql = format!("DELETE FROM {TABLE} WHERE fingerprint <> $1");
    db.execute_raw(statement(db, sql, [RECORD.into()])).await?;
    let sql = format!("UPDATE {TABLE} SET first_seen = $1");
    db.execute_raw(statement(db, sql, [at.timestamp().into()])).await.map(|_| ())
}

fn statement<const N: usize>(
    db: &impl ConnectionTrait,
    sql: String,
    values: [Value; N],
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}
