//! E-mail addresses: that a user reads the mail of theirs, and how they get another one.
//!
//! A link is good once and for an hour, and only as long as the user still has the address that it was sent for.

use chrono::TimeDelta;
use entity::{prelude::User, user};
use sea_orm::Set;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    IdentityError, Tools,
    credential::{find_by_email, normalize},
    profile,
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
    /// Whether they had shown then that it is theirs. Once they have, what was asked for before is void: somebody else may
    /// have asked.
    verified: bool,
    /// The address that they want.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_email: Option<String>,
}

impl Proof {
    fn of(user: &user::Model, new_email: Option<String>) -> Self {
        let (email, verified) = (user.email.clone(), user.email_verified);
        Self { user_id: user.id, email, verified, new_email }
    }
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
    let proof = Proof::of(user, None);
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
    let (tools, caller, id) = (tools.clone(), caller.clone(), user.id);
    let (new_email, callback) = (normalize(new_email)?, callback.map(str::to_owned));
    transact(database, async move |tx| {
        let user = profile::lock(tx, id).await?;
        let proof = Proof::of(&user, Some(new_email.clone()));
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
    let recipient = proof.new_email.as_deref().unwrap_or(&proof.email);
    if let Some(owner) = find_by_email(tx, recipient).await? {
        let url = tools.app_url.to_string();
        let message = Message::ExistingAccount { name: owner.name, url };
        return Ok(tools.mailer.queue(tx, caller, &owner.email, &message).await?);
    }
    let url = link(tx, tools, caller, Kind::VerifyNewEmail, proof, callback).await?;
    let message = Message::VerifyNewEmail { name: user.name.clone(), url };
    Ok(tools.mailer.queue(tx, caller, recipient, &message).await?)
}

/// Does what the link with this token is for. The wish for a new address is confirmed by who is signed in as its user;
/// the address is given to them whether anybody is signed in or not, but for as another; verifying the first one signs in, unless its user is (`signed_in`).
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
            let is_theirs = match kind {
                // Programs that read mail follow links; they are nobody.
                Kind::ChangeEmail => signed_in == Some(user.id),
                Kind::VerifyNewEmail => signed_in.is_none_or(|id| id == user.id),
                _ => true,
            };
            if !is_theirs {
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

/// The user whom the proof is about, locked, if they still have the address as they had it then.
async fn owner(tx: &Transaction, proof: &Proof) -> Result<user::Model, IdentityError> {
    let user = profile::lock_if_any(tx, proof.user_id).await?;
    let same =
        |user: &user::Model| user.email == proof.email && user.email_verified == proof.verified;
    user.filter(same).ok_or(IdentityError::UserNotFound)
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
