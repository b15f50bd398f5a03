//! For how long others are waited for.

use std::{fmt, str::FromStr, time::Duration};

use clap::Args;

use crate::connection::WAIT;

/// For how long a command that changes the schema waits for others.
#[derive(Clone, Copy, Debug, Args)]
pub struct Patience {
    /// Seconds to wait for a lock before letting others pass; 0 waits on.
    ///
    /// A statement that waits for a table makes everybody who comes after it wait as well, behind one long reader. So a
    /// migration gives up after this time, is rolled back, pauses, and is tried again. On SQLite this is the time to wait
    /// for another writer.
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().lock_timeout)]
    pub lock_timeout: Seconds,
    /// Seconds that one statement may run on PostgreSQL; 0 is no limit.
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().statement_timeout)]
    pub statement_timeout: Seconds,
    /// How often a migration that did not get its locks is tried, with ever longer pauses.
    #[arg(long, value_name = "N", default_value_t = Self::default().attempts)]
    pub attempts: u32,
    /// Seconds to wait for another process that migrates this database.
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().wait)]
    pub wait: Seconds,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lock_timeout: Seconds(Duration::from_secs(4)),
            statement_timeout: Seconds(Duration::from_hours(1)),
            attempts: 10,
            wait: Seconds(WAIT),
        }
    }
}

impl Patience {
    /// How long to let others pass after an attempt, the first being number 1.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let first = (self.lock_timeout.0 / 4).max(Duration::from_millis(50));
        first.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(Duration::from_secs(30))
    }
}

/// A length of time, written in seconds: `4`, `0.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_secs_f64().fmt(f)
    }
}

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds =
            text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        seconds.map(Self).ok_or("expected a number of seconds, such as 4 or 0.5")
    }
}
