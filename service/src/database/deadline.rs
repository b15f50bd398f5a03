//! When a statement must have ended.
//!
//! PostgreSQL watches its own clock (`statement_timeout`). SQLite has none, but asks a *progress handler* of its
//! connection, every so many steps, whether to go on. Here the handler looks at the deadline of whoever has taken the
//! connection from its pool. To install it is one round trip to the connection's thread, each time that a connection is
//! taken. Nobody tells when a statement starts, only when one has ended; so its time begins when the handler is first
//! asked about it, a thousand steps later.

use std::{
    future::Future,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection, Sqlite, SqliteConnection, pool::PoolOptions};

/// How many steps of its virtual machine SQLite makes before it asks again: about 30 µs, of which asking takes 30 ns.
const STEPS: i32 = 1000;

/// No statement has been asked about since the last one ended.
const NONE: u64 = u64::MAX;
/// A statement has been interrupted, or is to be. It stays so: with a write, SQLite undoes the whole transaction.
const OVER: u64 = 0;

tokio::task_local! {
    static DEADLINE: Deadline;
}

/// The moment at which the statement under way on a SQLite connection is interrupted. On PostgreSQL it does nothing.
#[derive(Clone, Debug)]
pub(super) struct Deadline(Arc<Clock>);

#[derive(Debug)]
struct Clock {
    start: Instant,
    longest: Duration,
    /// In microseconds after `start`; or `NONE`, or `OVER`.
    end: AtomicU64,
}

/// A statement, or a transaction, under way. If this is dropped before its end, nobody waits for it any more, and it
/// is interrupted.
#[must_use]
#[derive(Debug)]
pub(super) struct Run<'a>(&'a Deadline);

impl Deadline {
    /// A deadline for statements that may take `longest`.
    pub(super) fn new(longest: Duration) -> Self {
        Self(Arc::new(Clock { start: Instant::now(), longest, end: AtomicU64::new(NONE) }))
    }

    pub(super) fn start(&self) -> Run<'_> {
        Run(self)
    }

    /// Runs `work`, whose connections, when it takes them from their pool, have this deadline.
    pub(super) async fn over<T>(&self, work: impl Future<Output = T>) -> T {
        DEADLINE.scope(self.clone(), work).await
    }

    fn set(&self, end: u64) {
        let unless_over = |now| (now != OVER).then_some(end);
        let _ = self.0.end.fetch_update(Ordering::Relaxed, Ordering::Relaxed, unless_over);
    }

    fn is_over(&self) -> bool {
        self.0.end.load(Ordering::Relaxed) == OVER
    }

    /// Asked by SQLite, while a statement is under way.
    fn has_passed(&self) -> bool {
        let Clock { start, longest, ref end } = *self.0;
        let now = start.elapsed();
        match end.load(Ordering::Relaxed) {
            NONE => self.set(micros(now.saturating_add(longest))),
            end if end <= micros(now) => self.set(OVER),
            _ => {}
        }
        self.is_over()
    }
}

impl Run<'_> {
    /// It has ended well.
    pub(super) fn end(self) {
        self.0.set(NONE);
        mem::forget(self);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.set(OVER);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NONE)
}

/// Called when a statement has ended: the next one of the same transaction has its whole time again.
pub(super) fn next_statement() {
    // Outside of a transaction there is no next one.
    let _ = DEADLINE.try_with(|deadline| deadline.set(NONE));
}

/// Makes the connections of a pool keep deadlines.
pub(super) fn keep(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_connect(|connection, _| Box::pin(install(connection))).before_acquire(
        |connection, _| {
            Box::pin(async {
                // An interrupted write ends its transaction, which sqlx does not notice: it would take the next
                // transaction for one within the lost one.
                if connection.is_in_transaction() {
                    return Ok(false);
                }
                install(connection).await?;
                Ok(true)
            })
        },
    )
}

async fn install(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let deadline = DEADLINE.try_with(Clone::clone);
    let mut handle = connection.lock_handle().await?;
    if let Ok(deadline) = deadline {
        let of_commit = deadline.clone();
        handle.set_progress_handler(STEPS, move || !deadline.has_passed());
        // After an interrupted write, every further one would be a transaction of its own.
        handle.set_commit_hook(move || !of_commit.is_over());
    } else {
        // Those of whoever had the connection before say nothing about this use.
        handle.remove_progress_handler();
        handle.remove_commit_hook();
    }
    Ok(())
}
