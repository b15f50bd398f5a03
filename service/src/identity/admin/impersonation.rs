//! Acting as somebody else: to see what they see. What is done then is recorded with both names.

use chrono::TimeDelta;
use entity::{
    prelude::{Session, User},
    session, user,
};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    super::{
        IdentityError,
        session::{self as sessions, CurrentSession, Device, SignedIn, is_banned},
        transact,
    },
    Permission, change,
};
use crate::{Caller, Database, Transaction, caller::Role, write};

/// How long one acts as somebody else, at most. Such a session is not extended.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Opens a session in which the caller acts as the user, who must be an ordinary one.
///
/// # Errors
/// `YouAreNotAllowedToImpersonateUsers`, `UserNotFound`, `YouCannotImpersonateAdmins`, `BannedUser`.
pub async fn impersonate(
    database: &Database,
    caller: &Caller,
    id: Uuid,
    device: &Device,
) -> Result<SignedIn, IdentityError> {
    let (caller, device) = (caller.clone(), device.clone());
    transact(database, async move |tx| {
        Permission::Impersonate.check(tx, &caller, true).await?;
        // Locked, so that the user does not become an administrator meanwhile.
        let user = change::find(tx, user::Column::Id.eq(id)).await?;
        if user.role != Role::User.to_value() {
            return Err(IdentityError::YouCannotImpersonateAdmins);
        }
        let by = caller.user_id();
        let opened = sessions::open_for(tx, &caller, user, &device, LIFETIME, by).await?;
        write::note::<User>(tx, &caller, "impersonate", &opened.user).await?;
        Ok(opened)
    })
    .await
}

/// Ends the session in which the caller acts as somebody else; the administrator's own session, to go on with.
///
/// # Errors
/// `YouAreNotImpersonatingAnyone`; `FailedToFindAdminSession` if the administrator's own session has ended meanwhile
/// or is not shown: then the other one goes on until it ends by itself.
pub async fn stop_impersonating(
    database: &Database,
    caller: &Caller,
    token: Option<&str>,
) -> Result<CurrentSession, IdentityError> {
    let caller = caller.clone();
    let hash = token.map(sessions::hash);
    transact(database, async move |tx| {
        let acting = caller.principal()?;
        let by = acting.impersonated_by.ok_or(IdentityError::YouAreNotImpersonatingAnyone)?;
        let own = own_session(tx, &caller, by, hash.as_deref()).await?;
        let own = own.ok_or(IdentityError::FailedToFindAdminSession)?;
        // Whoever ends it twice at the same moment is told so.
        if change::end(tx, session::Column::Id.eq(acting.session_id)).await? == 0 {
            return Err(IdentityError::YouAreNotImpersonatingAnyone);
        }
        let user = change::find(tx, user::Column::Id.eq(acting.id)).await?;
        write::note::<User>(tx, &caller, "stopImpersonating", &user).await?;
        Ok(own)
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "the session whose token the caller has")]
async fn own_session(
    tx: &Transaction,
    caller: &Caller,
    user_id: Uuid,
    hash: Option<&str>,
) -> Result<Option<CurrentSession>, IdentityError> {
    let Some(hash) = hash else { return Ok(None) };
    let found = Session::find()
        .find_also_related(User)
        .filter(session::Column::TokenHash.eq(hash))
        .filter(session::Column::UserId.eq(user_id))
        .filter(session::Column::ExpiresAt.gt(caller.at))
        .one(tx)
        .await?;
    Ok(found.and_then(|(session, user)| {
        let user = user.filter(|user| !is_banned(user.banned, user.ban_expires, caller.at))?;
        Some(CurrentSession { session, user, extended: false })
    }))
}
