//! The lock on an account after wrong passwords: at most ten are looked at in a row, from wherever they come, and then
//! none for a quarter of an hour, not even the right one.
//!
//! What is locked is the e-mail address or the user name, as somebody has typed it, whether there is such a user or not,
//! and one does not lock the other: a lock tells nobody who has an account, or whose. Stored is the hash of the text.

use std::{future::Future, time::Duration};

use chrono::{DateTime, Utc};
use entity::user;
use sha2::{Digest, Sha256};

use super::{IdentityError, hex};
use crate::{
    Database, Result, Transaction,
    limit::{self, Outcome, Patience},
};

const PATIENCE: Patience = Patience { attempts: 10, pause: Duration::from_mins(15) };

/// Finds out with `verify` whether a password is right, unless there were too many wrong ones in a row. The attempt is
/// counted before it is made, so that attempts at the same moment are no way around; a right password clears the count.
///
/// `login` is the e-mail address or the user name, or the id of who is signed in. No text is two of them.
///
/// # Errors
/// `AccountTemporarilyLocked`; those of `verify`, and then the attempt does not count.
pub async fn guard(
    database: &Database,
    at: DateTime<Utc>,
    login: &str,
    verify: impl Future<Output = Result<bool>>,
) -> Result<bool, IdentityError> {
    let key = key(login);
    if let Outcome::Refused { wait } = limit::attempt(database, at, &key, PATIENCE).await? {
        let retry_after = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        return Err(IdentityError::AccountTemporarilyLocked { retry_after });
    }
    let right = verify.await;
    match right {
        Ok(false) => {}
        Ok(true) => database.write(async move |tx| limit::forget(tx, &key).await).await?,
        Err(_) => database.write(async move |tx| limit::give_back(tx, &key).await).await?,
    }
    Ok(right?)
}

/// Ends the locks on a user, and forgets the wrong passwords: for who has shown otherwise that the account is theirs.
///
/// # Errors
/// Those of the database.
pub async fn forgive(tx: &Transaction, user: &user::Model) -> Result<()> {
    let logins = [Some(user.id.to_string()), Some(user.email.clone()), user.username.clone()];
    for login in logins.into_iter().flatten() {
        limit::forget(tx, &key(&login)).await?;
    }
    Ok(())
}

fn key(login: &str) -> String {
    ["password:", &hex(&Sha256::digest(login.to_lowercase()))].concat()
}
