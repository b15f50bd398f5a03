//! What the tests speak: an [`App`] is a running server, a [`Client`] somebody who calls it, an [`Answer`] what came back.
//!
//! `let app = App::start(backend).await;` costs one process and one copied database. Seven people have signed up in
//! that database: `ada`, `bob`, `cat`, `dan`, `eve`, `fay`, and `root`, who is an administrator.

pub(crate) use answer::Answer;
pub(crate) use app::{App, SECRET, settings};
pub(crate) use client::Client;
pub(crate) use database::{Backend, Database};
pub(crate) use process::command;
pub(crate) use template::PASSWORD;

mod answer;
mod app;
mod client;
mod database;
mod normalise;
pub(crate) mod process;
mod template;

/// `assert_snapshot!(value, @"…")`, met by every database alike: insta itself takes a second run of the same line for
/// a mistake.
macro_rules! assert_snapshot {
    ($value:expr, @$expected:literal) => {{
        let value = $value.to_string();
        insta::allow_duplicates! { insta::assert_snapshot!(value, @$expected) }
    }};
}
pub(crate) use assert_snapshot;
