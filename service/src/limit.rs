//! How often something may be tried, counted by all processes together: each count is one statement that decides and
//! writes at once, so requests at the same moment cannot pass on the same allowance (GHSA-44jh-23m7-hpcf).
//!
//! There are two ways to count. [`take`] gives back little by little (GCRA): a burst, then a steady rate. [`attempt`]
//! counts what fails in a row, and locks for a while when there was too much of it.
//!
//! Time is the caller's. Processes whose clocks differ count the same rows; a clock that is ahead makes others wait by
//! as much.

use std::{num::NonZeroU32, time::Duration};

use chrono::{DateTime, Utc};
use entity::{
    prelude::RateLimit,
    rate_limit::{self, Column},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use crate::{Database, Result, Transaction, identity::new_id};

/// What is allowed: so many at once, and as many again spread over each window.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// How many.
    pub requests: NonZeroU32,
    /// In how long.
    pub window: Duration,
}

impl Quota {
    /// The microseconds after which one more is allowed.
    fn step(self) -> i64 {
        Ord::max(micros(self.window / self.requests.get()), 1)
    }
}

/// Whether something may be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may, and it is counted.
    Allowed {
        /// How many more.
        remaining: u32,
        /// When the allowance is whole again.
        reset: Duration,
    },
    /// It may not, and nothing was counted.
    Refused {
        /// When to come back.
        wait: Duration,
    },
}

/// Counts one more of what `key` stands for, unless that exceeds the quota.
///
/// # Errors
/// Those of the database.
pub async fn take(
    database: &Database,
    at: DateTime<Utc>,
    key: &str,
    quota: Quota,
) -> Result<Outcome> {
    let key = key.to_owned();
    let now = at.timestamp_micros();
    let step = quota.step();
    // What the steps make together; the last fractions of a microsecond are lost.
    let window = step.saturating_mul(quota.requests.get().into());
    let full_at = || Expr::col((RateLimit, Column::FullAt));
    let action = OnConflict::column(Column::Key)
        .value(
            Column::FullAt,
            Expr::case(full_at().gt(now), full_at().add(step)).finally(now.saturating_add(step)),
        )
        .value(Column::UpdatedAt, at.fixed_offset())
        .action_and_where(full_at().lte(now.saturating_add(window - step)))
        .to_owned();
    database
        .write(async move |tx| {
            let first = (0, now.saturating_add(step));
            if let Some(row) = upsert(tx, at, &key, first, &action).await? {
                let ahead = row.full_at.saturating_sub(now);
                let remaining = window.saturating_sub(ahead) / step;
                let remaining = u32::try_from(remaining).unwrap_or_default();
                return Ok(Outcome::Allowed { remaining, reset: duration(ahead) });
            }
            let ahead = full_at_of(tx, &key).await?.saturating_sub(now);
            Ok(Outcome::Refused { wait: duration(ahead.saturating_sub(window - step)) })
        })
        .await
}

/// What may fail: so many times in a row, and then nothing is tried for a while.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How many attempts.
    pub attempts: i16,
    /// How long none is let through after the last of them; and after how long without any they are forgotten.
    pub pause: Duration,
}

/// Counts one more attempt at what `key` stands for, unless there were too many. What is refused is not counted, so
/// it does not make the wait longer.
///
/// # Errors
/// Those of the database.
pub async fn attempt(
    database: &Database,
    at: DateTime<Utc>,
    key: &str,
    patience: Patience,
) -> Result<Outcome> {
    let key = key.to_owned();
    let now = at.timestamp_micros();
    let end = now.saturating_add(micros(patience.pause));
    let column = |column| Expr::col((RateLimit, column));
    let action = OnConflict::column(Column::Key)
        .value(
            Column::Attempts,
            Expr::case(column(Column::FullAt).gt(now), column(Column::Attempts).add(1_i16))
                .finally(1_i16),
        )
        .value(Column::FullAt, end)
        .value(Column::UpdatedAt, at.fixed_offset())
        .action_and_where(
            column(Column::FullAt).lte(now).or(column(Column::Attempts).lt(patience.attempts)),
        )
        .to_owned();
    database
        .write(async move |tx| {
            if let Some(row) = upsert(tx, at, &key, (1, end), &action).await? {
                let remaining = u32::try_from(patience.attempts - row.attempts).unwrap_or_default();
                return Ok(Outcome::Allowed { remaining, reset: patience.pause });
            }
            let ahead = full_at_of(tx, &key).await?.saturating_sub(now);
            Ok(Outcome::Refused { wait: duration(ahead) })
        })
        .await
}

/// Takes back one attempt of which nobody knows how it would have ended.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "counts are not audited")]
pub async fn give_back(tx: &Transaction, key: &str) -> Result<()> {
    RateLimit::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1_i16))
        .filter(Column::Key.eq(key))
        .filter(Column::Attempts.gt(0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets all that was counted of what `key` stands for.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "counts are not audited")]
pub async fn forget(tx: &Transaction, key: &str) -> Result<()> {
    RateLimit::delete_many().filter(Column::Key.eq(key)).exec(tx).await?;
    Ok(())
}

/// The one statement: writes the row as it is the first time, or what `action` makes of the one there is, if that
/// allows it. Refused, nothing is written, and no row comes back.
#[expect(clippy::disallowed_methods, reason = "counts are not audited")]
async fn upsert(
    tx: &Transaction,
    at: DateTime<Utc>,
    key: &str,
    (attempts, full_at): (i16, i64),
    action: &OnConflict,
) -> Result<Option<rate_limit::Model>> {
    let row = rate_limit::Model {
        id: new_id(),
        key: key.to_owned(),
        attempts,
        full_at,
        created_at: at.fixed_offset(),
        updated_at: at.fixed_offset(),
    };
    let insert = RateLimit::insert(row.into_active_model().reset_all());
    Ok(insert.on_conflict(action.clone()).exec_with_returning_many(tx).await?.pop())
}

#[expect(clippy::disallowed_methods, reason = "a count is nobody's resource")]
async fn full_at_of(tx: &Transaction, key: &str) -> Result<i64> {
    let found = RateLimit::find()
        .select_only()
        .column(Column::FullAt)
        .filter(Column::Key.eq(key))
        .into_tuple::<i64>()
        .one(tx)
        .await?;
    // Swept since: its time has come.
    Ok(found.unwrap_or_default())
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
