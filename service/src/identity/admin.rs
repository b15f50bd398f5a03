//! What administrators do to users. Each function finds out in its own transaction whether the caller is an
//! administrator still, and is audited; what it does then is in `change`, which the command line shares.
//!
//! Only one's own ban and one's own removal are refused. An administrator may give up the role: since whoever takes it
//! from others keeps it, the last one can only do that to themselves, and `garboard user grant-admin` mends it.

pub(super) mod change;
mod impersonation;
mod list;
mod permission;
mod session;
mod update;

use chrono::TimeDelta;
use entity::{prelude::User, user};
use sea_orm::{ActiveEnum, ActiveValue::NotSet, ColumnTrait, EntityTrait, Set};
use uuid::Uuid;

pub use self::{
    impersonation::{impersonate, stop_impersonating},
    list::{
        Direction, Filter, Operator, Search, SearchField, SearchOperator, UserPage, UserQuery, list,
    },
    permission::{Permission, has_permission},
    session::{list_sessions, revoke_session, revoke_sessions},
    update::{Changes, update},
};
use super::{
    Hasher, IdentityError, account, credential, deletion, password, snapshot, transact, username,
};
use crate::{Caller, Database, Transaction, caller::Role, write};

/// What is stored as the reason of a ban for which none is given.
const NO_REASON: &str = "No reason";

/// The role that these names come to, each of which may be several with commas between them.
///
/// # Errors
/// `YouAreNotAllowedToSetNonExistentValue` for another name, and for none.
pub fn role_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Role, IdentityError> {
    let mut role = None;
    for name in names.into_iter().flat_map(|names| names.split(',')) {
        let named = Role::try_from_value(&name.to_owned())
            .map_err(|_unknown| IdentityError::YouAreNotAllowedToSetNonExistentValue)?;
        role = role.filter(|role| *role == Role::Admin).or(Some(named));
    }
    role.ok_or(IdentityError::YouAreNotAllowedToSetNonExistentValue)
}

/// Refuses whoever was no administrator when the request came, before more is said about it. Each function here asks
/// again.
///
/// # Errors
/// `Unauthenticated`; the permission's own refusal.
pub fn may(caller: &Caller, permission: Permission) -> Result<(), IdentityError> {
    if caller.principal()?.is_admin() { Ok(()) } else { Err(permission.refusal()) }
}

/// One user.
///
/// # Errors
/// `YouAreNotAllowedToGetUser`, `UserNotFound`.
pub async fn get(
    database: &Database,
    caller: &Caller,
    id: Uuid,
) -> Result<user::Model, IdentityError> {
    let caller = caller.clone();
    snapshot(database, async move |tx| {
        Permission::Get.check(tx, &caller, false).await?;
        #[expect(clippy::disallowed_methods, reason = "administrators see every user")]
        let user = User::find_by_id(id).one(tx).await?;
        user.ok_or(IdentityError::UserNotFound)
    })
    .await
}

/// Gives a user another role.
///
/// # Errors
/// `YouAreNotAllowedToChangeUsersRole`, `UserNotFound`.
pub async fn set_role(
    database: &Database,
    caller: &Caller,
    id: Uuid,
    role: Role,
) -> Result<user::Model, IdentityError> {
    let caller = caller.clone();
    transact(database, async move |tx| {
        Permission::SetRole.check(tx, &caller, true).await?;
        let user = change::find(tx, user::Column::Id.eq(id)).await?;
        Ok(change::set_role(tx, &caller, user, role).await?)
    })
    .await
}

/// A user to be created. Who has no password signs in by mail or elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Creation {
    /// What they are called.
    pub name: String,
    /// Their e-mail address; it is stored in lower case.
    pub email: String,
    /// Their password.
    pub password: Option<String>,
    /// What they may do; without it they are an ordinary user.
    pub role: Option<Role>,
    /// What else is known of them.
    pub changes: Changes,
}

/// Creates a user, without a session.
///
/// # Errors
/// `YouAreNotAllowedToCreateUsers`, `InvalidEmail`, `PasswordTooShort`, `PasswordTooLong`, those of a user name,
/// `UserAlreadyExistsUseAnotherEmail`, `UsernameIsAlreadyTaken`; `Busy`.
pub async fn create(
    database: &Database,
    hasher: &Hasher,
    caller: &Caller,
    new: &Creation,
) -> Result<user::Model, IdentityError> {
    // Nobody but administrators may make the server hash.
    may(caller, Permission::Create)?;
    let email = credential::normalize(&new.email)?;
    let given = new.password.as_deref().filter(|password| !password.is_empty());
    let hash = match given {
        Some(given) => {
            password::check_new(given)?;
            Some(hasher.hash(given).await?)
        }
        None => None,
    };
    let (caller, new) = (caller.clone(), new.clone());
    transact(database, async move |tx| {
        Permission::Create.check(tx, &caller, true).await?;
        let user = insert(tx, &caller, &new, &email).await?;
        if let Some(hash) = &hash {
            account::add_password(tx, &user, hash).await?;
        }
        Ok(user)
    })
    .await
}

async fn insert(
    tx: &Transaction,
    caller: &Caller,
    new: &Creation,
    email: &str,
) -> Result<user::Model, IdentityError> {
    let with = &new.changes;
    let [username, display_username] = [&with.username, &with.display_username]
        .map(|name| name.as_ref().and_then(Option::as_deref));
    let (username, display_username) = username::resolve(username, display_username)?;
    let row = user::ActiveModel {
        name: Set(new.name.clone()),
        email: Set(email.to_owned()),
        email_verified: Set(with.email_verified.unwrap_or_default()),
        image: Set(with.image.clone().flatten()),
        username: Set(username),
        display_username: Set(display_username),
        role: Set(new.role.unwrap_or(Role::User).to_value()),
        banned: Set(with.banned.unwrap_or_default()),
        ban_reason: Set(with.ban_reason.clone().flatten()),
        ban_expires: Set(with.ban_expires.flatten().map(|until| until.fixed_offset())),
        two_factor_enabled: Set(false),
        onboarding_complete: Set(with.onboarding_complete.unwrap_or_default()),
        payments_customer_id: Set(None),
        locale: Set(with.locale.clone().flatten()),
        id: NotSet,
        created_at: NotSet,
        updated_at: NotSet,
    };
    Ok(write::insert::<User>(tx, caller, "create", row).await?)
}

/// Bans a user for so many seconds or for good, and ends their sessions at once.
///
/// # Errors
/// `YouAreNotAllowedToBanUsers`, `UserNotFound`, `YouCannotBanYourself`.
pub async fn ban(
    database: &Database,
    caller: &Caller,
    id: Uuid,
    reason: Option<&str>,
    duration: Option<TimeDelta>,
) -> Result<user::Model, IdentityError> {
    let caller = caller.clone();
    let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or(NO_REASON).to_owned();
    // A ban that ends after time does is for good.
    let until = duration.and_then(|duration| caller.at.checked_add_signed(duration));
    transact(database, async move |tx| {
        Permission::Ban.check(tx, &caller, true).await?;
        let user = change::find(tx, user::Column::Id.eq(id)).await?;
        if caller.user_id() == Some(id) {
            return Err(IdentityError::YouCannotBanYourself);
        }
        Ok(change::ban(tx, &caller, user, Some(reason.clone()), until).await?)
    })
    .await
}

/// Lifts a ban.
///
/// # Errors
/// `YouAreNotAllowedToBanUsers`, `UserNotFound`.
pub async fn unban(
    database: &Database,
    caller: &Caller,
    id: Uuid,
) -> Result<user::Model, IdentityError> {
    let caller = caller.clone();
    transact(database, async move |tx| {
        Permission::Ban.check(tx, &caller, true).await?;
        let user = change::find(tx, user::Column::Id.eq(id)).await?;
        Ok(super::session::lift_ban(tx, &caller, user).await?)
    })
    .await
}

/// Deletes a user, and ends all sessions of and by them.
///
/// # Errors
/// `YouAreNotAllowedToDeleteUsers`, `YouCannotRemoveYourself`, `UserNotFound`, and those of the deletion.
pub async fn remove(database: &Database, caller: &Caller, id: Uuid) -> Result<(), IdentityError> {
    let caller = caller.clone();
    transact(database, async move |tx| {
        Permission::Delete.check(tx, &caller, true).await?;
        if caller.user_id() == Some(id) {
            return Err(IdentityError::YouCannotRemoveYourself);
        }
        let user = change::find(tx, user::Column::Id.eq(id)).await?;
        super::session::end_all(tx, id, None).await?;
        deletion::delete(tx, &caller, user).await
    })
    .await
}

/// Gives a user another password, and ends their sessions; of one's own, all but this one.
///
/// # Errors
/// `YouAreNotAllowedToSetUsersPassword`, `PasswordTooShort`, `PasswordTooLong`, `UserNotFound`; `Busy`.
pub async fn set_password(
    database: &Database,
    hasher: &Hasher,
    caller: &Caller,
    id: Uuid,
    given: &str,
) -> Result<(), IdentityError> {
    may(caller, Permission::SetPassword)?;
    password::check_new(given)?;
    let hash = hasher.hash(given).await?;
    let caller = caller.clone();
    transact(database, async move |tx| {
        Permission::SetPassword.check(tx, &caller, true).await?;
        let user = change::find(tx, user::Column::Id.eq(id)).await?;
        let own = caller.user.as_ref().map(|user| user.session_id);
        Ok(change::set_password(tx, &caller, &user, &hash, own).await?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_roles_the_highest_counts() {
        for (names, role) in [
            (&["user"][..], Role::User),
            (&["admin"], Role::Admin),
            (&["admin,user"], Role::Admin),
            (&["user", "admin", "user"], Role::Admin),
        ] {
            assert_eq!(role_of(names.iter().copied()).ok(), Some(role), "{names:?}");
        }
        for names in [&[][..], &[""], &[" admin"], &["Admin"], &["user", "owner"], &["user,"]] {
            assert!(role_of(names.iter().copied()).is_err(), "{names:?}");
        }
    }
}
