//! Who people are: users, their passwords, their sessions.
//!
//! Served under `/api/auth` in the words of Better Auth, whose clients and stored passwords work here. Where its ways
//! are weak and a client cannot tell, ours differ: sessions are stored as hashes, keys are unique, and what belongs
//! together is one transaction.

pub mod account;
pub mod address;
pub mod admin;
pub mod credential;
pub mod deletion;
mod error;
pub mod lockout;
pub mod magic_link;
pub mod operator;
pub mod password;
pub mod password_change;
pub mod profile;
mod provider;
pub mod seal;
pub mod session;
pub mod signature;
pub mod social;
#[cfg(test)]
mod tests;
pub mod user;
pub(crate) mod username;
pub(crate) mod verification;

use std::{cell::Cell, rc::Rc, sync::Arc};

use uuid::Uuid;

pub use self::{error::IdentityError, password::Hasher};
use crate::{Database, Error, Result, Transaction, database::Isolation, mail::Mailer};

/// What the functions of identity work with. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Writes messages.
    pub mailer: Mailer,
    /// The server's own origin, for links to it.
    pub base_url: Arc<str>,
    /// The front end's origin, for links to it.
    pub app_url: Arc<str>,
    /// Whether nobody signs in before their address is verified.
    pub verified_only: bool,
}

impl Tools {
    /// A link to a route under `/api/auth`, with these parameters.
    pub(crate) fn link(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut url = [&*self.base_url, "/api/auth", path].concat();
        for (index, (name, value)) in parameters.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.extend([*name, "=", &signature::escape(value)]);
        }
        url
    }
}

/// Runs `work` in a transaction; a refusal undoes it, as any error does.
///
/// # Errors
/// Those of `work`, and those of [`Database::write`].
pub async fn transact<T: 'static>(
    database: &Database,
    work: impl AsyncFn(&Transaction) -> Result<T, IdentityError> + 'static,
) -> Result<T, IdentityError> {
    run(database, Isolation::ReadCommitted, work).await
}

/// Runs reads that belong together: what `work` reads is of one moment.
///
/// # Errors
/// Those of `work`, and those of [`Database::read`].
pub async fn snapshot<T: 'static>(
    database: &Database,
    work: impl AsyncFn(&Transaction) -> Result<T, IdentityError> + 'static,
) -> Result<T, IdentityError> {
    run(database, Isolation::Snapshot, work).await
}

async fn run<T: 'static>(
    database: &Database,
    isolation: Isolation,
    work: impl AsyncFn(&Transaction) -> Result<T, IdentityError> + 'static,
) -> Result<T, IdentityError> {
    let refusal = Rc::new(Cell::new(None));
    let refused = Rc::clone(&refusal);
    let outcome = database
        .transaction(isolation, async move |tx| {
            work(tx).await.map_err(|error| match error {
                IdentityError::Service(error) => error,
                other => {
                    refused.set(Some(other));
                    // Any error that is not tried again: the refusal takes its place.
                    Error::Forbidden
                }
            })
        })
        .await;
    outcome.map_err(|error| refusal.take().unwrap_or_else(|| error.into()))
}

/// The key of a row that `write` does not write.
#[expect(clippy::disallowed_methods, reason = "for the rows that `write` does not write")]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
