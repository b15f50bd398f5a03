//! Signing in without a password: by a link that is sent to one's address.

use chrono::TimeDelta;
use entity::{
    account,
    prelude::{Account, User},
    user,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::{
    IdentityError, Tools,
    address::set_verified,
    credential::{self, NewUser, find_by_email, normalize},
    profile,
    session::{self, Device, SignedIn},
    transact,
    verification::{self, Kind},
};
use crate::{Caller, Database, Transaction, mail::Message, write};

/// How long a link is good.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// Who wants a link, and where it shall lead.
#[derive(Clone, Debug)]
pub struct MagicLink {
    /// Where it is sent.
    pub email: String,
    /// What they shall be called, if they are new.
    pub name: Option<String>,
    /// Where to go on to.
    pub callback: Option<String>,
    /// Where to go on to who is new.
    pub new_user_callback: Option<String>,
    /// Where to go on to if something is wrong.
    pub error_callback: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proof {
    email: String,
    name: String,
}

/// Sends a link that signs its reader in, whether there is such a user yet or not.
///
/// # Errors
/// `InvalidEmail`; those of the database.
pub async fn request(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    link: &MagicLink,
) -> Result<(), IdentityError> {
    let (tools, caller, link) = (tools.clone(), caller.clone(), link.clone());
    let email = normalize(&link.email)?;
    transact(database, async move |tx| {
        let proof = Proof { email: email.clone(), name: link.name.clone().unwrap_or_default() };
        let token = verification::issue(tx, &caller, Kind::MagicLink, &proof, LIFETIME).await?;
        let callback = link.callback.as_deref().filter(|url| !url.is_empty()).unwrap_or("/");
        let mut parameters = vec![("token", token.reveal()), ("callbackURL", callback)];
        parameters.extend(link.new_user_callback.as_deref().map(|url| ("newUserCallbackURL", url)));
        parameters.extend(link.error_callback.as_deref().map(|url| ("errorCallbackURL", url)));
        let message = Message::MagicLink { url: tools.link("/magic-link/verify", &parameters) };
        Ok(tools.mailer.queue(tx, &caller, &email, &message).await?)
    })
    .await
}

/// Opens a session for who followed a link, and creates their user if there is none; `true` if so.
///
/// # Errors
/// `InvalidToken`, `BannedUser`.
pub async fn redeem(
    database: &Database,
    caller: &Caller,
    device: &Device,
    token: &str,
) -> Result<(SignedIn, bool), IdentityError> {
    let (caller, device, token) = (caller.clone(), device.clone(), token.to_owned());
    transact(database, async move |tx| {
        let proof = verification::consume::<Proof>(tx, caller.at, Kind::MagicLink, &token).await?;
        let proof = proof.map_err(|_unproven| IdentityError::InvalidToken)?;
        let found = find_by_email(tx, &proof.email).await?;
        let is_new = found.is_none();
        let user = if let Some(user) = found {
            prove(tx, &caller, user).await?
        } else {
            let new = NewUser::without_password(proof.name, &proof.email, true, None)?;
            credential::create_user(tx, &caller, &new).await?
        };
        Ok((session::open(tx, &caller, user, &device, true).await?, is_new))
    })
    .await
}

/// The user, of whom it is now known that they read the mail of their address. What was set up before, somebody else may
/// have set up: it no longer signs in (GHSA-qq9h-g4jm-xgf3).
pub(super) async fn prove(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
) -> Result<user::Model, IdentityError> {
    let email = user.email;
    let user = profile::lock(tx, user.id).await?;
    if user.email != email {
        return Err(IdentityError::InvalidToken);
    }
    if user.email_verified {
        return Ok(user);
    }
    #[expect(clippy::disallowed_methods, reason = "audited as what it is done for")]
    let removed =
        Account::delete_many().filter(account::Column::UserId.eq(user.id)).exec(tx).await?;
    if removed.rows_affected > 0 {
        write::note::<User>(tx, caller, "revokeUnprovenAccess", &user).await?;
    }
    session::end_all(tx, user.id, None).await?;
    set_verified(tx, caller, user).await
}
