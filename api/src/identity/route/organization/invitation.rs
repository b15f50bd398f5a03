//! Invitations to organizations.

use actix_web::{HttpResponse, get, post};
use service::{
    identity::{IdentityError, snapshot, transact},
    organization::invitation::{self, Invite, received},
};
use url::form_urlencoded;
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::{Answer, Auth};
use crate::identity::{
    answer::organization::{AnsweredInvitation, AuthInvitation, ReceivedInvitation},
    body::Body,
    input::organization::{InvitationQuery, InviteMember, OneInvitation, WhichOrganization},
    refusal::{Failure, Refusal, Refusals},
    request::Session,
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(invite_member)
        .service(accept_invitation)
        .service(reject_invitation)
        .service(cancel_invitation)
        .service(get_invitation)
        .service(list_invitations)
        .service(list_user_invitations);
}

/// Invites an address to an organization, for 48 hours
///
/// The recipient is sent a link to the front end: `/accept-invitation/ID`.
#[utoipa::path(tag = "organization", operation_id = "inviteMember", request_body = InviteMember,
    responses((status = 200, body = AuthInvitation, description = "the invitation"), Refusals))]
#[post("/api/auth/organization/invite-member")]
async fn invite_member(auth: Auth, body: Body<false>) -> Answer {
    let input = Invite::from(auth.input::<InviteMember, _>(body)?);
    let Session { caller, .. } = auth.session().await?;
    let tools = auth.identity.tools.clone();
    let invite = async move |tx: &_| invitation::invite(tx, &caller, &tools, &input).await;
    let invitation = transact(&auth.db, invite).await?;
    Ok(HttpResponse::Ok().json(AuthInvitation::from(invitation)))
}

/// Accepts an invitation; you are a member, and the organization is active from now on
#[utoipa::path(tag = "organization", operation_id = "acceptInvitation", request_body = OneInvitation,
    responses((status = 200, body = AnsweredInvitation, description = "the invitation and the membership"), Refusals))]
#[post("/api/auth/organization/accept-invitation")]
async fn accept_invitation(auth: Auth, body: Body<false>) -> Answer {
    let OneInvitation { invitation_id: id } = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let accept = async move |tx: &_| received::accept(tx, &caller, id.0).await;
    let (invitation, member) = transact(&auth.db, accept).await?;
    let (invitation, member) = (invitation.into(), Some(member.into()));
    Ok(HttpResponse::Ok().json(AnsweredInvitation { invitation, member }))
}

/// Rejects an invitation
#[utoipa::path(tag = "organization", operation_id = "rejectInvitation", request_body = OneInvitation,
    responses((status = 200, body = AnsweredInvitation, description = "the invitation"), Refusals))]
#[post("/api/auth/organization/reject-invitation")]
async fn reject_invitation(auth: Auth, body: Body<false>) -> Answer {
    let OneInvitation { invitation_id: id } = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let reject = async move |tx: &_| received::reject(tx, &caller, id.0).await;
    let invitation = transact(&auth.db, reject).await?.into();
    Ok(HttpResponse::Ok().json(AnsweredInvitation { invitation, member: None }))
}

/// Takes an invitation back
#[utoipa::path(tag = "organization", operation_id = "cancelInvitation", request_body = OneInvitation,
    responses((status = 200, body = AuthInvitation, description = "the invitation"), Refusals))]
#[post("/api/auth/organization/cancel-invitation")]
async fn cancel_invitation(auth: Auth, body: Body<false>) -> Answer {
    let OneInvitation { invitation_id: id } = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let cancel = async move |tx: &_| invitation::cancel(tx, &caller, id.0).await;
    let invitation = transact(&auth.db, cancel).await?;
    Ok(HttpResponse::Ok().json(AuthInvitation::from(invitation)))
}

/// An invitation to you that can be accepted
#[utoipa::path(tag = "organization", operation_id = "readInvitation",
    params(("id" = Uuid, Query, description = "The invitation's id")),
    responses((status = 200, body = ReceivedInvitation, description = "the invitation, what to and by whom"), Refusals))]
#[get("/api/auth/organization/get-invitation")]
async fn get_invitation(auth: Auth) -> Answer {
    let InvitationQuery { id } = auth.query()?;
    let Session { caller, .. } = auth.session().await?;
    let get = async move |tx: &_| received::get(tx, &caller, id.0).await;
    let invitation = snapshot(&auth.db, get).await?;
    Ok(HttpResponse::Ok().json(ReceivedInvitation::from(invitation)))
}

/// The invitations of an organization in which you may invite
///
/// Those that make an owner are shown to owners.
#[utoipa::path(tag = "organization", operation_id = "listAuthInvitations",
    params(("organizationId" = Option<String>, Query, description = "The organization, unless it is the active one")),
    responses((status = 200, body = Vec<AuthInvitation>, description = "the invitations"), Refusals))]
#[get("/api/auth/organization/list-invitations")]
async fn list_invitations(auth: Auth) -> Answer {
    let id = auth.query::<WhichOrganization>()?.organization_id;
    let Session { caller, .. } = auth.session().await?;
    let list = async move |tx: &_| invitation::list(tx, &caller, id).await;
    let invitations = snapshot(&auth.db, list).await.map_err(|error| match error {
        IdentityError::NoActiveOrganization => Refusal::Plain("Organization ID is required").into(),
        error => Failure::from(error),
    })?;
    let invitations: Vec<_> = invitations.into_iter().map(AuthInvitation::from).collect();
    Ok(HttpResponse::Ok().json(invitations))
}

/// The invitations that wait for your answer
#[utoipa::path(tag = "organization", operation_id = "listUserInvitations",
    responses((status = 200, body = Vec<ReceivedInvitation>, description = "the invitations, each with its organization"), Refusals))]
#[get("/api/auth/organization/list-user-invitations")]
async fn list_user_invitations(auth: Auth) -> Answer {
    const NOT_FOR_CLIENTS: Refusal =
        Refusal::Plain("User email cannot be passed for client side API calls.");
    const NOBODY: Refusal = Refusal::Plain("Missing session headers, or email query parameter.");
    let mut parameters = form_urlencoded::parse(auth.request.query_string().as_bytes());
    if parameters.any(|(name, _)| name == "email") {
        return Err(NOT_FOR_CLIENTS.into());
    }
    let Session { caller, .. } = auth.session_if_any().await?.ok_or(NOBODY)?;
    let list = async move |tx: &_| received::list(tx, &caller).await;
    let invitations = snapshot(&auth.db, list).await?;
    let invitations: Vec<_> = invitations.into_iter().map(ReceivedInvitation::from).collect();
    Ok(HttpResponse::Ok().json(invitations))
}
