//! The workflow, on SQLite and on PostgreSQL.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod catalog;
mod harness;
mod mend;
