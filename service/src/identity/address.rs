//! E-mail addresses: that a user reads the mail of theirs, and how they get another one.
//!
//! A link is good once and for an hour, and only as long as the user still has the address that it was sent for.

use chrono::TimeDelta;
use entity::{prelude::User, user};
use sea_orm::{EntityTrait, QuerySelect, Set, sea_query::LockType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    IdentityError, Tools,
    credential::{find_by_email, normalize},
    session::{self, Device, SignedIn},
    transact,
    verification::{self, Kind, Unproven},
};
use crate::{Caller, Database, Transaction, mail::Message, write};

/// How long a link is good.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// What a link about an address proves.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proof {
    user_id: Uuid,
    /// The address that the user had when the link was sent.
    email: String,
    /// The address that they want.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_email: Option<String>,
}

/// What following a link has done.
#[derive(Clone, Debug)]
pub enum Verified {
    /// The address is verified now.
    Address(Option<Box<SignedIn>>),
    /// The wish for another address is confirmed; a link has been sent there.
    Confirmed,
    /// The user has another address now, which is verified.
    Changed(Box<user::Model>),
}

/// Sends a user a link that verifies their address.
///
/// # Errors
/// Those of the database.
pub(super) async fn send_verification(
    tx: &Transaction,
    tools: &Tools,
    caller: &Caller,
    user: &user::Model,
    callback: Option<&str>,
) -> Result<(), IdentityError> {
    let proof = Proof { user_id: user.id, email: user.email.clone(), new_email: None };
    let url = link(tx, tools, caller, Kind::VerifyEmail, &proof, callback).await?;
    let message = Message::VerifyEmail { name: user.name.clone(), url };
    Ok(tools.mailer.queue(tx, caller, &user.email, &message).await?)
}

async fn link(
    tx: &Transaction,
    tools: &Tools,
    caller: &Caller,
    kind: Kind,
    proof: &Proof,
    callback: Option<&str>,
) -> Result<String, IdentityError> {
    let token = verification::issue(tx, caller, kind, proof, LIFETIME).await?;
    let callback = callback.filter(|url| !url.is_empty()).unwrap_or("/");
    Ok(tools.link("/verify-email", &[("token", token.reveal()), ("callbackURL", callback)]))
}

/// Sends a link to whoever has this address and has not verified it. Nobody learns whether somebody has.
///
/// # Errors
/// Those of the database.
pub async fn request_verification(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    email: &str,
    callback: Option<&str>,
) -> Result<(), IdentityError> {
    let (tools, caller) = (tools.clone(), caller.clone());
    let (email, callback) = (normalize(email)?, callback.map(str::to_owned));
    transact(database, async move |tx| match find_by_email(tx, &email).await? {
        Some(user) if !user.email_verified => {
            send_verification(tx, &tools, &caller, &user, callback.as_deref()).await
        }
        _ => Ok(()),
    })
    .await
}

/// Begins to give the signed-in user another address. Who has verified the old one confirms there that they want it.
/// Nobody learns whether the new one is taken.
///
/// # Errors
/// `InvalidEmail`; those of the database.
pub async fn request_change(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    user: &user::Model,
    new_email: &str,
    callback: Option<&str>,
) -> Result<(), IdentityError> {
    let (tools, caller, user) = (tools.clone(), caller.clone(), user.clone());
    let (new_email, callback) = (normalize(new_email)?, callback.map(str::to_owned));
    transact(database, async move |tx| {
        if find_by_email(tx, &new_email).await?.is_some() {
            return Ok(());
        }
        let proof = Proof {
            user_id: user.id,
            email: user.email.clone(),
            new_email: Some(new_email.clone()),
        };
        if !user.email_verified {
            return send_to_new(tx, &tools, &caller, &user, &proof, callback.as_deref()).await;
        }
        let url = link(tx, &tools, &caller, Kind::ChangeEmail, &proof, callback.as_deref()).await?;
        let message =
            Message::ChangeEmail { name: user.name.clone(), new_email: new_email.clone(), url };
        Ok(tools.mailer.queue(tx, &caller, &user.email, &message).await?)
    })
    .await
}

async fn send_to_new(
    tx: &Transaction,
    tools: &Tools,
    caller: &Caller,
    user: &user::Model,
    proof: &Proof,
    callback: Option<&str>,
) -> Result<(), IdentityError> {
    let url = link(tx, tools, caller, Kind::VerifyNewEmail, proof, callback).await?;
    let message = Message::VerifyNewEmail { name: user.name.clone(), url };
    let recipient = proof.new_email.as_deref().unwrap_or(&proof.email);
    Ok(tools.mailer.queue(tx, caller, recipient, &message).await?)
}

/// Does what the link with this token is for. A new address is given to who is signed in as its user or as nobody;
/// verifying the first one signs in, unless its user is (`signed_in`).
///
/// # Errors
/// `InvalidToken`, `TokenExpired`, `UserNotFound`, `InvalidUser`, `UserAlreadyExistsUseAnotherEmail`, `BannedUser`.
pub async fn verify(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    device: &Device,
    signed_in: Option<Uuid>,
    token: &str,
    callback: Option<&str>,
) -> Result<Verified, IdentityError> {
    let (tools, caller, device) = (tools.clone(), caller.clone(), device.clone());
    let (token, callback) = (token.to_owned(), callback.map(str::to_owned));
    transact(database, async move |tx| {
        for kind in [Kind::VerifyEmail, Kind::ChangeEmail, Kind::VerifyNewEmail] {
            let proof: Proof = match verification::consume(tx, caller.at, kind, &token).await? {
                Ok(proof) => proof,
                Err(Unproven::Unknown) => continue,
                Err(expired) => return Err(expired.into()),
            };
            let user = owner(tx, &proof).await?;
            if kind != Kind::VerifyEmail && signed_in.is_some_and(|id| id != user.id) {
                return Err(IdentityError::InvalidUser);
            }
            return match kind {
                Kind::ChangeEmail => {
                    send_to_new(tx, &tools, &caller, &user, &proof, callback.as_deref()).await?;
                    Ok(Verified::Confirmed)
                }
                Kind::VerifyNewEmail => change(tx, &caller, user, proof).await,
                _ => confirm(tx, &caller, &device, signed_in, user).await,
            };
        }
        Err(IdentityError::InvalidToken)
    })
    .await
}

/// The user whom the proof is about, locked, if they still have the address.
#[expect(clippy::disallowed_methods, reason = "who has the token reads the user's mail")]
async fn owner(tx: &Transaction, proof: &Proof) -> Result<user::Model, IdentityError> {
    let user = User::find_by_id(proof.user_id).lock(LockType::NoKeyUpdate).one(tx).await?;
    user.filter(|user| user.email == proof.email).ok_or(IdentityError::UserNotFound)
}

async fn change(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
    proof: Proof,
) -> Result<Verified, IdentityError> {
    let changes = user::ActiveModel {
        email: Set(proof.new_email.unwrap_or(proof.email)),
        email_verified: Set(true),
        ..Default::default()
    };
    let user = write::update::<User>(tx, caller, "changeEmail", user, changes).await?;
    Ok(Verified::Changed(Box::new(user)))
}

async fn confirm(
    tx: &Transaction,
    caller: &Caller,
    device: &Device,
    signed_in: Option<Uuid>,
    user: user::Model,
) -> Result<Verified, IdentityError> {
    let user = set_verified(tx, caller, user).await?;
    if signed_in == Some(user.id) {
        return Ok(Verified::Address(None));
    }
    let opened = session::open(tx, caller, user, device, true).await?;
    Ok(Verified::Address(Some(Box::new(opened))))
}

/// Notes that the user reads the mail of their address.
pub(super) async fn set_verified(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
) -> Result<user::Model, IdentityError> {
    let changes = user::ActiveModel { email_verified: Set(true), ..Default::default() };
    Ok(write::update::<User>(tx, caller, "verifyEmail", user, changes).await?)
}
