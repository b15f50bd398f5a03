//! How a password becomes another one: by who knows it, and by who reads the user's mail.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{prelude::User, user};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    IdentityError, Tools,
    account::{self, Stored},
    credential::{find_by_email, normalize},
    hex, lockout, magic_link, password, profile,
    session::{self, Device, SignedIn},
    transact,
    verification::{self, Kind},
};
use crate::{Caller, Database, Result, Transaction, mail::Message, write};

/// How long a link to set a new password is good.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Who may set a new password.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proof {
    user_id: Uuid,
    /// The address that the link was sent to.
    email: String,
    /// The hash of the hash of the password that the user had then: another link is of no use after one has been used.
    password: Option<String>,
}

async fn fingerprint(tx: &Transaction, user_id: Uuid) -> Result<Option<String>> {
    Ok(Stored::of(tx, user_id).await?.map(|stored| hex(&Sha256::digest(stored.hash))))
}

/// Whether this is the signed-in user's password.
///
/// # Errors
/// `PasswordTooLong`, `CredentialAccountNotFound`, `InvalidPassword`, `AccountTemporarilyLocked`; `Busy`.
pub async fn verify(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    given: &str,
) -> Result<(), IdentityError> {
    check(database, tools, caller, given).await.map(|_stored| ())
}

/// A session that somebody has stolen is no way to guess the password: attempts are counted as those to sign in are.
async fn check(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    given: &str,
) -> Result<Stored, IdentityError> {
    password::check_given(given)?;
    let user_id = caller.principal()?.id;
    let stored = Stored::of(database.reader(), user_id).await?;
    let stored = stored.ok_or(IdentityError::CredentialAccountNotFound)?;
    let verify = tools.hasher.verify(given, Some(&stored.hash));
    let right = lockout::guard(database, caller.at, &user_id.to_string(), verify).await?;
    if right { Ok(stored) } else { Err(IdentityError::InvalidPassword) }
}

/// Sets another password for who knows the present one. With `device` all sessions of the user end, and one begins
/// there.
///
/// # Errors
/// `PasswordTooShort`, and those of [`verify`].
pub async fn change(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    current: &str,
    new: &str,
    device: Option<&Device>,
) -> Result<Option<SignedIn>, IdentityError> {
    password::check_new(new)?;
    let stored = check(database, tools, caller, current).await?;
    let hash = tools.hasher.hash(new).await?;
    let (caller, device) = (caller.clone(), device.cloned());
    transact(database, async move |tx| {
        let user = stored.unchanged(tx).await?.ok_or(IdentityError::InvalidPassword)?;
        account::set_password(tx, &caller, &user, &hash).await?;
        write::note::<User>(tx, &caller, "changePassword", &user).await?;
        let Some(device) = &device else { return Ok(None) };
        session::end_all(tx, user.id, None).await?;
        session::open(tx, &caller, user, device, true).await.map(Some)
    })
    .await
}

/// Sends a link to set a new password to whoever has this address. Nobody learns whether somebody has.
///
/// # Errors
/// `InvalidEmail`; those of the database.
pub async fn request_reset(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    email: &str,
    callback: Option<&str>,
) -> Result<(), IdentityError> {
    let (tools, caller) = (tools.clone(), caller.clone());
    let (email, callback) = (normalize(email)?, callback.map(str::to_owned));
    transact(database, async move |tx| {
        let Some(user) = find_by_email(tx, &email).await? else { return Ok(()) };
        let password = fingerprint(tx, user.id).await?;
        let proof = Proof { user_id: user.id, email: user.email.clone(), password };
        let token = verification::issue(tx, &caller, Kind::ResetPassword, &proof, LIFETIME).await?;
        let callback = callback.as_deref().unwrap_or_default();
        let path = ["/reset-password/", token.reveal()].concat();
        let url = tools.link(&path, &[("callbackURL", callback)]);
        let message = Message::ResetPassword { name: user.name.clone(), url };
        Ok(tools.mailer.queue(tx, &caller, &user.email, &message).await?)
    })
    .await
}

/// Whether a new password can be set with this token.
///
/// # Errors
/// Those of the database.
pub async fn is_resettable(
    database: &Database,
    at: DateTime<Utc>,
    token: &str,
) -> Result<bool, IdentityError> {
    let proof = verification::peek::<Proof>(database.reader(), at, Kind::ResetPassword, token);
    Ok(proof.await?.is_ok())
}

/// Sets a new password for whom the token was sent to. All their sessions end.
///
/// # Errors
/// `PasswordTooShort`, `PasswordTooLong`, `InvalidToken`, `UserNotFound`; `Busy`.
pub async fn reset(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    token: &str,
    new: &str,
) -> Result<(), IdentityError> {
    password::check_new(new)?;
    // A hash is expensive: it is not made for who has no token.
    if !is_resettable(database, caller.at, token).await? {
        return Err(IdentityError::InvalidToken);
    }
    let hash = tools.hasher.hash(new).await?;
    let (caller, token) = (caller.clone(), token.to_owned());
    transact(database, async move |tx| {
        let proof = verification::consume::<Proof>(tx, caller.at, Kind::ResetPassword, &token);
        let proof = proof.await?.map_err(|_unproven| IdentityError::InvalidToken)?;
        let user = owner(tx, &proof).await?;
        if fingerprint(tx, user.id).await? != proof.password {
            return Err(IdentityError::InvalidToken);
        }
        // Who reads the mail has proven that the address is theirs.
        let user = magic_link::prove(tx, &caller, user).await?;
        account::set_password(tx, &caller, &user, &hash).await?;
        write::note::<User>(tx, &caller, "resetPassword", &user).await?;
        lockout::forgive(tx, &user).await?;
        session::end_all(tx, user.id, None).await?;
        Ok(())
    })
    .await
}

/// The user whom the proof is about, locked, if they still have the address.
async fn owner(tx: &Transaction, proof: &Proof) -> Result<user::Model, IdentityError> {
    let user = profile::lock_if_any(tx, proof.user_id).await?;
    user.filter(|user| user.email == proof.email).ok_or(IdentityError::UserNotFound)
}
