//! What Garboard does, without HTTP: resources, queries, transactions, identity.
//!
//! Reading order: [`caller`] (who asks), [`database`] (where transactions begin), [`error`], then the generic
//! mechanism ([`field`], [`table`], [`scope`], [`resource`], [`write`](mod@write), [`query`]), then the domains; of
//! these read [`project`] first, it is the model for the others.

pub mod audit;
pub mod caller;
pub mod database;
pub mod error;
pub mod field;
pub mod identity;
pub mod import;
pub mod limit;
pub mod mail;
pub mod organization;
pub mod project;
pub mod query;
pub mod record;
pub mod resource;
pub mod scope;
pub mod search;
pub mod seed;
pub mod slow;
pub mod sweep;
pub mod table;
pub mod write;

pub use caller::{Caller, Principal, Role};
pub use database::{Database, Transaction};
pub use error::{Error, Result, Violation};
pub use record::{Page, Record};
pub use resource::{Audited, Resource, Right, Writable};
