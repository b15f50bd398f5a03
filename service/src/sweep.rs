//! Rows that mean nothing any more. Nobody reads them, so nothing depends on when they go, or on how many processes
//! sweep at once.

use std::{convert::Infallible, ops::Range, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    prelude::{RateLimit, Session, Verification},
    rate_limit, session, verification,
};
use rand::RngExt;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, Query},
};

use crate::{Caller, Database, Result};

/// How many rows go in one transaction: few enough that nobody waits for it.
const BATCH: u64 = 500;
/// How long a proof that has expired is told from one that never was.
const EXPIRED_PROOF: TimeDelta = TimeDelta::days(1);
/// How long between two sweeps, in seconds: never the same, so that processes which started together drift apart.
const PAUSE: Range<u64> = 480..720;

/// Sweeps now and then, forever.
pub async fn sweep_regularly(database: Database) -> Infallible {
    loop {
        let pause = rand::rng().random_range(PAUSE);
        tokio::time::sleep(Duration::from_secs(pause)).await;
        match sweep(&database, Caller::system().at).await {
            Ok(rows) => tracing::debug!(rows, "swept"),
            Err(error) => tracing::warn!(%error, "nothing was swept; it will be tried again"),
        }
    }
}

/// Deletes counts whose allowance is whole, sessions that have expired, and proofs that expired a day ago; gives how
/// many rows that were.
///
/// # Errors
/// Those of the database.
pub async fn sweep(database: &Database, at: DateTime<Utc>) -> Result<u64> {
    let now = at.fixed_offset();
    let counts = rate_limit::Column::FullAt.lte(at.timestamp_micros());
    let sessions = session::Column::ExpiresAt.lte(now);
    let proofs = verification::Column::ExpiresAt.lte(now - EXPIRED_PROOF);
    Ok(delete::<RateLimit>(database, rate_limit::Column::Id, counts).await?
        + delete::<Session>(database, session::Column::Id, sessions).await?
        + delete::<Verification>(database, verification::Column::Id, proofs).await?)
}

#[expect(clippy::disallowed_methods, reason = "rows that expire are not audited")]
async fn delete<E: EntityTrait>(database: &Database, id: E::Column, past: Expr) -> Result<u64> {
    let mut all = 0;
    loop {
        let past = past.clone();
        let deleted = database
            .write(async move |tx| {
                let mut some = Query::select();
                some.column(id).from(E::default()).and_where(past.clone()).limit(BATCH);
                // Asked again of each row: one that was found may have been renewed before it is deleted.
                let rows = E::delete_many().filter(id.in_subquery(some)).filter(past.clone());
                Ok(rows.exec(tx).await?.rows_affected)
            })
            .await?;
        all += deleted;
        if deleted < BATCH {
            return Ok(all);
        }
    }
}
