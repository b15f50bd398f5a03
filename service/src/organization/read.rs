//! Organizations as their members read them.

use entity::{
    member as member_table,
    organization::{Column, Model},
    prelude::{Member, Organization},
    user,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{MAX_MEMBERS, Permissions, Roles, invitation, member, session};
use crate::{Caller, Result, identity::IdentityError};

/// As many organizations as are listed at once; all of them are a resource, too.
const MAX_LISTED: u64 = 1000;

/// The organization that a request is about: the one with the slug, else that with the id, else the active one.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Its id.
    pub id: Option<Uuid>,
    /// Its slug.
    pub slug: Option<String>,
}

/// An organization with who belongs to it and who is invited.
#[derive(Clone, Debug)]
pub struct FullOrganization {
    /// The organization.
    pub organization: Model,
    /// Its members and their users.
    pub members: Vec<(member_table::Model, user::Model)>,
    /// Its invitations, as far as the caller may see them.
    pub invitations: Vec<entity::invitation::Model>,
}

/// Says that no organization has the slug.
///
/// # Errors
/// `OrganizationSlugAlreadyTaken`.
pub async fn check_slug(db: &impl ConnectionTrait, slug: &str) -> Result<(), IdentityError> {
    match find(db, Column::Slug.eq(slug), None).await? {
        Some(_) => Err(IdentityError::OrganizationSlugAlreadyTaken),
        None => Ok(()),
    }
}

/// An organization of the caller's; `None` when none is meant.
///
/// # Errors
/// `OrganizationNotFound`, `UserIsNotAMemberOfTheOrganization`.
pub async fn get(
    db: &impl ConnectionTrait,
    caller: &Caller,
    which: &Which,
) -> Result<Option<Model>, IdentityError> {
    let found = match which {
        Which { slug: Some(slug), .. } => find(db, Column::Slug.eq(slug), None).await?,
        Which { id, .. } => {
            let Some(id) = active_or(db, caller, *id).await? else { return Ok(None) };
            find(db, Column::Id.eq(id), None).await?
        }
    };
    let organization = found.ok_or(IdentityError::OrganizationNotFound)?;
    if member::of_caller(db, caller, organization.id).await?.is_none() {
        return Err(IdentityError::UserIsNotAMemberOfTheOrganization);
    }
    Ok(Some(organization))
}

/// An organization of the caller's with its members, and its invitations if the caller may invite.
///
/// # Errors
/// Those of [`get`].
pub async fn get_full(
    db: &impl ConnectionTrait,
    caller: &Caller,
    which: &Which,
    members: Option<u64>,
) -> Result<Option<FullOrganization>, IdentityError> {
    let Some(organization) = get(db, caller, which).await? else { return Ok(None) };
    let most = members.filter(|most| *most > 0).unwrap_or(MAX_MEMBERS);
    let members = member::all(db, organization.id, most).await?;
    let invitations = match invitation::list(db, caller, Some(organization.id)).await {
        Err(IdentityError::YouAreNotAllowedToInviteUsersToThisOrganization) => Vec::new(),
        invitations => invitations?,
    };
    Ok(Some(FullOrganization { organization, members, invitations }))
}

/// The organizations that the caller belongs to, in the order in which they joined.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "the caller's own memberships")]
pub async fn list(db: &impl ConnectionTrait, caller: &Caller) -> Result<Vec<Model>> {
    let memberships = Member::find()
        .find_also_related(Organization)
        .filter(member_table::Column::UserId.eq(caller.principal()?.id))
        .order_by_asc(member_table::Column::Id)
        .limit(MAX_LISTED);
    let memberships = memberships.all(db).await?;
    Ok(memberships.into_iter().filter_map(|(_, organization)| organization).collect())
}

/// Whether the caller's roles allow all of this.
///
/// # Errors
/// `NoActiveOrganization` when none is meant; `UserIsNotAMemberOfTheOrganization`.
pub async fn has_permission(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: Option<Uuid>,
    permissions: &Permissions,
) -> Result<bool, IdentityError> {
    let id = active_or(db, caller, id).await?.ok_or(IdentityError::NoActiveOrganization)?;
    let member = member::of_caller(db, caller, id)
        .await?
        .ok_or(IdentityError::UserIsNotAMemberOfTheOrganization)?;
    Ok(Roles::of(&member.role).allow(permissions))
}

#[expect(clippy::disallowed_methods, reason = "who asks for it says who may see it")]
pub(super) async fn find(
    db: &impl ConnectionTrait,
    condition: Expr,
    lock: Option<LockType>,
) -> Result<Option<Model>> {
    let mut select = Organization::find().filter(condition);
    if let Some(lock) = lock {
        select = select.lock(lock);
    }
    Ok(select.one(db).await?)
}

/// The id, or else that of the active organization.
pub(super) async fn active_or(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: Option<Uuid>,
) -> Result<Option<Uuid>> {
    match id {
        Some(id) => Ok(Some(id)),
        None => session::active(db, caller).await,
    }
}
