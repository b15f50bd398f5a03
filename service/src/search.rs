//! Full-text search.

use std::fmt;

use sea_orm::{Condition, DbBackend, sea_query::Expr};

use crate::{Error, Result, table::Table};

/// What a row must contain: at least one alternative, all of whose terms hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {}

impl Search {
    /// Reads what stands in `q`.
    ///
    /// # Errors
    /// `BadQuery` for what cannot be searched.
    pub fn parse(_: &str) -> Result<Self> {
        Err(Error::bad_query("q", "is not supported on this list"))
    }
}

impl fmt::Display for Search {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

pub(crate) fn condition(_: &Table, _: DbBackend, _: &Search) -> Condition {
    Condition::all()
}

pub(crate) fn rank(_: &Table, _: DbBackend, _: &Search) -> Expr {
    Expr::val(0)
}

pub(crate) fn highlight(_: &Search, _: &str) -> Option<String> {
    None
}
