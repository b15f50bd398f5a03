//! What the command line does to users. Whoever can run it on this database may do all of it: nothing is checked, and
//! everything is audited, without a name.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use entity::{
    account, member, organization,
    prelude::{Account, Organization, Session, User},
    session, user,
};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};
use uuid::Uuid;

use super::{
    Hasher, IdentityError, admin::change, password, session::lift_ban, snapshot, transact,
};
use crate::{Caller, Database, Result, caller::Role};

/// How many users are read at a time.
const PAGE: u64 = 500;

/// The users after one of them, the oldest first; none when there are no more.
///
/// # Errors
/// Those of the database.
pub async fn list(database: &Database, after: Option<Uuid>) -> Result<Vec<user::Model>> {
    #[expect(clippy::disallowed_methods, reason = "operators see every user")]
    let mut find = User::find().order_by_asc(user::Column::Id).limit(PAGE);
    if let Some(after) = after {
        find = find.filter(user::Column::Id.gt(after));
    }
    Ok(find.all(database.reader()).await?)
}

/// What there is to know of a user.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The user.
    pub user: user::Model,
    /// How they sign in: `credential` for a password, or the names of other places.
    pub providers: Vec<String>,
    /// How many sessions they have.
    pub sessions: u64,
    /// The slugs of their organizations, and what they are there.
    pub organizations: BTreeMap<String, String>,
}

/// Everything about the user with this address.
///
/// # Errors
/// `UserNotFound`.
#[expect(clippy::disallowed_methods, reason = "operators see everything")]
pub async fn show(database: &Database, email: &str) -> Result<Profile, IdentityError> {
    let (caller, email) = (Caller::system(), email.to_lowercase());
    snapshot(database, async move |tx| {
        let user = User::find().filter(user::Column::Email.eq(&email)).one(tx).await?;
        let user = user.ok_or(IdentityError::UserNotFound)?;
        let providers = Account::find()
            .select_only()
            .column(account::Column::ProviderId)
            .filter(account::Column::UserId.eq(user.id))
            .order_by_asc(account::Column::ProviderId)
            .into_tuple()
            .all(tx)
            .await?;
        let sessions = Session::find()
            .filter(session::Column::UserId.eq(user.id))
            .filter(session::Column::ExpiresAt.gt(caller.at))
            .count(tx)
            .await?;
        let organizations = Organization::find()
            .select_only()
            .columns([organization::Column::Slug])
            .column(member::Column::Role)
            .join(JoinType::InnerJoin, organization::Relation::Member.def())
            .filter(member::Column::UserId.eq(user.id))
            .into_tuple::<(String, String)>()
            .all(tx)
            .await?;
        let organizations = organizations.into_iter().collect();
        Ok(Profile { user, providers, sessions, organizations })
    })
    .await
}

/// Makes the user with this address an administrator, or an ordinary user. Whether that changed anything.
///
/// # Errors
/// `UserNotFound`.
pub async fn set_role(database: &Database, email: &str, role: Role) -> Result<bool, IdentityError> {
    let (caller, email) = (Caller::system(), email.to_lowercase());
    transact(database, async move |tx| {
        let user = change::find(tx, user::Column::Email.eq(&email)).await?;
        let before = user.role.clone();
        Ok(change::set_role(tx, &caller, user, role).await?.role != before)
    })
    .await
}

/// Bans the user with this address for so long or for good, and ends their sessions at once.
///
/// # Errors
/// `UserNotFound`.
pub async fn ban(
    database: &Database,
    email: &str,
    reason: Option<&str>,
    duration: Option<TimeDelta>,
) -> Result<user::Model, IdentityError> {
    let (caller, email) = (Caller::system(), email.to_lowercase());
    let reason = reason.map(str::to_owned);
    let until = duration.and_then(|duration| caller.at.checked_add_signed(duration));
    transact(database, async move |tx| {
        let user = change::find(tx, user::Column::Email.eq(&email)).await?;
        Ok(change::ban(tx, &caller, user, reason.clone(), until).await?)
    })
    .await
}

/// Lifts a ban. Whether there was one.
///
/// # Errors
/// `UserNotFound`.
pub async fn unban(database: &Database, email: &str) -> Result<bool, IdentityError> {
    let (caller, email) = (Caller::system(), email.to_lowercase());
    transact(database, async move |tx| {
        let user = change::find(tx, user::Column::Email.eq(&email)).await?;
        let banned = user.banned;
        lift_ban(tx, &caller, user).await?;
        Ok(banned)
    })
    .await
}

/// Gives the user with this address another password, or a first one, and ends their sessions.
///
/// # Errors
/// `UserNotFound`, `PasswordTooShort`, `PasswordTooLong`; `Busy`.
pub async fn reset_password(
    database: &Database,
    hasher: &Hasher,
    email: &str,
    given: &str,
) -> Result<(), IdentityError> {
    password::check_new(given)?;
    let hash = hasher.hash(given).await?;
    let (caller, email) = (Caller::system(), email.to_lowercase());
    transact(database, async move |tx| {
        let user = change::find(tx, user::Column::Email.eq(&email)).await?;
        Ok(change::set_password(tx, &caller, &user, &hash, None).await?)
    })
    .await
}
