//! Who belongs to an organization.

use entity::{
    member::{ActiveModel, Column, Model},
    prelude::{Member, Organization, User},
    user,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use uuid::Uuid;

use super::{
    MAX_MEMBERS, OrganizationRole, Roles, Which, active_or, lock, role_patterns, roster::Roster,
    session,
};
use crate::{
    Audited, Caller, Principal, Resource, Result, Right, Transaction, field::Field,
    identity::IdentityError, scope::Scope, table::RelationField, write,
};

/// Which member to remove.
#[derive(Clone, Debug)]
pub enum Removed {
    /// The membership with this id.
    Id(Uuid),
    /// That of the user with this e-mail address.
    Email(String),
}

impl Resource for Member {
    const PATH: &'static str = "members";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::OrganizationId).filter(),
        Field::of(Column::UserId).filter(),
        Field::of(Column::Role).filter(),
    ];
    const RELATIONS: &'static [RelationField<Self>] =
        &[RelationField::to::<Organization>("organization"), RelationField::to::<User>("user")];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, right: Right) -> Scope {
        Scope::within::<Organization>(Column::OrganizationId, user, right)
    }
}

impl Audited for Member {
    fn root(row: &Model) -> Uuid {
        row.organization_id
    }
}

/// Ends a membership.
///
/// # Errors
/// `NoActiveOrganization` when no organization is meant; `MemberNotFound` for the caller or the other;
/// `YouCannotLeaveTheOrganizationAsTheOnlyOwner` for its only owner, and for any owner if the caller is none;
/// `YouAreNotAllowedToDeleteThisMember`.
pub async fn remove(
    tx: &Transaction,
    caller: &Caller,
    organization_id: Option<Uuid>,
    removed: &Removed,
) -> Result<(Model, Option<user::Model>), IdentityError> {
    let (organization_id, mine) = enter(tx, caller, organization_id).await?;
    let key = match removed {
        Removed::Id(id) => Column::Id.eq(*id),
        Removed::Email(email) => user::Column::Email.eq(email.to_lowercase()),
    };
    let key = Condition::all().add(Column::OrganizationId.eq(organization_id)).add(key);
    let (member, user) = find(tx, key).await?.ok_or(IdentityError::MemberNotFound)?;
    let theirs = Roles::of(&member.role);
    if theirs.own() && (!mine.own() || is_only_owner(tx, &member).await?) {
        return Err(IdentityError::YouCannotLeaveTheOrganizationAsTheOnlyOwner);
    }
    if !mine.may("delete", "member") {
        return Err(IdentityError::YouAreNotAllowedToDeleteThisMember);
    }
    end(tx, caller, "remove", member.clone()).await?;
    Ok((member, matches!(removed, Removed::Email(_)).then_some(user)))
}

/// Ends the caller's membership.
///
/// # Errors
/// `MemberNotFound`, `YouCannotLeaveTheOrganizationAsTheOnlyOwner`.
pub async fn leave(
    tx: &Transaction,
    caller: &Caller,
    organization_id: Uuid,
) -> Result<(Model, user::Model), IdentityError> {
    lock(tx, organization_id).await?;
    let (member, user) = of_user(tx, organization_id, caller.principal()?.id)
        .await?
        .ok_or(IdentityError::MemberNotFound)?;
    if is_only_owner(tx, &member).await? {
        return Err(IdentityError::YouCannotLeaveTheOrganizationAsTheOnlyOwner);
    }
    end(tx, caller, "leave", member.clone()).await?;
    Ok((member, user))
}

/// Gives a member other roles.
///
/// # Errors
/// `NoActiveOrganization` when no organization is meant; `MemberNotFound` for the caller or the other;
/// `YouAreNotAllowedToUpdateThisMember`, `YouCannotLeaveTheOrganizationWithoutAnOwner`, `RoleNotFound`.
pub async fn update_role(
    tx: &Transaction,
    caller: &Caller,
    organization_id: Option<Uuid>,
    member_id: Uuid,
    roles: &[String],
) -> Result<Model, IdentityError> {
    let (organization_id, mine) = enter(tx, caller, organization_id).await?;
    let (before, _) =
        find(tx, Column::Id.eq(member_id).into()).await?.ok_or(IdentityError::MemberNotFound)?;
    // Who may not decide on owners is not told which roles there are, either.
    let roles = Roles::parse(roles);
    let makes_owner = roles.as_ref().is_ok_and(Roles::own);
    let about_owner = makes_owner || Roles::of(&before.role).own();
    if before.organization_id != organization_id
        || about_owner && !mine.own()
        || !mine.may("update", "member")
    {
        return Err(IdentityError::YouAreNotAllowedToUpdateThisMember);
    }
    let roles = roles?;
    if !makes_owner && is_only_owner(tx, &before).await? {
        return Err(IdentityError::YouCannotLeaveTheOrganizationWithoutAnOwner);
    }
    let change = ActiveModel { role: Set(roles.to_string()), ..Default::default() };
    Ok(write::update::<Member>(tx, caller, "updateRole", before, change).await?)
}

/// The caller's membership in the active organization.
///
/// # Errors
/// `NoActiveOrganization`, `MemberNotFound`.
pub async fn active(
    db: &impl ConnectionTrait,
    caller: &Caller,
) -> Result<(Model, user::Model), IdentityError> {
    let id = active_or(db, caller, None).await?.ok_or(IdentityError::NoActiveOrganization)?;
    of_user(db, id, caller.principal()?.id).await?.ok_or(IdentityError::MemberNotFound)
}

/// The roles of the caller, or of another user, in an organization of the caller's.
///
/// # Errors
/// `OrganizationNotFound`, `NoActiveOrganization`, `YouAreNotAMemberOfThisOrganization`.
pub async fn role_of(
    db: &impl ConnectionTrait,
    caller: &Caller,
    which: &Which,
    user_id: Option<Uuid>,
) -> Result<String, IdentityError> {
    let organization_id = visit(db, caller, which).await?;
    let user_id = user_id.unwrap_or(caller.principal()?.id);
    let member = of_user(db, organization_id, user_id).await?;
    let (member, _) = member.ok_or(IdentityError::YouAreNotAMemberOfThisOrganization)?;
    Ok(member.role)
}

/// Members of an organization of the caller's and their users, and how many there are in all; in the order in which
/// they joined, unless another is asked for.
///
/// # Errors
/// `OrganizationNotFound`, `NoActiveOrganization`, `YouAreNotAMemberOfThisOrganization`.
pub async fn list(
    db: &impl ConnectionTrait,
    caller: &Caller,
    which: &Which,
    roster: &Roster,
) -> Result<(Vec<(Model, user::Model)>, usize), IdentityError> {
    let organization_id = visit(db, caller, which).await?;
    Ok(roster.of(all(db, organization_id, u64::MAX).await?))
}

/// The organization's members and their users, in the order in which they joined.
#[expect(clippy::disallowed_methods, reason = "who asks for them belongs to the organization")]
pub(super) async fn all(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    most: u64,
) -> Result<Vec<(Model, user::Model)>> {
    let members = Member::find()
        .find_also_related(User)
        .filter(Column::OrganizationId.eq(organization_id))
        .order_by_asc(Column::Id)
        // An import may bring more than are let in, but not any number.
        .limit(most.min(10 * MAX_MEMBERS));
    let members = members.all(db).await?;
    Ok(members.into_iter().filter_map(|(member, user)| Some((member, user?))).collect())
}

/// Adds a member to an organization that exists.
pub(super) async fn add(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    organization_id: Uuid,
    user_id: Uuid,
    roles: &Roles,
) -> Result<Model> {
    let row = ActiveModel {
        organization_id: Set(organization_id),
        user_id: Set(user_id),
        role: Set(roles.to_string()),
        ..Default::default()
    };
    write::insert::<Member>(tx, caller, action, row).await
}

/// Ends a membership and the work of its user's sessions for the organization.
pub(super) async fn end(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    member: Model,
) -> Result<()> {
    session::forget(tx, member.user_id, member.organization_id).await?;
    write::delete::<Member>(tx, caller, action, member).await
}

/// Whether the organization, whose row is locked, would have no owner without this member.
#[expect(clippy::disallowed_methods, reason = "nothing is shown of the members")]
pub(super) async fn is_only_owner(tx: &Transaction, member: &Model) -> Result<bool> {
    if !Roles::of(&member.role).own() {
        return Ok(false);
    }
    let others = Member::find()
        .filter(Column::OrganizationId.eq(member.organization_id))
        .filter(Column::Id.ne(member.id))
        .filter(any_of(role_patterns(Column::Role, OrganizationRole::Owner)));
    Ok(others.count(tx).await? == 0)
}

#[expect(clippy::disallowed_methods, reason = "nothing is shown of the members")]
pub(super) async fn is_full(tx: &Transaction, organization_id: Uuid) -> Result<bool> {
    let members = Member::find().filter(Column::OrganizationId.eq(organization_id));
    Ok(members.count(tx).await? >= MAX_MEMBERS)
}

/// The caller's membership.
pub(super) async fn of_caller(
    db: &impl ConnectionTrait,
    caller: &Caller,
    organization_id: Uuid,
) -> Result<Option<Model>> {
    let member = of_user(db, organization_id, caller.principal()?.id).await?;
    Ok(member.map(|(member, _)| member))
}

/// A user's membership, and the user.
pub(super) async fn of_user(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    user_id: Uuid,
) -> Result<Option<(Model, user::Model)>> {
    let key = Condition::all()
        .add(Column::OrganizationId.eq(organization_id))
        .add(Column::UserId.eq(user_id));
    find(db, key).await
}

#[expect(clippy::disallowed_methods, reason = "who asks for it says who may see it")]
pub(super) async fn find(
    db: &impl ConnectionTrait,
    key: Condition,
) -> Result<Option<(Model, user::Model)>> {
    let member = Member::find().find_also_related(User).filter(key).one(db).await?;
    Ok(member.and_then(|(member, user)| Some((member, user?))))
}

/// The organization that is meant, with its row locked, and the caller's roles in it.
async fn enter(
    tx: &Transaction,
    caller: &Caller,
    organization_id: Option<Uuid>,
) -> Result<(Uuid, Roles), IdentityError> {
    let id =
        active_or(tx, caller, organization_id).await?.ok_or(IdentityError::NoActiveOrganization)?;
    lock(tx, id).await?;
    let mine = of_caller(tx, caller, id).await?.ok_or(IdentityError::MemberNotFound)?;
    Ok((id, Roles::of(&mine.role)))
}

/// The organization that is meant, if the caller belongs to it.
async fn visit(
    db: &impl ConnectionTrait,
    caller: &Caller,
    which: &Which,
) -> Result<Uuid, IdentityError> {
    match super::get(db, caller, which).await {
        Ok(Some(organization)) => Ok(organization.id),
        Ok(None) => Err(IdentityError::NoActiveOrganization),
        // An organization that there is not has no members.
        Err(IdentityError::OrganizationNotFound) if which.slug.is_none() => {
            Err(IdentityError::YouAreNotAMemberOfThisOrganization)
        }
        Err(IdentityError::UserIsNotAMemberOfTheOrganization) => {
            Err(IdentityError::YouAreNotAMemberOfThisOrganization)
        }
        Err(error) => Err(error),
    }
}

fn any_of(conditions: impl IntoIterator<Item = sea_orm::sea_query::Expr>) -> Condition {
    conditions.into_iter().fold(Condition::any(), Condition::add)
}
