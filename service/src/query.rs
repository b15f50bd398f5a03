//! Lists: from a query string to a page of rows. The grammar is in `docs/lists.md`.
//!
//! [`parse`] and [`group`] read text into a [`ListQuery`] and know no table; [`filter`](mod@filter), [`sort`](mod@sort) and [`include`](mod@include) turn
//! names and values into typed columns and parameters; [`run`] puts the SQL together and runs it in one snapshot. Nothing a caller wrote becomes SQL text: names are looked up among the declared columns, values become
//! parameters.

mod aggregate;
#[cfg(test)]
mod arbitrary;
pub mod ast;
mod body;
mod cursor;
mod draft;
mod figure;
mod filter;
mod get;
mod group;
mod include;
mod keyset;
mod parse;
mod pattern;
pub mod policy;
mod print;
mod run;
mod select;
mod sort;
mod value;

pub use aggregate::{Group, aggregate, figures, group_keys};
pub use ast::ListQuery;
pub use body::Body;
pub use cursor::{Cursors, Position};
pub use get::get;
pub(crate) use pattern::matches;
pub(crate) use run::{Part, list_part};
pub use run::{list, members};

use crate::{Error, Result};

/// The most predicates of one query.
pub const MAX_PREDICATES: usize = 50;
/// The most values of one `in` or `nin`.
pub const MAX_VALUES: usize = 100;
/// The deepest nesting of groups.
pub const MAX_DEPTH: usize = 4;
/// The most keys in `sort`.
pub const MAX_SORT_KEYS: usize = 5;
/// The most relations in `include`.
pub const MAX_INCLUDES: usize = 5;
/// The most rows on a page.
pub const MAX_LIMIT: u64 = 100;
/// The rows on a page when the caller does not say.
pub const DEFAULT_LIMIT: u64 = 10;
/// The most relations that a test may follow.
pub const MAX_PATH: usize = 2;
/// The longest pattern in characters.
pub const MAX_PATTERN: usize = 1_000;
/// How far `count=bounded` counts, and groups are counted.
pub const MAX_COUNTED: u64 = 10_000;
/// The most keys of `groupBy`.
pub const MAX_GROUP_KEYS: usize = 5;
/// The most figures of an aggregate.
pub const MAX_FIGURES: usize = 10;
/// How deep `page` reaches: page × limit.
pub const MAX_ROWS_DEEP: u64 = 10_000;
/// The longest query string in bytes.
pub const MAX_QUERY_BYTES: usize = 8 * 1024;
/// The longest body of a query in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most rows embedded of one to-many relation into one row.
pub const MAX_EMBEDDED: u64 = 100;

/// `names`, quoted and joined, for messages that say what is allowed.
fn allowed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn check_count(parameter: &str, count: usize, most: usize, what: &str) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    Err(Error::bad_query(
        parameter,
        format!("{count} {what} are too many: at most {most} are allowed"),
    ))
}
