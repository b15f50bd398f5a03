//! What surrounds the handlers. [`server`](crate::server) puts these in their order and says why it is that.
//!
//! The layers are few and do several things each, because every one costs every request: the whole of them stays
//! below two microseconds, without a future of its own for any but [`observe`] (and [`limit`], where it counts).

pub mod body;
pub mod client;
pub mod compress;
pub mod cors;
pub mod gate;
pub mod limit;
pub mod observe;
pub mod panic;
pub mod request_id;

pub use client::ClientAddress;
pub use request_id::RequestId;

use uuid::Uuid;

/// The signed-in user, for the log line; an extension of the request that the extractors set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserId(pub Uuid);
