//! Members of organizations.

use actix_web::{HttpResponse, get, post};
use service::{
    identity::{snapshot, transact},
    organization::member,
};
use url::form_urlencoded;
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::{Answer, Auth};
use crate::identity::{
    answer::organization::{AuthMember, AuthMembers, MemberRole, RemovedMember},
    body::Body,
    input::organization::{
        MemberQuery, OneOrganization, RemoveMember, UpdateMemberRole, WhichOrganization,
    },
    refusal::Refusals,
    request::Session,
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_active_member)
        .service(get_active_member_role)
        .service(list_members)
        .service(remove_member)
        .service(update_member_role)
        .service(leave_organization);
}

/// Your membership in the active organization
#[utoipa::path(tag = "organization", operation_id = "getActiveMember",
    responses((status = 200, body = AuthMember, description = "the membership and the user"), Refusals))]
#[get("/api/auth/organization/get-active-member")]
async fn get_active_member(auth: Auth) -> Answer {
    let Session { caller, .. } = auth.session().await?;
    let member = snapshot(&auth.db, async move |tx| member::active(tx, &caller).await).await?;
    Ok(HttpResponse::Ok().json(AuthMember::from(member)))
}

/// Your roles in an organization, or those of another member
#[utoipa::path(tag = "organization", operation_id = "getActiveMemberRole",
    params(
        ("userId" = Option<Uuid>, Query, description = "The member, unless it is you"),
        ("organizationId" = Option<String>, Query, description = "The organization, unless it is the active one"),
        ("organizationSlug" = Option<String>, Query, description = "Its slug, instead"),
    ),
    responses((status = 200, body = MemberRole, description = "the roles"), Refusals))]
#[get("/api/auth/organization/get-active-member-role")]
async fn get_active_member_role(auth: Auth) -> Answer {
    let query: WhichOrganization = auth.query()?;
    let (user_id, which) = (query.user_id, query.into_which());
    let Session { caller, .. } = auth.session().await?;
    let find = async move |tx: &_| member::role_of(tx, &caller, &which, user_id).await;
    let role = snapshot(&auth.db, find).await?;
    Ok(HttpResponse::Ok().json(MemberRole { role }))
}

/// Members of an organization of yours
#[utoipa::path(tag = "organization", operation_id = "listOrganizationMembers",
    params(
        ("organizationId" = Option<String>, Query, description = "The organization, unless it is the active one"),
        ("organizationSlug" = Option<String>, Query, description = "Its slug, instead"),
        ("limit" = Option<u64>, Query, description = "How many members to show, at most; 100 unless said"),
        ("offset" = Option<u64>, Query, description = "How many to leave out before"),
        ("sortBy" = Option<String>, Query, description = "`id`, `userId`, `role` or `createdAt`; others sort nothing"),
        ("sortDirection" = Option<String>, Query, description = "`asc` or `desc`"),
        ("filterField" = Option<String>, Query, description = "One of the same fields; nobody is shown for others"),
        ("filterOperator" = Option<String>, Query, description = "`eq`, `ne`, `lt`, `lte`, `gt`, `gte`, `in`, `not_in`, `contains`, `starts_with` or `ends_with`"),
        ("filterValue" = Option<Vec<String>>, Query, description = "With what the field is compared"),
    ),
    responses((status = 200, body = AuthMembers, description = "the members, and how many there are in all"), Refusals))]
#[get("/api/auth/organization/list-members")]
async fn list_members(auth: Auth) -> Answer {
    let which = auth.query::<WhichOrganization>()?.into_which();
    let parameters = form_urlencoded::parse(auth.request.query_string().as_bytes());
    let values = parameters.filter(|(name, _)| name == "filterValue");
    let values = values.map(|(_, value)| value.into_owned()).collect();
    let roster = auth.query::<MemberQuery>()?.into_roster(values);
    let Session { caller, .. } = auth.session().await?;
    let list = async move |tx: &_| member::list(tx, &caller, &which, &roster).await;
    let (members, total) = snapshot(&auth.db, list).await?;
    let members = members.into_iter().map(AuthMember::from).collect();
    Ok(HttpResponse::Ok().json(AuthMembers { members, total }))
}

/// Ends a membership
#[utoipa::path(tag = "organization", operation_id = "removeMember", request_body = RemoveMember,
    responses((status = 200, body = RemovedMember, description = "the membership as it was"), Refusals))]
#[post("/api/auth/organization/remove-member")]
async fn remove_member(auth: Auth, body: Body<false>) -> Answer {
    let input: RemoveMember = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let (id, removed) = (input.organization_id, input.removed());
    let remove = async move |tx: &_| member::remove(tx, &caller, id, &removed).await;
    let member = match transact(&auth.db, remove).await? {
        (member, Some(user)) => (member, user).into(),
        (member, None) => member.into(),
    };
    Ok(HttpResponse::Ok().json(RemovedMember { member }))
}

/// Gives a member other roles
#[utoipa::path(tag = "organization", operation_id = "updateMemberRole", request_body = UpdateMemberRole,
    responses((status = 200, body = AuthMember, description = "the membership as it is now"), Refusals))]
#[post("/api/auth/organization/update-member-role")]
async fn update_member_role(auth: Auth, body: Body<false>) -> Answer {
    let UpdateMemberRole { role, member_id, organization_id: id } = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let roles = role.into_list();
    let update =
        async move |tx: &_| member::update_role(tx, &caller, id, member_id.0, &roles).await;
    let member = transact(&auth.db, update).await?;
    Ok(HttpResponse::Ok().json(AuthMember::from(member)))
}

/// Ends your own membership
#[utoipa::path(tag = "organization", operation_id = "leaveOrganization", request_body = OneOrganization,
    responses((status = 200, body = AuthMember, description = "the membership as it was"), Refusals))]
#[post("/api/auth/organization/leave")]
async fn leave_organization(auth: Auth, body: Body<false>) -> Answer {
    let OneOrganization { organization_id: id } = auth.input(body)?;
    let Session { caller, .. } = auth.session().await?;
    let member = transact(&auth.db, async move |tx| member::leave(tx, &caller, id.0).await).await?;
    Ok(HttpResponse::Ok().json(AuthMember::from(member)))
}
