//! Nobody learns through a list what they may not see: neither a column that is not declared, in any clause, nor a row
//! that is somebody else's, in any answer.

use crate::harness::{App, Backend};

mod column;
mod row;

/// The lists that take every clause.
const LISTS: [&str; 7] =
    ["project", "task", "theme", "audit_log", "organization", "member", "invitation"];

/// A server that does not log requests: there are too many.
async fn quiet(backend: Backend) -> App {
    App::start_with(backend, &[("RUST_LOG", "error")]).await
}
