//! The end of a user, and of what is theirs alone.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::{
    member,
    prelude::{Member, Organization, Project, Session, User},
    project, session, user,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{ExprTrait, LockType},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    IdentityError, Tools, profile, transact,
    verification::{self, Kind},
};
use crate::{
    Caller, Database, Error, Result, Transaction, mail::Message, organization::Roles, write,
};

/// How long a link is good.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proof {
    user_id: Uuid,
}

/// Sends the signed-in user a link that deletes them.
///
/// # Errors
/// Those of the database.
pub async fn request(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    user: &user::Model,
    callback: Option<&str>,
) -> Result<(), IdentityError> {
    let (tools, caller, user) = (tools.clone(), caller.clone(), user.clone());
    let callback = callback.filter(|url| !url.is_empty()).unwrap_or("/").to_owned();
    transact(database, async move |tx| {
        let proof = Proof { user_id: user.id };
        let token = verification::issue(tx, &caller, Kind::DeleteAccount, &proof, LIFETIME).await?;
        let parameters = [("token", token.reveal()), ("callbackURL", &*callback)];
        let url = tools.link("/delete-user/callback", &parameters);
        let message = Message::DeleteAccount { name: user.name.clone(), url };
        Ok(tools.mailer.queue(tx, &caller, &user.email, &message).await?)
    })
    .await
}

/// Deletes the signed-in user; with a token, only if it was sent to them.
///
/// # Errors
/// `InvalidToken`, and those of [`delete`].
pub async fn delete_self(
    database: &Database,
    caller: &Caller,
    token: Option<&str>,
) -> Result<(), IdentityError> {
    let (caller, token) = (caller.clone(), token.map(str::to_owned));
    transact(database, async move |tx| {
        let id = caller.principal()?.id;
        if let Some(token) = &token {
            let proof = verification::consume::<Proof>(tx, caller.at, Kind::DeleteAccount, token);
            proof
                .await?
                .ok()
                .filter(|proof| proof.user_id == id)
                .ok_or(IdentityError::InvalidToken)?;
        }
        let user = profile::lock(tx, id).await?;
        delete(tx, &caller, user).await
    })
    .await
}

/// Deletes a user with their sessions, accounts and memberships. Their own projects go with them; those of an
/// organization go to another of its owners; an organization in which nobody else is goes, too.
///
/// # Errors
/// `YouCannotLeaveTheOrganizationAsTheOnlyOwner` when others are left in an organization without an owner.
pub(crate) async fn delete(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
) -> Result<(), IdentityError> {
    // Nobody refers to the user any more from here on: who makes them a member, or an owner, at this moment waits.
    let user = lock(tx, user.id).await?;
    for organization_id in organizations(tx, user.id).await? {
        leave(tx, caller, user.id, organization_id).await?;
    }
    for project in projects(tx, project::Column::OwnerId.eq(user.id)).await? {
        write::delete::<Project>(tx, caller, "delete", project).await?;
    }
    #[expect(clippy::disallowed_methods, reason = "sessions are not audited: they change nothing")]
    Session::delete_many().filter(session::Column::ImpersonatedBy.eq(user.id)).exec(tx).await?;
    Ok(write::delete::<User>(tx, caller, "delete", user).await?)
}

#[expect(clippy::disallowed_methods, reason = "whoever calls this has asked who may")]
async fn lock(tx: &Transaction, id: Uuid) -> Result<user::Model> {
    let user = User::find_by_id(id).lock(LockType::Update).one(tx).await?;
    user.ok_or(Error::NotFound)
}

/// Where the user belongs or owns projects, in the order in which everybody locks organizations.
#[expect(clippy::disallowed_methods, reason = "whoever calls this has asked who may")]
async fn organizations(tx: &Transaction, user_id: Uuid) -> Result<BTreeSet<Uuid>> {
    let memberships = Member::find()
        .select_only()
        .column(member::Column::OrganizationId)
        .filter(member::Column::UserId.eq(user_id));
    let owned = Project::find()
        .select_only()
        .column(project::Column::OrganizationId)
        .distinct()
        .filter(project::Column::OwnerId.eq(user_id))
        .filter(project::Column::OrganizationId.is_not_null());
    let memberships: Vec<Uuid> = memberships.into_tuple().all(tx).await?;
    let owned: Vec<Uuid> = owned.into_tuple().all(tx).await?;
    Ok(memberships.into_iter().chain(owned).collect())
}

#[expect(clippy::disallowed_methods, reason = "whoever calls this has asked who may")]
async fn leave(
    tx: &Transaction,
    caller: &Caller,
    user_id: Uuid,
    organization_id: Uuid,
) -> Result<(), IdentityError> {
    // Who else leaves at the same time waits here, so that an owner is left.
    let organization = Organization::find_by_id(organization_id).lock(LockType::NoKeyUpdate);
    let organization = organization.one(tx).await?.ok_or(Error::NotFound)?;
    let members = Member::find()
        .filter(member::Column::OrganizationId.eq(organization_id))
        .filter(member::Column::UserId.ne(user_id))
        .order_by_asc(member::Column::Id)
        .all(tx)
        .await?;
    if members.is_empty() {
        return Ok(write::delete::<Organization>(tx, caller, "delete", organization).await?);
    }
    let heir = members.iter().find(|member| Roles::of(&member.role).own());
    let heir = heir.ok_or(IdentityError::YouCannotLeaveTheOrganizationAsTheOnlyOwner)?;
    let theirs = project::Column::OwnerId.eq(user_id);
    let theirs = theirs.and(project::Column::OrganizationId.eq(organization_id));
    for project in projects(tx, theirs).await? {
        let changes = project::ActiveModel { owner_id: Set(heir.user_id), ..Default::default() };
        write::update::<Project>(tx, caller, "transfer", project, changes).await?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "whoever calls this has asked who may")]
async fn projects(
    tx: &Transaction,
    condition: sea_orm::sea_query::Expr,
) -> Result<Vec<project::Model>> {
    Ok(Project::find().filter(condition).lock(LockType::NoKeyUpdate).all(tx).await?)
}
