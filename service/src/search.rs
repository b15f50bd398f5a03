//! Full-text search.

/// What a row must contain: at least one alternative, all of whose terms hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {}
