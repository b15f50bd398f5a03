//! The server seen from outside: each test starts the real binary on a database of its own and speaks HTTP to it.
//!
//! Every test runs on SQLite and on PostgreSQL from one source and expects the same bytes of both. `harness`
//! has what a test needs; each other module is one subject. `tests/run` starts a PostgreSQL for them.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod harness;

mod access;
mod admin;
mod audit_log;
mod client;
mod concurrency;
mod copy;
mod crash;
mod disconnect;
mod docs;
mod entity;
mod equality;
mod fuzz;
mod hidden_fields;
mod http;
mod identity;
mod import;
mod index_policy;
mod input;
mod keyset;
mod list;
mod mail;
mod migration;
mod model;
mod openapi;
mod operation;
mod organization;
mod outage;
mod plans;
mod project;
mod project_member;
mod project_verb;
mod rate_limit;
mod scope;
mod search;
mod slow_statement;
mod smoke;
mod social;
mod task;
mod theme;
mod timeout;
mod transaction;
mod user_command;
mod visibility;
