//! The SQL that turns what a database has into what it should have.
//!
//! It is for people to read and run: one script, in an order in which it runs. What it destroys is said at each statement.

mod postgres;
mod sqlite;

use std::fmt;

use sea_orm::DbBackend;
use serde::Serialize;

use crate::catalog::Catalog;

/// One statement of the script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The statement, without a semicolon behind it.
    pub sql: String,
    /// What is lost by it: `the column task.title`.
    pub destroys: Option<String>,
}

impl Step {
    fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), destroys: None }
    }

    fn destroying(sql: impl Into<String>, what: impl Into<String>) -> Self {
        Self { sql: sql.into(), destroys: Some(what.into()) }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(what) = &self.destroys {
            writeln!(f, "-- DESTROYS {what}")?;
        }
        write!(f, "{};", self.sql.trim_end().trim_end_matches(';'))
    }
}

/// The script after which a database that is as `actual` is as `expected`; both are of this kind. Empty if it is so already.
///
/// It opens and commits a transaction of its own, so each statement is run by itself, over one connection.
pub fn mend(backend: DbBackend, expected: &Catalog, actual: &Catalog) -> Vec<Step> {
    match backend {
        DbBackend::Sqlite => sqlite::mend(expected, actual),
        _ => postgres::mend(expected, actual),
    }
}
