//! Changing what is known of another user.

use chrono::{DateTime, Utc};
use entity::{prelude::User, user};
use sea_orm::{ColumnTrait, Set};
use uuid::Uuid;

use super::{
    super::{IdentityError, credential, transact, username},
    Permission, change,
};
use crate::{Caller, Database, Transaction, caller::Role, write};

/// What is to be changed; the outer `None` leaves it as it is, the inner one clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What they are called.
    pub name: Option<String>,
    /// Their address. Another one does not count as verified unless `email_verified` says so.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: Option<bool>,
    /// The address of a picture.
    pub image: Option<Option<String>>,
    /// The name they are found by.
    pub username: Option<Option<String>>,
    /// The same name as they write it.
    pub display_username: Option<Option<String>>,
    /// The language they prefer.
    pub locale: Option<Option<String>>,
    /// Whether they have been shown around.
    pub onboarding_complete: Option<bool>,
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they may not sign in. A ban ends their sessions.
    pub banned: Option<bool>,
    /// Why not.
    pub ban_reason: Option<Option<String>>,
    /// Until when not.
    pub ban_expires: Option<Option<DateTime<Utc>>>,
}

impl Changes {
    fn concern_a_ban(&self) -> bool {
        self.banned.is_some() || self.ban_reason.is_some() || self.ban_expires.is_some()
    }
}

/// Changes a user. A role and a ban are audited as such, beside the rest.
///
/// # Errors
/// `YouAreNotAllowedToUpdateUsers`, `YouCannotBanYourself`, `InvalidEmail`, those of a user name, `UserNotFound`,
/// `UserAlreadyExistsUseAnotherEmail`, `UsernameIsAlreadyTaken`.
pub async fn update(
    database: &Database,
    caller: &Caller,
    id: Uuid,
    changes: &Changes,
) -> Result<user::Model, IdentityError> {
    let (caller, changes) = (caller.clone(), changes.clone());
    transact(database, async move |tx| {
        // Whoever is an administrator has all the permissions that this takes.
        Permission::Update.check(tx, &caller, true).await?;
        if changes.banned == Some(true) && caller.user_id() == Some(id) {
            return Err(IdentityError::YouCannotBanYourself);
        }
        let mut rest = rest(&changes)?;
        let mut user = change::find(tx, user::Column::Id.eq(id)).await?;
        let is_new = |email: &String| *email != user.email;
        if changes.email_verified.is_none() && rest.email.try_as_ref().is_some_and(is_new) {
            rest.email_verified = Set(false);
        }
        if let Some(role) = changes.role {
            user = change::set_role(tx, &caller, user, role).await?;
        }
        if changes.concern_a_ban() {
            user = set_ban(tx, &caller, user, &changes).await?;
        }
        Ok(write::update::<User>(tx, &caller, "update", user, rest).await?)
    })
    .await
}

async fn set_ban(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
    changes: &Changes,
) -> Result<user::Model, IdentityError> {
    let reason = changes.ban_reason.clone().unwrap_or_else(|| user.ban_reason.clone());
    let until = changes.ban_expires.unwrap_or(user.ban_expires.map(|until| until.to_utc()));
    if changes.banned == Some(true) {
        return Ok(change::ban(tx, caller, user, reason, until).await?);
    }
    let change = user::ActiveModel {
        banned: Set(changes.banned.unwrap_or(user.banned)),
        ban_reason: Set(reason),
        ban_expires: Set(until.map(|until| until.fixed_offset())),
        ..Default::default()
    };
    let action = if changes.banned == Some(false) && user.banned { "unban" } else { "update" };
    Ok(write::update::<User>(tx, caller, action, user, change).await?)
}

/// What is neither a role nor a ban.
fn rest(changes: &Changes) -> Result<user::ActiveModel, IdentityError> {
    let mut row = user::ActiveModel::default();
    if let Some(name) = &changes.name {
        row.name = Set(name.clone());
    }
    if let Some(email) = &changes.email {
        row.email = Set(credential::normalize(email)?);
    }
    if let Some(verified) = changes.email_verified {
        row.email_verified = Set(verified);
    }
    if let Some(image) = &changes.image {
        row.image = Set(image.clone());
    }
    if let Some(locale) = &changes.locale {
        row.locale = Set(locale.clone());
    }
    if let Some(complete) = changes.onboarding_complete {
        row.onboarding_complete = Set(complete);
    }
    let [username, shown] = [&changes.username, &changes.display_username]
        .map(|name| name.as_ref().and_then(Option::as_deref));
    let (username, shown) = username::resolve(username, shown)?;
    if changes.username.is_some() || username.is_some() {
        row.username = Set(username);
    }
    if changes.display_username.is_some() || shown.is_some() {
        row.display_username = Set(shown);
    }
    Ok(row)
}
