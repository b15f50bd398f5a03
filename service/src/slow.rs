//! Which statements take long: collected in memory while requests are answered, and added to a table now and then, where
//! `garboard db stats` finds them.
//!
//! What is kept is the text of a statement, in which every value of a caller is a placeholder.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use migration::slow_statement::{self, Cost, TABLE};

use crate::{Caller, Database, Error, Result, database::Ran};

/// How often what was collected is added to the table.
const PERIOD: Duration = Duration::from_secs(10);
/// How many statements are kept in memory until then.
const MOST: usize = 200;
/// How much of a text is kept, in bytes; those that begin alike are then taken for one.
const LONGEST: usize = 8 << 10;

/// The slow statements of one process.
#[derive(Debug)]
pub struct SlowStatements {
    threshold: Duration,
    /// By text; nothing where they cannot be recorded.
    found: Mutex<Option<BTreeMap<String, Cost>>>,
    /// Whether the last attempt to write them down was in vain.
    failed: AtomicBool,
}

impl SlowStatements {
    /// Statements that take at least `threshold`.
    pub fn new(threshold: Duration) -> Self {
        let found = Mutex::new(Some(BTreeMap::new()));
        Self { threshold, found, failed: AtomicBool::default() }
    }

    /// Notes a statement if it took long. Called after every one: for others this is one comparison.
    pub fn note(&self, ran: Ran<'_>) {
        if ran.elapsed >= self.threshold && !ran.sql.contains(TABLE) {
            let text = ran.sql.get(..ran.sql.floor_char_boundary(LONGEST)).unwrap_or_default();
            self.add(text, Cost::once(ran.elapsed));
        }
    }

    fn add(&self, text: &str, cost: Cost) {
        let mut found = self.found();
        let Some(found) = found.as_mut() else { return };
        if let Some(known) = found.get_mut(text) {
            *known = known.and(cost);
            return;
        }
        if found.len() >= MOST {
            let cheapest = found.iter().min_by_key(|(_, cost)| cost.total);
            let cheapest = cheapest.map(|(text, _)| text.clone()).unwrap_or_default();
            found.remove(&cheapest);
        }
        found.insert(text.to_owned(), cost);
    }

    fn found(&self) -> MutexGuard<'_, Option<BTreeMap<String, Cost>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records now and then, forever; nothing, where there is no table, or this user may not write to it. Must be called
    /// on a thread with a local task set.
    pub async fn record(&self, database: &Database) -> Infallible {
        while let Err(error) = self.write(database, Arc::default()).await {
            if !matches!(error, Error::Busy { .. }) {
                tracing::debug!(
                    ?error,
                    "slow statements are not recorded: `garboard db migrate` makes the table {TABLE}, which the \
                     server's user must be allowed to read and to write"
                );
                *self.found() = None;
                return pending().await;
            }
            tokio::time::sleep(PERIOD).await;
        }
        loop {
            tokio::time::sleep(PERIOD).await;
            self.flush(database).await;
        }
    }

    /// Adds to the table what has been collected, and collects anew. A failure is logged when it is the first in a row.
    pub async fn flush(&self, database: &Database) {
        let Some(found) = self.found().as_mut().map(std::mem::take).map(Arc::new) else { return };
        if found.is_empty() {
            return;
        }
        let written = self.write(database, Arc::clone(&found)).await;
        let failed_before = self.failed.swap(written.is_err(), Ordering::Relaxed);
        if let Err(error) = written {
            if !failed_before {
                tracing::warn!(
                    ?error,
                    "slow statements cannot be recorded; it will be tried again"
                );
            }
            for (text, cost) in &*found {
                self.add(text, *cost);
            }
        }
    }

    async fn write(&self, database: &Database, found: Arc<BTreeMap<String, Cost>>) -> Result<()> {
        let (threshold, at) = (self.threshold, Caller::system().at);
        let add = async move |tx: &_| Ok(slow_statement::add(tx, threshold, &found, at).await?);
        database.write(add).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(sql: &str, millis: u64) -> Ran<'_> {
        Ran { sql, elapsed: Duration::from_millis(millis), failed: false }
    }

    fn found(slow: &SlowStatements) -> BTreeMap<String, Cost> {
        slow.found().clone().unwrap_or_default()
    }

    #[test]
    fn equal_texts_add_up() {
        let slow = SlowStatements::new(Duration::from_millis(10));
        for millis in [9, 10, 30, 20] {
            slow.note(ran("SELECT $1", millis));
        }
        slow.note(ran("SELECT $2", 9));

        let [total, max] = [60, 30].map(Duration::from_millis);
        assert_eq!(
            found(&slow),
            BTreeMap::from([("SELECT $1".to_owned(), Cost { calls: 3, total, max })])
        );
    }

    #[test]
    fn nothing_is_kept_that_cannot_be_written_down() {
        let slow = SlowStatements::new(Duration::ZERO);
        *slow.found() = None;
        slow.note(ran("SELECT $1", 10));
        assert_eq!(*slow.found(), None);
    }

    #[test]
    fn of_too_many_the_cheapest_goes() {
        let slow = SlowStatements::new(Duration::ZERO);
        let texts: Vec<_> = (0..=MOST).map(|number| format!("SELECT {number:03}")).collect();
        for (text, millis) in texts.iter().zip(1000..) {
            slow.note(ran(text, if text.ends_with("007") { 1 } else { millis }));
        }

        let found = found(&slow);
        assert_eq!(found.len(), MOST);
        assert!(!found.contains_key("SELECT 007") && found.contains_key("SELECT 200"));
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let slow = SlowStatements::new(Duration::ZERO);
        let text = "é".repeat(LONGEST);
        slow.note(ran(&format!("x{text}"), 1));
        slow.note(ran(&format!("x{text}y"), 1));

        let found = found(&slow);
        let (text, cost) = found.first_key_value().expect("it is kept");
        assert_eq!((text.len(), cost.calls, found.len()), (LONGEST - 1, 2, 1));
    }

    #[test]
    fn what_records_is_not_recorded() {
        let slow = SlowStatements::new(Duration::ZERO);
        slow.note(ran(&format!("INSERT INTO {TABLE} VALUES ($1)"), 10));
        assert!(found(&slow).is_empty());
    }
}
