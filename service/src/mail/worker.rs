//! Sending what is queued.
//!
//! A worker claims a message by putting its time off, sends it, and removes it. So a message is sent at least once: the
//! claim of a process that dies lapses, and another process takes the message. It is sent twice only if the process dies
//! between the two, or the database cannot be reached for as long as a claim lasts.

use std::{future::Future, pin::pin, rc::Rc, time::Duration};

use chrono::{DateTime, FixedOffset, TimeDelta};
use entity::{
    email::{Column, Model},
    prelude::Email,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query},
};
use tokio::{task::JoinSet, time};
use uuid::Uuid;

use super::{
    Mailer,
    transport::{Failure, Transport},
};
use crate::{Caller, Database, Result, Transaction};

/// Messages that are on their way at the same time.
const AT_ONCE: usize = 8;
/// How often the table is looked at, for messages of other processes and those whose time has come.
const POLL: Duration = Duration::from_secs(1);
/// How soon a transaction that queues a message is committed, as a rule.
const COMMIT: Duration = Duration::from_millis(20);
/// How long to wait when the database does not answer.
const OUTAGE: Duration = Duration::from_secs(10);
/// The longest that sending one message may take.
const SENDING: Duration = Duration::from_mins(2);
/// How long a claim lasts: longer than sending takes.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// How often a message is tried: for a day and a half.
const MAX_ATTEMPTS: i16 = 14;
/// The longest wait between two tries.
const MAX_WAIT: TimeDelta = TimeDelta::hours(6);

/// Sends messages. One in each process is enough; any number is right.
#[derive(Debug)]
pub struct Worker {
    database: Database,
    mailer: Mailer,
    transport: Transport,
}

impl Worker {
    /// A worker that sends what `mailer` queues, and what other processes queue in the same database.
    pub fn new(database: Database, mailer: Mailer, transport: Transport) -> Self {
        Self { database, mailer, transport }
    }

    /// Sends until `stop` is ready, and ends when the messages that are on their way have arrived or failed. Must be
    /// called on a thread with a local task set.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (worker, mut stop, mut sending) = (Rc::new(self), pin!(stop), JoinSet::new());
        loop {
            let mut pause = POLL;
            match worker.claim(AT_ONCE.saturating_sub(sending.len())).await {
                Ok(messages) => {
                    for message in messages {
                        sending.spawn_local(Rc::clone(&worker).deliver(message));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot look for messages to send");
                    pause = OUTAGE;
                }
            }
            tokio::select! {
                () = &mut stop => break,
                Some(_) = sending.join_next() => {}
                () = worker.rest(pause) => {}
            }
        }
        while sending.join_next().await.is_some() {}
    }

    async fn rest(&self, pause: Duration) {
        tokio::select! {
            () = time::sleep(pause) => {}
            () = self.mailer.queued.notified() => time::sleep(COMMIT).await,
        }
    }

    /// Takes up to `count` messages that are due, so that no other worker takes them for a while.
    async fn claim(&self, count: usize) -> Result<Vec<Model>> {
        if count == 0 || !self.is_any_due().await? {
            return Ok(Vec::new());
        }
        let now = Caller::system().at.fixed_offset();
        let count = u64::try_from(count).unwrap_or(1);
        let claim = async move |tx: &Transaction| {
            let mut due = Query::select();
            due.column(Column::Id)
                .from(Email)
                .cond_where(is_due(now))
                .order_by(Column::DueAt, Order::Asc)
                .limit(count);
            if tx.get_database_backend() == DbBackend::Postgres {
                due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            }
            // Not within the update: PostgreSQL may run a sub-query once per row, each time past the rows it has locked,
            // and so take more than the limit says.
            let due = tx.query_all(&due).await?;
            let due = due.iter().map(|row| row.try_get_by_index::<Uuid>(0));
            let due = due.collect::<std::result::Result<Vec<_>, _>>()?;
            #[expect(
                clippy::disallowed_methods,
                reason = "messages are not audited: what they tell of is"
            )]
            let claimed = Email::update_many()
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
                .col_expr(Column::DueAt, (now + LEASE).into())
                .col_expr(Column::UpdatedAt, now.into())
                .filter(Column::Id.is_in(due))
                .exec_with_returning(tx)
                .await?;
            Ok(claimed)
        };
        self.database.write(claim).await
    }

    /// One look at an index, so that nothing is locked while there is nothing to do.
    async fn is_any_due(&self) -> Result<bool> {
        let now = Caller::system().at.fixed_offset();
        let select =
            Query::select().expr(Expr::val(1)).from(Email).cond_where(is_due(now)).limit(1).take();
        Ok(self.database.reader().query_one(&select).await?.is_some())
    }

    async fn deliver(self: Rc<Self>, row: Model) {
        let (kind, id, attempts) = (row.kind.clone(), row.id, row.attempts);
        let (failure, noted) = match self.send(&row).await {
            Ok(()) => (None, self.remove(row).await),
            Err(failure) => {
                let permanent = failure.permanent || attempts >= MAX_ATTEMPTS;
                let wait = (!permanent).then(|| wait_after(attempts));
                (Some((failure.reason, wait)), self.put_off(row, wait).await)
            }
        };
        match failure {
            None => tracing::info!(kind, %id, "message sent"),
            Some((reason, Some(wait))) => {
                let minutes = wait.num_minutes();
                tracing::warn!(kind, %id, attempts, reason, minutes, "message not sent: it will be tried again");
            }
            Some((reason, None)) => {
                tracing::error!(kind, %id, attempts, reason, "message given up");
            }
        }
        if let Err(error) = noted {
            let minutes = LEASE.num_minutes();
            tracing::warn!(kind, %id, %error, minutes, "cannot note what became of a message: it will be tried again");
        }
    }

    async fn send(&self, row: &Model) -> std::result::Result<(), Failure> {
        let Some(message) = self.mailer.open(&row.sealed) else {
            let reason = "it was written with another AUTH_SECRET".to_owned();
            return Err(Failure { reason, permanent: true });
        };
        let sent = time::timeout(SENDING, self.transport.send(row, &message)).await;
        sent.unwrap_or_else(|_too_slow| {
            Err(Failure { reason: "the mail server is too slow".to_owned(), permanent: false })
        })
    }

    async fn remove(&self, row: Model) -> Result<()> {
        let remove = async move |tx: &Transaction| {
            #[expect(
                clippy::disallowed_methods,
                reason = "messages are not audited: what they tell of is"
            )]
            Email::delete_by_id(row.id).exec(tx).await?;
            Ok(())
        };
        self.database.write(remove).await
    }

    /// Tries again after a while, or never. A message that another worker has claimed since is left to it.
    async fn put_off(&self, row: Model, wait: Option<TimeDelta>) -> Result<()> {
        let now = Caller::system().at.fixed_offset();
        let put_off = async move |tx: &Transaction| {
            #[expect(
                clippy::disallowed_methods,
                reason = "messages are not audited: what they tell of is"
            )]
            Email::update_many()
                .col_expr(Column::Failed, wait.is_none().into())
                .col_expr(Column::DueAt, (now + wait.unwrap_or_default()).into())
                .col_expr(Column::UpdatedAt, now.into())
                .filter(Column::Id.eq(row.id))
                .filter(Column::Attempts.eq(row.attempts))
                .exec(tx)
                .await?;
            Ok(())
        };
        self.database.write(put_off).await
    }
}

fn is_due(now: DateTime<FixedOffset>) -> Condition {
    Condition::all().add(Column::Failed.eq(false)).add(Column::DueAt.lte(now))
}

/// One minute after the first try, and twice as long after each further one.
fn wait_after(attempts: i16) -> TimeDelta {
    let wait = TimeDelta::minutes(1 << (attempts - 1).clamp(0, 16));
    if wait < MAX_WAIT { wait } else { MAX_WAIT }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours_and_end_after_a_day_and_a_half() {
        let waits: Vec<_> = (1..MAX_ATTEMPTS).map(wait_after).collect();
        assert_eq!(waits[..3], [1, 2, 4].map(TimeDelta::minutes));
        assert_eq!(waits[9..], [MAX_WAIT; 4]);
        let all: TimeDelta = waits.iter().sum();
        assert!((32..36).contains(&all.num_hours()), "{all}");
        assert_eq!(wait_after(i16::MAX), MAX_WAIT);
    }
}
