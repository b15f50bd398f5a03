//! What becomes of a list that no index serves.

/// What becomes of a query that would read a large table whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexPolicy {
    /// What is done about it.
    pub action: Action,
    /// How many rows make a table large.
    pub rows: u64,
}

/// What is done about a query that no index serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing; nobody looks.
    Off,
    /// A line in the log.
    Warn,
    /// It is refused.
    Deny,
}

impl Default for IndexPolicy {
    fn default() -> Self {
        Self { action: Action::Off, rows: 50_000 }
    }
}
