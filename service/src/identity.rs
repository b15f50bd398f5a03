//! Who people are: users, their passwords, their sessions.
//!
//! Served under `/api/auth` in the words of Better Auth, whose clients and stored passwords work here. Where its ways
//! are weak and a client cannot tell, ours differ: sessions are stored as hashes, keys are unique, and what belongs
//! together is one transaction.

pub mod credential;
pub mod password;
pub mod session;
pub mod signature;
#[cfg(test)]
mod tests;
pub mod user;
mod username;

use std::{cell::Cell, rc::Rc};

use sea_orm::DbErr;
use thiserror::Error;
use uuid::Uuid;

pub use self::password::Hasher;
use crate::{Database, Error, Result, Transaction};

/// Every way in which a function of identity refuses, told apart because clients tell them apart.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// That is no e-mail address.
    #[error("this is not an e-mail address")]
    InvalidEmail,
    /// Too short for a password.
    #[error("the password is too short")]
    PasswordTooShort,
    /// Too long for a password.
    #[error("the password is too long")]
    PasswordTooLong,
    /// Too short for a user name.
    #[error("the user name is too short")]
    UsernameTooShort,
    /// Too long for a user name.
    #[error("the user name is too long")]
    UsernameTooLong,
    /// There are characters in it that a user name may not have.
    #[error("a user name has letters, digits, underscores and dots only")]
    InvalidUsername,
    /// Another user has this address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// Another user has this name.
    #[error("another user has this user name")]
    UsernameTaken,
    /// There is no such user, or the password is wrong: which of the two, is not told.
    #[error("wrong e-mail address or password")]
    WrongCredentials,
    /// The user is banned.
    #[error("the user is banned")]
    Banned,
    /// The session ended while it was being extended.
    #[error("the session has just ended")]
    SessionLost,
    /// Anything that is not particular to identity.
    #[error(transparent)]
    Service(Error),
}

impl From<Error> for IdentityError {
    fn from(error: Error) -> Self {
        match error {
            Error::Taken { field } if field == "email" => Self::EmailTaken,
            Error::Taken { field } if field == "username" => Self::UsernameTaken,
            error => Self::Service(error),
        }
    }
}

impl From<DbErr> for IdentityError {
    fn from(error: DbErr) -> Self {
        Error::from(error).into()
    }
}

/// Runs `work` in a transaction; a refusal undoes it, as any error does.
///
/// # Errors
/// Those of `work`, and those of [`Database::write`].
async fn transact<T: 'static>(
    database: &Database,
    work: impl AsyncFn(&Transaction) -> Result<T, IdentityError> + 'static,
) -> Result<T, IdentityError> {
    let refusal = Rc::new(Cell::new(None));
    let refused = Rc::clone(&refusal);
    let outcome = database
        .write(async move |tx| {
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
