//! Invitations as who is invited sees them. Who signs in with the address, and has shown that it is theirs, may accept.

use entity::{
    invitation::{Column, Model},
    member, organization,
    prelude::{Invitation, Organization, User},
    user,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{
    InvitationStatus, MAX_LISTED, answer, check_owner, find, is_pending, members, pending, roles_of,
};
use crate::{
    Caller, Transaction,
    identity::IdentityError,
    organization::{self as organizations, Roles, session},
};

/// An invitation as its recipient sees it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The invitation.
    pub invitation: Model,
    /// What it invites to.
    pub organization: organization::Model,
    /// The address of who invites.
    pub inviter_email: String,
}

/// Makes the caller a member, once, and the organization the active one.
///
/// # Errors
/// `InvitationNotFound`, also for one that is over or was answered; `YouAreNotTheRecipientOfTheInvitation`,
/// `EmailVerificationRequiredBeforeAcceptingOrRejectingInvitation`, `OrganizationMembershipLimitReached`,
/// `UserIsAlreadyAMemberOfThisOrganization`; `InviterIsNoLongerAMemberOfTheOrganization`, also if the inviter may not
/// invite any more, and `YouAreNotAllowedToInviteUserWithThisRole` if not with that role.
pub async fn accept(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
) -> Result<(Model, member::Model), IdentityError> {
    let invitation = receive(tx, caller, id).await?;
    if invitation.expires_at <= caller.at {
        return Err(IdentityError::InvitationNotFound);
    }
    let organization_id = invitation.organization_id;
    // An invitation is worth no more than its inviter: who may not invite any more has not left a way in.
    let (inviter, _) = members::of_user(tx, organization_id, invitation.inviter_id)
        .await?
        .ok_or(IdentityError::InviterIsNoLongerAMemberOfTheOrganization)?;
    let inviter = Roles::of(&inviter.role);
    if !inviter.may("create", "invitation") {
        return Err(IdentityError::InviterIsNoLongerAMemberOfTheOrganization);
    }
    check_owner(&inviter, &roles_of(&invitation))?;
    if members::of_caller(tx, caller, organization_id).await?.is_some() {
        return Err(IdentityError::UserIsAlreadyAMemberOfThisOrganization);
    }
    if members::is_full(tx, organization_id).await? {
        return Err(IdentityError::OrganizationMembershipLimitReached);
    }
    let roles = roles_of(&invitation);
    let user_id = caller.principal()?.id;
    let member = members::add(tx, caller, "accept", organization_id, user_id, &roles).await?;
    let invitation = answer(tx, caller, invitation, "accept", InvitationStatus::Accepted).await?;
    session::activate(tx, caller, Some(organization_id)).await?;
    Ok((invitation, member))
}

/// Lets the caller not become a member.
///
/// # Errors
/// `InvitationNotFound`, also for one that was answered; `YouAreNotTheRecipientOfTheInvitation`,
/// `EmailVerificationRequiredBeforeAcceptingOrRejectingInvitation`.
pub async fn reject(tx: &Transaction, caller: &Caller, id: Uuid) -> Result<Model, IdentityError> {
    let invitation = receive(tx, caller, id).await?;
    answer(tx, caller, invitation, "reject", InvitationStatus::Rejected).await
}

/// An invitation of the caller's that can be accepted.
///
/// # Errors
/// `InvitationNotFound`, `YouAreNotTheRecipientOfTheInvitation`, `EmailVerificationRequiredForInvitation`,
/// `OrganizationNotFound`, `InviterIsNoLongerAMemberOfTheOrganization`.
pub async fn get(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: Uuid,
) -> Result<Received, IdentityError> {
    let invitation = find(db, id).await?.ok_or(IdentityError::InvitationNotFound)?;
    if !is_pending(&invitation) || invitation.expires_at <= caller.at {
        return Err(IdentityError::InvitationNotFound);
    }
    check_recipient(db, caller, &invitation)
        .await?
        .ok_or(IdentityError::EmailVerificationRequiredForInvitation)?;
    let id = invitation.organization_id;
    let organization = organizations::find(db, organization::Column::Id.eq(id), None)
        .await?
        .ok_or(IdentityError::OrganizationNotFound)?;
    let (_, inviter) = members::of_user(db, id, invitation.inviter_id)
        .await?
        .ok_or(IdentityError::InviterIsNoLongerAMemberOfTheOrganization)?;
    Ok(Received { invitation, organization, inviter_email: inviter.email })
}

/// The invitations that wait for the caller's answer, each with its organization.
///
/// # Errors
/// `EmailVerificationRequiredForInvitation`.
#[expect(clippy::disallowed_methods, reason = "the caller's own invitations")]
pub async fn list(
    db: &impl ConnectionTrait,
    caller: &Caller,
) -> Result<Vec<(Model, organization::Model)>, IdentityError> {
    let user = own_row(db, caller).await?;
    if !user.email_verified {
        return Err(IdentityError::EmailVerificationRequiredForInvitation);
    }
    let select = Invitation::find()
        .find_also_related(Organization)
        .filter(Column::Email.eq(user.email))
        .filter(Column::Status.eq(InvitationStatus::Pending.to_value()))
        .order_by_asc(Column::Id)
        .limit(MAX_LISTED);
    let rows = select.all(db).await?;
    Ok(rows.into_iter().filter_map(|(row, organization)| Some((row, organization?))).collect())
}

/// An invitation of the caller's that was not answered yet, with the organization's row locked.
async fn receive(tx: &Transaction, caller: &Caller, id: Uuid) -> Result<Model, IdentityError> {
    let invitation = pending(tx, id).await?;
    check_recipient(tx, caller, &invitation)
        .await?
        .ok_or(IdentityError::EmailVerificationRequiredBeforeAcceptingOrRejectingInvitation)?;
    Ok(invitation)
}

/// The caller, to whom the invitation is addressed; `None` if they have not shown that the address is theirs.
async fn check_recipient(
    db: &impl ConnectionTrait,
    caller: &Caller,
    invitation: &Model,
) -> Result<Option<user::Model>, IdentityError> {
    let user = own_row(db, caller).await?;
    if user.email != invitation.email {
        return Err(IdentityError::YouAreNotTheRecipientOfTheInvitation);
    }
    Ok(Some(user).filter(|user| user.email_verified))
}

#[expect(clippy::disallowed_methods, reason = "the caller's own row")]
async fn own_row(db: &impl ConnectionTrait, caller: &Caller) -> Result<user::Model, IdentityError> {
    let user = User::find_by_id(caller.principal()?.id).one(db).await?;
    user.ok_or(IdentityError::UserNotFound)
}
