//! Changes to tables that hold rows, on SQLite and on PostgreSQL.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

mod both;
#[cfg(feature = "codegen")]
mod entities;
mod harness;
mod kill;
mod refused;
mod rename;
mod sqlite;
mod together;
