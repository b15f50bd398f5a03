//! Organizations: groups of users that own projects together. Better Auth's clients make and run them under
//! `/api/auth/organization`; how they refuse is theirs too.
//!
//! Whatever changes who belongs to an organization locks its row first, so that what it has found, such as another
//! owner, is still so when it ends.

pub mod invitation;
pub mod member;
mod read;
pub mod relocation;
mod role;
pub mod roster;
mod session;

use entity::{
    member as member_table,
    organization::{ActiveModel, Column, Model},
    prelude::{Invitation, Member, Organization, Project},
};
use sea_orm::{
    ActiveEnum,
    ActiveValue::NotSet,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Set,
    sea_query::{Expr, LockType, SelectStatement},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use self::read::{active_or, find};
pub use self::{
    read::{FullOrganization, Which, check_slug, get, get_full, has_permission, list},
    role::{OrganizationRole, Permissions, Roles},
};
use crate::{
    Audited, Caller, Error, Principal, Resource, Result, Right, Transaction, field::Field,
    identity::IdentityError, scope::Scope, table::RelationField, write,
};

/// As many members as an organization may have.
pub const MAX_MEMBERS: u64 = 100;

/// A new organization. Its owner is the caller.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// What it is called.
    pub name: String,
    /// What it is called in addresses; no two share it.
    pub slug: String,
    /// The address of a picture.
    pub logo: Option<String>,
    /// Whatever a front end wants to keep with it.
    pub metadata: Option<Map<String, Value>>,
    /// Whether the caller goes on working for the organization that is active now.
    pub keep_active: bool,
}

/// A change to an organization. What is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct OrganizationChange {
    /// What it is called.
    pub name: Option<String>,
    /// What it is called in addresses.
    pub slug: Option<String>,
    /// The address of a picture.
    pub logo: Option<Option<String>>,
    /// Whatever a front end wants to keep with it.
    pub metadata: Option<Map<String, Value>>,
}

impl Resource for Organization {
    const PATH: &'static str = "organizations";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::Name).filter().sort(),
        Field::of(Column::Slug).filter().sort(),
        Field::of(Column::Logo),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[
        RelationField::to::<Member>("members"),
        RelationField::to::<Invitation>("invitations"),
        RelationField::to::<Project>("projects"),
    ];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, right: Right) -> Scope {
        let organizations = match right {
            Right::See => of(user),
            Right::Edit => with_role(user, &[OrganizationRole::Owner, OrganizationRole::Admin]),
            Right::Own => with_role(user, &[OrganizationRole::Owner]),
        };
        Scope::only(Column::Id.in_subquery(organizations))
    }
}

impl Audited for Organization {
    fn root(row: &Model) -> Uuid {
        row.id
    }
}

/// The organizations that the user belongs to.
pub(crate) fn of(user: &Principal) -> SelectStatement {
    memberships(Condition::all().add(member_table::Column::UserId.eq(user.id)))
}

/// The organizations in which the user has one of the roles.
pub(crate) fn with_role(user: &Principal, roles: &[OrganizationRole]) -> SelectStatement {
    let patterns = roles.iter().flat_map(|role| role_patterns(member_table::Column::Role, *role));
    let any = patterns.fold(Condition::any(), Condition::add);
    memberships(Condition::all().add(member_table::Column::UserId.eq(user.id)).add(any))
}

/// The role alone, or first, last or between others.
fn role_patterns(column: impl ColumnTrait, role: OrganizationRole) -> [Expr; 4] {
    let role = role.to_value();
    [
        column.eq(&role),
        column.like([&role, ",%"].concat()),
        column.like(["%,", &role].concat()),
        column.like(["%,", &role, ",%"].concat()),
    ]
}

#[expect(clippy::disallowed_methods, reason = "the caller's own memberships")]
fn memberships(condition: Condition) -> SelectStatement {
    Member::find()
        .select_only()
        .column(member_table::Column::OrganizationId)
        .filter(condition)
        .into_query()
}

/// Makes an organization whose owner is the caller, and which is active from now on.
///
/// # Errors
/// `OrganizationAlreadyExists` when another has the slug.
pub async fn create(
    tx: &Transaction,
    caller: &Caller,
    input: &NewOrganization,
) -> Result<(Model, member_table::Model), IdentityError> {
    let user_id = caller.principal()?.id;
    let row = ActiveModel {
        name: Set(input.name.clone()),
        slug: Set(input.slug.clone()),
        logo: Set(input.logo.clone()),
        metadata: Set(input.metadata.as_ref().map(text_of)),
        ..Default::default()
    };
    let organization = write::insert::<Organization>(tx, caller, "create", row)
        .await
        .map_err(|error| or_taken(error, IdentityError::OrganizationAlreadyExists))?;
    let roles = OrganizationRole::Owner.into();
    let owner = member::add(tx, caller, "create", organization.id, user_id, &roles).await?;
    if !input.keep_active {
        session::activate(tx, caller, Some(organization.id)).await?;
    }
    Ok((organization, owner))
}

/// Changes an organization.
///
/// # Errors
/// `OrganizationNotFound` when none is meant; `UserIsNotAMemberOfTheOrganization`,
/// `YouAreNotAllowedToUpdateThisOrganization`, `OrganizationSlugAlreadyTaken`.
pub async fn update(
    tx: &Transaction,
    caller: &Caller,
    id: Option<Uuid>,
    input: &OrganizationChange,
) -> Result<Model, IdentityError> {
    let id = active_or(tx, caller, id).await?.ok_or(IdentityError::OrganizationNotFound)?;
    let (before, roles) = enter(tx, caller, id).await?;
    if !roles.may("update", "organization") {
        return Err(IdentityError::YouAreNotAllowedToUpdateThisOrganization);
    }
    let changes = ActiveModel {
        name: input.name.clone().map_or(NotSet, Set),
        slug: input.slug.clone().map_or(NotSet, Set),
        logo: input.logo.clone().map_or(NotSet, Set),
        metadata: input.metadata.as_ref().map_or(NotSet, |value| Set(Some(text_of(value)))),
        ..Default::default()
    };
    write::update::<Organization>(tx, caller, "update", before, changes)
        .await
        .map_err(|error| or_taken(error, IdentityError::OrganizationSlugAlreadyTaken))
}

/// Deletes an organization for good, with its memberships, invitations and projects.
///
/// # Errors
/// `UserIsNotAMemberOfTheOrganization`, `YouAreNotAllowedToDeleteThisOrganization`.
pub async fn delete(tx: &Transaction, caller: &Caller, id: Uuid) -> Result<Model, IdentityError> {
    let (organization, roles) = enter(tx, caller, id).await?;
    if !roles.may("delete", "organization") {
        return Err(IdentityError::YouAreNotAllowedToDeleteThisOrganization);
    }
    session::forget_organization(tx, id).await?;
    write::delete::<Organization>(tx, caller, "delete", organization.clone()).await?;
    Ok(organization)
}

/// Lets the caller's session work for an organization, or for none. A refusal changes nothing.
///
/// # Errors
/// `OrganizationNotFound`, `UserIsNotAMemberOfTheOrganization`.
pub async fn set_active(
    tx: &Transaction,
    caller: &Caller,
    which: &Which,
) -> Result<Option<Model>, IdentityError> {
    let organization = get(tx, caller, which).await?;
    if let Some(organization) = &organization {
        session::activate(tx, caller, Some(organization.id)).await?;
    }
    Ok(organization)
}

/// Lets the caller's session work for no organization.
///
/// # Errors
/// Those of the database.
pub async fn unset_active(tx: &Transaction, caller: &Caller) -> Result<(), IdentityError> {
    Ok(session::activate(tx, caller, None).await?)
}

/// The organization with its row locked, and the caller's roles in it.
async fn enter(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
) -> Result<(Model, Roles), IdentityError> {
    let organization = lock(tx, id).await?;
    let member = member::of_caller(tx, caller, id).await?;
    organization
        .zip(member)
        .map(|(organization, member)| (organization, Roles::of(&member.role)))
        .ok_or(IdentityError::UserIsNotAMemberOfTheOrganization)
}

/// The organization, whose members and invitations nobody else changes until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Option<Model>> {
    // Weaker than FOR UPDATE: inserting rows that refer to this one need not wait.
    find(tx, Column::Id.eq(id), Some(LockType::NoKeyUpdate)).await
}

fn or_taken(error: Error, taken: IdentityError) -> IdentityError {
    match error {
        Error::Taken { .. } => taken,
        error => error.into(),
    }
}

fn text_of(metadata: &Map<String, Value>) -> String {
    Value::Object(metadata.clone()).to_string()
}
