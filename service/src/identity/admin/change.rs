//! The changes themselves, for callers who have found out that they may: what the routes of administrators and the
//! commands of operators have in common.

use chrono::{DateTime, Utc};
use entity::{
    prelude::{Session, User},
    session, user,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Set,
    sea_query::{IntoCondition, LockType},
};
use uuid::Uuid;

use super::super::{IdentityError, account, lockout, session as sessions};
use crate::{Caller, Result, Transaction, caller::Role, write};

/// The user, locked until the transaction ends.
///
/// # Errors
/// `UserNotFound`.
pub(in super::super) async fn find(
    tx: &Transaction,
    condition: impl IntoCondition,
) -> Result<user::Model, IdentityError> {
    #[expect(clippy::disallowed_methods, reason = "whoever administers users sees all of them")]
    let user = User::find().filter(condition).lock(LockType::NoKeyUpdate).one(tx).await?;
    user.ok_or(IdentityError::UserNotFound)
}

/// Makes the user an administrator, or an administrator an ordinary user. Nobody goes on acting as somebody who has
/// become an administrator, and who is none any more acts as nobody else.
///
/// # Errors
/// Those of the database.
pub(in super::super) async fn set_role(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
    role: Role,
) -> Result<user::Model> {
    if user.role == role.to_value() {
        return Ok(user);
    }
    let action = match role {
        Role::Admin => {
            let as_them = session::Column::ImpersonatedBy.is_not_null();
            let theirs = session::Column::UserId.eq(user.id);
            end(tx, Condition::all().add(theirs).add(as_them)).await?;
            "grantAdmin"
        }
        Role::User => {
            end(tx, session::Column::ImpersonatedBy.eq(user.id)).await?;
            "revokeAdmin"
        }
    };
    let change = user::ActiveModel { role: Set(role.to_value()), ..Default::default() };
    write::update::<User>(tx, caller, action, user, change).await
}

/// Bans the user until that time or for good, and ends their sessions.
///
/// # Errors
/// Those of the database.
pub(in super::super) async fn ban(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
    reason: Option<String>,
    until: Option<DateTime<Utc>>,
) -> Result<user::Model> {
    sessions::end_all(tx, user.id, None).await?;
    let change = user::ActiveModel {
        banned: Set(true),
        ban_reason: Set(reason),
        ban_expires: Set(until.map(|until| until.fixed_offset())),
        ..Default::default()
    };
    write::update::<User>(tx, caller, "ban", user, change).await
}

/// Ends the sessions that satisfy the condition; how many there were.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "sessions are not audited: why they end is")]
pub(in super::super) async fn end(tx: &Transaction, condition: impl IntoCondition) -> Result<u64> {
    Ok(Session::delete_many().filter(condition).exec(tx).await?.rows_affected)
}

/// Gives the user another password, or a first one, and ends their sessions, but for the one to `keep`, and
/// the locks on them.
///
/// # Errors
/// Those of the database.
pub(in super::super) async fn set_password(
    tx: &Transaction,
    caller: &Caller,
    user: &user::Model,
    hash: &str,
    keep: Option<Uuid>,
) -> Result<()> {
    sessions::end_all(tx, user.id, keep).await?;
    account::set_password(tx, caller, user, hash).await?;
    lockout::forgive(tx, user).await?;
    write::note::<User>(tx, caller, "setPassword", user).await
}
