//! Invitations: offers to join an organization, sent to an address that need not have a user yet.

pub mod received;

use chrono::TimeDelta;
use entity::{
    invitation::{ActiveModel, Column, Model},
    member,
    prelude::{Invitation, Organization, User},
    user,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, DeriveActiveEnum, EntityTrait, EnumIter,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::{
    OrganizationRole, Roles, active_or, lock, member as members, role_patterns, with_role,
};
use crate::{
    Audited, Caller, Principal, Resource, Result, Right, Transaction,
    field::Field,
    identity::{IdentityError, Tools, credential},
    mail::Message,
    scope::Scope,
    table::RelationField,
    write,
};

/// How long an invitation can be accepted.
const LIFETIME: TimeDelta = TimeDelta::hours(48);
/// As many invitations of one organization as can wait for an answer.
const MAX_PENDING: u64 = 100;
/// As many as are listed at once; all of them are a resource, too.
const MAX_LISTED: u64 = 1000;

/// How an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "camelCase")]
pub enum InvitationStatus {
    /// It waits for an answer.
    Pending,
    /// Its recipient is a member.
    Accepted,
    /// Its recipient did not want it.
    Rejected,
    /// It was taken back.
    Canceled,
}

/// Whom to invite.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The organization, unless it is the active one.
    pub organization_id: Option<Uuid>,
    /// The address to invite.
    pub email: String,
    /// What the new member may do.
    pub roles: Vec<String>,
    /// Whether an invitation that waits for an answer is sent once more.
    pub resend: bool,
}

impl Resource for Invitation {
    const PATH: &'static str = "invitations";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::OrganizationId).filter(),
        Field::of(Column::Email).filter(),
        Field::of(Column::Role).filter(),
        Field::of(Column::Status).filter().one_of::<InvitationStatus>(),
        Field::of(Column::ExpiresAt).filter(),
        Field::of(Column::InviterId).filter(),
    ];
    const RELATIONS: &'static [RelationField<Self>] =
        &[RelationField::to::<Organization>("organization"), RelationField::to::<User>("inviter")];

    fn public() -> Scope {
        Scope::nothing()
    }

    /// Invitations are for who may invite: owners, and administrators but for those that make an owner.
    fn scope(user: &Principal, _: Right) -> Scope {
        let invited_by = |roles: &[OrganizationRole]| {
            Condition::all().add(Column::OrganizationId.in_subquery(with_role(user, roles)))
        };
        Scope::only(invited_by(&[OrganizationRole::Owner]))
            .or(invited_by(&[OrganizationRole::Admin]).add(makes_no_owner()))
    }
}

fn makes_no_owner() -> Condition {
    let patterns = role_patterns(Column::Role, OrganizationRole::Owner);
    let owner = patterns.into_iter().fold(Condition::any(), Condition::add);
    Condition::any().add(Column::Role.is_null()).add(owner.not())
}

impl Audited for Invitation {
    fn root(row: &Model) -> Uuid {
        row.organization_id
    }
}

/// Invites an address, or sends an invitation once more.
///
/// # Errors
/// `OrganizationNotFound` when none is meant; `InvalidEmail`, `MemberNotFound`, `RoleNotFound`,
/// `YouAreNotAllowedToInviteUsersToThisOrganization`, `YouAreNotAllowedToInviteUserWithThisRole`,
/// `UserIsAlreadyAMemberOfThisOrganization`, `UserIsAlreadyInvitedToThisOrganization`, `InvitationLimitReached`.
pub async fn invite(
    tx: &Transaction,
    caller: &Caller,
    tools: &Tools,
    input: &Invite,
) -> Result<Model, IdentityError> {
    let id = active_or(tx, caller, input.organization_id)
        .await?
        .ok_or(IdentityError::OrganizationNotFound)?;
    let email = credential::normalize(&input.email)?;
    let organization = lock(tx, id).await?;
    let mine = members::of_user(tx, id, caller.principal()?.id).await?;
    let (organization, (mine, inviter)) =
        organization.zip(mine).ok_or(IdentityError::MemberNotFound)?;
    let mine = Roles::of(&mine.role);
    if !mine.may("create", "invitation") {
        return Err(IdentityError::YouAreNotAllowedToInviteUsersToThisOrganization);
    }
    let roles = Roles::parse(&input.roles)?;
    check_owner(&mine, &roles)?;
    if is_member(tx, id, &email).await? {
        return Err(IdentityError::UserIsAlreadyAMemberOfThisOrganization);
    }
    let expires_at = Set((caller.at + LIFETIME).fixed_offset());
    let pending = of_address(tx, caller, id, &email).await?;
    let invitation = match pending {
        Some(_) if !input.resend => {
            return Err(IdentityError::UserIsAlreadyInvitedToThisOrganization);
        }
        Some(pending) => {
            check_owner(&mine, &roles_of(&pending))?;
            let change = ActiveModel { expires_at, ..Default::default() };
            write::update::<Invitation>(tx, caller, "resend", pending, change).await?
        }
        None => {
            if count_pending(tx, caller, id).await? >= MAX_PENDING {
                return Err(IdentityError::InvitationLimitReached);
            }
            let row = ActiveModel {
                organization_id: Set(id),
                email: Set(email),
                role: Set(Some(roles.to_string())),
                status: Set(InvitationStatus::Pending.to_value()),
                expires_at,
                inviter_id: Set(inviter.id),
                ..Default::default()
            };
            write::insert::<Invitation>(tx, caller, "invite", row).await?
        }
    };
    let message = Message::Invitation {
        organization: organization.name,
        inviter: inviter.name,
        url: format!("{}/accept-invitation/{}", tools.app_url, invitation.id),
    };
    tools.mailer.queue(tx, caller, &invitation.email, &message).await?;
    Ok(invitation)
}

/// Takes an invitation back.
///
/// # Errors
/// `InvitationNotFound`, also for one that was answered; `MemberNotFound`, `YouAreNotAllowedToCancelThisInvitation`.
pub async fn cancel(tx: &Transaction, caller: &Caller, id: Uuid) -> Result<Model, IdentityError> {
    let invitation = pending(tx, id).await?;
    let mine = members::of_caller(tx, caller, invitation.organization_id)
        .await?
        .ok_or(IdentityError::MemberNotFound)?;
    let mine = Roles::of(&mine.role);
    if !mine.may("cancel", "invitation") || roles_of(&invitation).own() && !mine.own() {
        return Err(IdentityError::YouAreNotAllowedToCancelThisInvitation);
    }
    answer(tx, caller, invitation, "cancel", InvitationStatus::Canceled).await
}

/// The invitations of an organization in which the caller may invite, as far as the caller may see them.
///
/// # Errors
/// `NoActiveOrganization` when none is meant; `YouAreNotAMemberOfThisOrganization`,
/// `YouAreNotAllowedToInviteUsersToThisOrganization`.
#[expect(clippy::disallowed_methods, reason = "the caller may invite to the organization")]
pub async fn list(
    db: &impl ConnectionTrait,
    caller: &Caller,
    organization_id: Option<Uuid>,
) -> Result<Vec<Model>, IdentityError> {
    let id =
        active_or(db, caller, organization_id).await?.ok_or(IdentityError::NoActiveOrganization)?;
    let mine = members::of_caller(db, caller, id)
        .await?
        .ok_or(IdentityError::YouAreNotAMemberOfThisOrganization)?;
    let mine = Roles::of(&mine.role);
    if !mine.may("create", "invitation") {
        return Err(IdentityError::YouAreNotAllowedToInviteUsersToThisOrganization);
    }
    let mut select = Invitation::find().filter(Column::OrganizationId.eq(id));
    if !mine.own() {
        select = select.filter(makes_no_owner());
    }
    // The newest ones, the oldest of them first.
    let mut rows = select.order_by_desc(Column::Id).limit(MAX_LISTED).all(db).await?;
    rows.reverse();
    Ok(rows)
}

/// An invitation that was not answered yet, with the organization's row locked.
async fn pending(tx: &Transaction, id: Uuid) -> Result<Model, IdentityError> {
    let found = find(tx, id).await?.ok_or(IdentityError::InvitationNotFound)?;
    lock(tx, found.organization_id).await?;
    // It may have been answered until the lock was given.
    find(tx, id).await?.filter(is_pending).ok_or(IdentityError::InvitationNotFound)
}

async fn answer(
    tx: &Transaction,
    caller: &Caller,
    invitation: Model,
    action: &str,
    status: InvitationStatus,
) -> Result<Model, IdentityError> {
    let change = ActiveModel { status: Set(status.to_value()), ..Default::default() };
    Ok(write::update::<Invitation>(tx, caller, action, invitation, change).await?)
}

fn is_pending(invitation: &Model) -> bool {
    invitation.status == InvitationStatus::Pending.to_value()
}

fn roles_of(invitation: &Model) -> Roles {
    invitation.role.as_deref().map_or_else(|| OrganizationRole::Member.into(), Roles::of)
}

/// Only owners make owners.
fn check_owner(mine: &Roles, roles: &Roles) -> Result<(), IdentityError> {
    if roles.own() && !mine.own() {
        Err(IdentityError::YouAreNotAllowedToInviteUserWithThisRole)
    } else {
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "who asks for it says who may see it")]
async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>> {
    Ok(Invitation::find_by_id(id).one(db).await?)
}

#[expect(clippy::disallowed_methods, reason = "nothing is shown of the invitations")]
fn waiting(caller: &Caller, organization_id: Uuid) -> sea_orm::Select<Invitation> {
    Invitation::find()
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::Status.eq(InvitationStatus::Pending.to_value()))
        .filter(Column::ExpiresAt.gt(caller.at.fixed_offset()))
}

/// The address's invitation that can be accepted.
async fn of_address(
    tx: &Transaction,
    caller: &Caller,
    organization_id: Uuid,
    email: &str,
) -> Result<Option<Model>> {
    Ok(waiting(caller, organization_id).filter(Column::Email.eq(email)).one(tx).await?)
}

async fn count_pending(tx: &Transaction, caller: &Caller, organization_id: Uuid) -> Result<u64> {
    Ok(waiting(caller, organization_id).count(tx).await?)
}

async fn is_member(tx: &Transaction, organization_id: Uuid, email: &str) -> Result<bool> {
    let key = Condition::all()
        .add(member::Column::OrganizationId.eq(organization_id))
        .add(user::Column::Email.eq(email));
    Ok(members::find(tx, key).await?.is_some())
}
