//! Organizations: made, changed, deleted, and worked for.

mod invitation;
mod member;

use actix_web::{HttpResponse, get, http::StatusCode, post};
use service::{
    identity::{IdentityError, session::SHORT_LIFETIME, snapshot, transact},
    organization::{self, NewOrganization, OrganizationChange, Which},
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth};
use crate::identity::{
    answer::{
        Status,
        organization::{AuthOrganization, ChangedOrganization, Permitted, WholeOrganization},
    },
    body::Body,
    input::organization::{
        CheckSlug, CreateOrganization, HasPermission, OneOrganization, SetActiveOrganization,
        UpdateOrganization, WhichOrganization,
    },
    refusal::{Failure, Refusals, SilentRefusals},
    request::Session,
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(create_organization)
        .service(check_organization_slug)
        .service(update_organization)
        .service(delete_organization)
        .service(set_active_organization)
        .service(get_organization)
        .service(get_full_organization)
        .service(list_organizations)
        .service(has_permission);
    invitation::routes(api);
    member::routes(api);
}

/// Makes an organization; it is yours, and active from now on
#[utoipa::path(tag = "organization", operation_id = "createOrganization", request_body = CreateOrganization,
    responses(SilentRefusals, (status = 200, body = ChangedOrganization, description = "the organization and its owner")))]
#[post("/api/auth/organization/create")]
async fn create_organization(auth: Auth, body: Body<false>) -> Answer {
    let input = NewOrganization::from(auth.input::<CreateOrganization, _>(body)?);
    let Session { caller, .. } = auth.session_or_silence().await?;
    let create = async move |tx: &_| organization::create(tx, &caller, &input).await;
    let (organization, owner) = transact(&auth.db, create).await?;
    Ok(HttpResponse::Ok().json(ChangedOrganization::of(organization, Some(owner))))
}

/// Says whether a slug is free
#[utoipa::path(tag = "organization", operation_id = "checkOrganizationSlug", request_body = CheckSlug,
    responses((status = 200, body = Status, description = "it is free"), Refusals))]
#[post("/api/auth/organization/check-slug")]
async fn check_organization_slug(auth: Auth, body: Body<false>) -> Answer {
    let input: CheckSlug = auth.input(body)?;
    auth.session().await?;
    organization::check_slug(auth.db.reader(), &input.slug).await?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Changes an organization
#[utoipa::path(tag = "organization", operation_id = "updateOrganization", request_body = UpdateOrganization,
    responses((status = 200, body = ChangedOrganization, description = "the organization as it is now"), Refusals))]
#[post("/api/auth/organization/update")]
async fn update_organization(auth: Auth, body: Body<false>) -> Answer {
    let UpdateOrganization { data, organization_id: id } = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let change = OrganizationChange::from(data);
    let update = async move |tx: &_| organization::update(tx, &caller, id, &change).await;
    let organization = transact(&auth.db, update).await?;
    Ok(HttpResponse::Ok().json(ChangedOrganization::of(organization, None)))
}

/// Deletes an organization for good, with its projects
#[utoipa::path(tag = "organization", operation_id = "deleteOrganization", request_body = OneOrganization,
    responses(SilentRefusals, (status = 200, body = AuthOrganization, description = "the organization as it was")))]
#[post("/api/auth/organization/delete")]
async fn delete_organization(auth: Auth, body: Body<false>) -> Answer {
    let OneOrganization { organization_id: id } = auth.input(body)?;
    let Session { caller, .. } = auth.session_or_silence().await?;
    let delete = async move |tx: &_| organization::delete(tx, &caller, id.0).await;
    let organization = transact(&auth.db, delete).await?;
    Ok(HttpResponse::Ok().json(AuthOrganization::from(organization)))
}

/// Makes the session work for an organization, or for none
#[utoipa::path(tag = "organization", operation_id = "setActiveOrganization", request_body = SetActiveOrganization,
    responses((status = 200, body = Option<AuthOrganization>, description = "the organization, or `null`"), Refusals))]
#[post("/api/auth/organization/set-active")]
async fn set_active_organization(auth: Auth, body: Body<false>) -> Answer {
    let SetActiveOrganization { organization_id, organization_slug } = auth.input(body)?;
    let Session { caller, token, session, .. } = auth.session().await?;
    let mut answer = HttpResponse::Ok();
    let organization = if organization_id.is_some_and(|id| id.is_none()) {
        if session.active_organization_id.is_none() {
            return Ok(answer.json(()));
        }
        transact(&auth.db, async move |tx| organization::unset_active(tx, &caller).await).await?;
        None
    } else {
        let id = organization_id.flatten().map(|id| id.0);
        let slug = organization_slug.filter(|slug| id.is_none() && !slug.is_empty());
        let which = Which { id, slug };
        let activate = async move |tx: &_| organization::set_active(tx, &caller, &which).await;
        let organization =
            transact(&auth.db, activate).await.map_err(stranger(StatusCode::FORBIDDEN))?;
        if organization.is_none() {
            return Ok(answer.json(()));
        }
        organization
    };
    let remember = session.expires_at - session.created_at > SHORT_LIFETIME;
    auth.identity.cookies.set_token(&mut answer, &token, remember);
    Ok(answer.json(organization.map(AuthOrganization::from)))
}

/// An organization of yours
#[utoipa::path(tag = "organization", operation_id = "readOrganization",
    params(
        ("organizationId" = Option<String>, Query, description = "The organization, unless it is the active one"),
        ("organizationSlug" = Option<String>, Query, description = "Its slug, instead"),
    ),
    responses((status = 200, body = Option<AuthOrganization>, description = "the organization; `null` if none is active"), Refusals))]
#[get("/api/auth/organization/get-organization")]
async fn get_organization(auth: Auth) -> Answer {
    let which = auth.query::<WhichOrganization>()?.into_which();
    let Session { caller, .. } = auth.session().await?;
    let get = async move |tx: &_| organization::get(tx, &caller, &which).await;
    let organization = snapshot(&auth.db, get).await.map_err(stranger(StatusCode::FORBIDDEN))?;
    Ok(HttpResponse::Ok().json(organization.map(AuthOrganization::from)))
}

/// An organization of yours with its members and, if you may invite, its invitations
#[utoipa::path(tag = "organization", operation_id = "getFullOrganization",
    params(
        ("organizationId" = Option<String>, Query, description = "The organization, unless it is the active one"),
        ("organizationSlug" = Option<String>, Query, description = "Its slug, instead"),
        ("membersLimit" = Option<String>, Query, description = "How many members to show, at most; 100 unless said"),
    ),
    responses((status = 200, body = Option<WholeOrganization>, description = "the organization; `null` if none is active"), Refusals))]
#[get("/api/auth/organization/get-full-organization")]
async fn get_full_organization(auth: Auth) -> Answer {
    let query: WhichOrganization = auth.query()?;
    let (members, which) = (query.members_limit(), query.into_which());
    let Session { caller, .. } = auth.session().await?;
    let get = async move |tx: &_| organization::get_full(tx, &caller, &which, members).await;
    let organization = snapshot(&auth.db, get).await.map_err(stranger(StatusCode::FORBIDDEN))?;
    Ok(HttpResponse::Ok().json(organization.map(WholeOrganization::from)))
}

/// The organizations that you belong to
#[utoipa::path(tag = "organization", operation_id = "listAuthOrganizations",
    responses((status = 200, body = Vec<AuthOrganization>, description = "the organizations"), Refusals))]
#[get("/api/auth/organization/list")]
async fn list_organizations(auth: Auth) -> Answer {
    let Session { caller, .. } = auth.session().await?;
    let organizations = organization::list(auth.db.reader(), &caller).await?;
    let organizations: Vec<_> = organizations.into_iter().map(AuthOrganization::from).collect();
    Ok(HttpResponse::Ok().json(organizations))
}

/// Says whether you may do something in an organization
#[utoipa::path(tag = "organization", operation_id = "hasOrganizationPermission", request_body = HasPermission,
    responses((status = 200, body = Permitted, description = "whether you may do all of it"), Refusals))]
#[post("/api/auth/organization/has-permission")]
async fn has_permission(auth: Auth, body: Body<false>) -> Answer {
    let HasPermission { permissions, organization_id: id, .. } = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let permissions = permissions.unwrap_or_default();
    let judge =
        async move |tx: &_| organization::has_permission(tx, &caller, id, &permissions).await;
    let success = snapshot(&auth.db, judge).await.map_err(stranger(StatusCode::UNAUTHORIZED))?;
    Ok(HttpResponse::Ok().json(Permitted { error: None, success }))
}

/// Who does not belong to the organization is told so with this status.
fn stranger(status: StatusCode) -> impl Fn(IdentityError) -> Failure {
    move |error| {
        let stranger = matches!(error, IdentityError::UserIsNotAMemberOfTheOrganization);
        let failure = Failure::from(error);
        if stranger { failure.with_status(status) } else { failure }
    }
}
