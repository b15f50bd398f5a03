//! Other users' sessions.

use entity::{
    prelude::{Session, User},
    session, user,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    super::{IdentityError, session as sessions, snapshot, transact},
    Permission, change,
};
use crate::{Caller, Database, write};

/// The sessions of a user that have not expired, the newest first; none of a user who does not exist.
///
/// # Errors
/// `YouAreNotAllowedToListUsersSessions`.
pub async fn list_sessions(
    database: &Database,
    caller: &Caller,
    user_id: Uuid,
) -> Result<Vec<session::Model>, IdentityError> {
    let caller = caller.clone();
    snapshot(database, async move |tx| {
        Permission::ListSessions.check(tx, &caller, false).await?;
        #[expect(clippy::disallowed_methods, reason = "administrators see every session")]
        let sessions = Session::find()
            .filter(session::Column::UserId.eq(user_id))
            .filter(session::Column::ExpiresAt.gt(caller.at))
            .order_by_desc(session::Column::Id)
            .all(tx)
            .await?;
        Ok(sessions)
    })
    .await
}

/// Ends a session, named by its id or its token, if there is one.
///
/// # Errors
/// `YouAreNotAllowedToRevokeUsersSessions`.
pub async fn revoke_session(
    database: &Database,
    caller: &Caller,
    name: &str,
) -> Result<(), IdentityError> {
    let which = match Uuid::try_parse(name) {
        Ok(id) => session::Column::Id.eq(id),
        Err(_a_token) => session::Column::TokenHash.eq(super::super::session::hash(name)),
    };
    let caller = caller.clone();
    transact(database, async move |tx| {
        Permission::RevokeSessions.check(tx, &caller, true).await?;
        #[expect(clippy::disallowed_methods, reason = "administrators see every session")]
        let found = Session::find().find_also_related(User).filter(which.clone()).one(tx).await?;
        let Some((session, Some(user))) = found else { return Ok(()) };
        change::end(tx, session::Column::Id.eq(session.id)).await?;
        Ok(write::note::<User>(tx, &caller, "revokeSession", &user).await?)
    })
    .await
}

/// Ends all sessions of a user, if there are any.
///
/// # Errors
/// `YouAreNotAllowedToRevokeUsersSessions`.
pub async fn revoke_sessions(
    database: &Database,
    caller: &Caller,
    user_id: Uuid,
) -> Result<(), IdentityError> {
    let caller = caller.clone();
    transact(database, async move |tx| {
        Permission::RevokeSessions.check(tx, &caller, true).await?;
        match change::find(tx, user::Column::Id.eq(user_id)).await {
            Err(IdentityError::UserNotFound) => Ok(()),
            Err(error) => Err(error),
            Ok(user) => {
                sessions::end_all(tx, user_id, None).await?;
                Ok(write::note::<User>(tx, &caller, "revokeSessions", &user).await?)
            }
        }
    })
    .await
}
