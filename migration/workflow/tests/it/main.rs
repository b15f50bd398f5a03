//! The workflow, on SQLite and on PostgreSQL.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

mod backup;
mod catalog;
mod concurrent;
mod copy;
mod diff;
mod doctor;
mod drift;
mod entities;
mod harness;
mod help;
mod kill;
mod lint;
mod mend;
mod merge;
mod migrate;
mod migrations;
mod new;
mod plan;
mod pull;
mod rehearse;
mod reset;
mod rollback;
mod rows;
mod seed;
mod slow_statement;
mod stats;
mod status;

// The name that migrations know it by.
use workflow::schema;
