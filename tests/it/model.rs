//! Lists in plain Rust: the specification that the server is compared with.
//!
//! A [`World`] holds the rows of the test as values, [`Query`] is a list as a caller asks for it, and
//! [`World::answer`] says what must come back. Nothing here knows SQL but [`store`], which puts the rows into the
//! databases, and nothing calls the server's own code: what both say is right, or wrong twice independently.
//!
//! To add a field, add a line to its table in [`schema`].

pub(crate) use answer::Expected;
pub(crate) use ask::Query;
pub(crate) use predicate::Predicate;
pub(crate) use random::Random;
pub(crate) use schema::{Column, Table};
pub(crate) use value::Value;
pub(crate) use world::World;

pub(crate) mod aggregate;
pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod body;
pub(crate) mod compare;
pub(crate) mod invent;
pub(crate) mod predicate;
pub(crate) mod random;
pub(crate) mod schema;
pub(crate) mod scope;
pub(crate) mod sort;
pub(crate) mod store;
pub(crate) mod text;
pub(crate) mod value;
pub(crate) mod wonder;
pub(crate) mod world;
