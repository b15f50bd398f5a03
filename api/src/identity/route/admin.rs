//! What administrators do to users. Everybody else is refused, and who is nobody is told nothing.

use actix_web::{HttpResponse, get, http::StatusCode, post};
use service::identity::{
    IdentityError,
    admin::{self, Changes, Creation, Filter, Search, UserQuery},
};
use url::form_urlencoded;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth};
use crate::identity::{
    answer::{
        AuthUser, Status, Success,
        admin::{OneUser, Permitted, Sessions, Users},
    },
    body::{Body, Fields},
    input::admin::{
        BanUser, CreateUser, ListUsers, OfUser, RevokeUserSession, SetRole, SetUserPassword,
        UpdateUser, UserData, UserHasPermission, WithId, id_of,
    },
    refusal::{Failure, Refusal, SilentRefusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(set_role)
        .service(get_user)
        .service(create_user)
        .service(update_user)
        .service(list_users)
        .service(list_user_sessions)
        .service(ban_user)
        .service(unban_user)
        .service(revoke_user_session)
        .service(revoke_user_sessions)
        .service(remove_user)
        .service(set_user_password)
        .service(has_permission);
}

/// Makes a user an administrator, or an administrator an ordinary user
///
/// For administrators. Of several roles the highest counts.
#[utoipa::path(tag = "administration", operation_id = "setUserRole", request_body = SetRole,
    responses(SilentRefusals, (status = 200, body = OneUser, description = "the user as they are now")))]
#[post("/api/auth/admin/set-role")]
async fn set_role(auth: Auth, body: Body<false>) -> Answer {
    let input: SetRole = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    admin::may(&session.caller, admin::Permission::SetRole)?;
    let role = input.role.role()?;
    let id = id_of(&input.user_id);
    let user = admin::set_role(&auth.db, &session.caller, id, role).await?;
    Ok(HttpResponse::Ok().json(OneUser { user: user.into() }))
}

/// One user
///
/// For administrators.
#[utoipa::path(tag = "administration", operation_id = "adminGetUser",
    params(("id" = String, Query, description = "The user's id")),
    responses(SilentRefusals, (status = 200, body = AuthUser, description = "the user")))]
#[get("/api/auth/admin/get-user")]
async fn get_user(auth: Auth) -> Answer {
    let input: WithId = auth.query()?;
    let session = auth.session_or_silence().await?;
    let user = admin::get(&auth.db, &session.caller, id_of(&input.id)).await?;
    Ok(HttpResponse::Ok().json(AuthUser::from(user)))
}

/// Creates a user
///
/// For administrators. Nobody is signed in by it, and no message is sent.
#[utoipa::path(tag = "administration", operation_id = "createUser", request_body = CreateUser,
    responses(SilentRefusals, (status = 200, body = OneUser, description = "the user")))]
#[post("/api/auth/admin/create-user")]
async fn create_user(auth: Auth, body: Body<false>) -> Answer {
    let input: CreateUser = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    admin::may(&session.caller, admin::Permission::Create)?;
    let data: UserData = Fields::within("body.data", input.data.unwrap_or_default()).parse()?;
    let changes = Changes::try_from(data)?;
    let role = input.role.map(|role| role.role()).transpose()?.or(changes.role);
    let new =
        Creation { name: input.name, email: input.email, password: input.password, role, changes };
    let hasher = &auth.identity.tools.hasher;
    let user = admin::create(&auth.db, hasher, &session.caller, &new).await.map_err(taken)?;
    Ok(HttpResponse::Ok().json(OneUser { user: user.into() }))
}

/// Changes a user
///
/// For administrators. A ban among the changes ends the user's sessions.
#[utoipa::path(tag = "administration", operation_id = "adminUpdateUser", request_body = UpdateUser,
    responses(SilentRefusals, (status = 200, body = AuthUser, description = "the user as they are now")))]
#[post("/api/auth/admin/update-user")]
async fn update_user(auth: Auth, body: Body<false>) -> Answer {
    let input: UpdateUser = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    admin::may(&session.caller, admin::Permission::Update)?;
    if input.data.is_empty() {
        return Err(IdentityError::NoDataToUpdate.into());
    }
    if input.data.contains_key("password") {
        return Err(IdentityError::PasswordCannotBeUpdatedViaUpdateUser.into());
    }
    let data: UserData = Fields::within("body.data", input.data).parse()?;
    let (id, changes) = (id_of(&input.user_id), Changes::try_from(data)?);
    let user = admin::update(&auth.db, &session.caller, id, &changes).await.map_err(taken)?;
    Ok(HttpResponse::Ok().json(AuthUser::from(user)))
}

/// Administrators are told of an address that is taken with another status than who signs up.
fn taken(error: IdentityError) -> Failure {
    let taken = matches!(error, IdentityError::UserAlreadyExistsUseAnotherEmail);
    let failure = Failure::from(error);
    if taken { failure.with_status(StatusCode::BAD_REQUEST) } else { failure }
}

/// Users, searched, filtered and ordered
///
/// For administrators. `sortBy` and `filterField` name members of a user; another name, and a value that is not of the
/// member's type, find nobody.
#[utoipa::path(tag = "administration", operation_id = "adminListUsers",
    params(
        ("searchValue" = Option<String>, Query, description = "Text to look for; letter case does not matter"),
        ("searchField" = Option<String>, Query, description = "Where: `email` or `name`"),
        ("searchOperator" = Option<String>, Query, description = "How: `contains`, `starts_with` or `ends_with`"),
        ("filterValue" = Option<String>, Query, description = "A value to compare with; several times for `in` and `not_in`"),
        ("filterField" = Option<String>, Query, description = "What to compare; `email` if nothing is said"),
        ("filterOperator" = Option<String>, Query, description = "How: `eq`, `ne`, `lt`, `lte`, `gt`, `gte`, `in`, `not_in`, `contains`, `starts_with` or `ends_with`"),
        ("sortBy" = Option<String>, Query, description = "The order; by age if nothing is said"),
        ("sortDirection" = Option<String>, Query, description = "`asc` or `desc`"),
        ("limit" = Option<String>, Query, description = "How many; 100 if nothing is said, 1000 at most"),
        ("offset" = Option<String>, Query, description = "How many to pass over"),
    ),
    responses(SilentRefusals, (status = 200, body = Users, description = "the users")))]
#[get("/api/auth/admin/list-users")]
async fn list_users(auth: Auth) -> Answer {
    let input: ListUsers = auth.query()?;
    let session = auth.session_or_silence().await?;
    // Numbers that are none are passed over.
    let number = |text: Option<String>| text?.parse().ok().filter(|number| *number > 0);
    let (limit, offset) = (number(input.limit), number(input.offset));
    let values: Vec<_> = form_urlencoded::parse(auth.request.query_string().as_bytes())
        .filter(|(name, _)| name == "filterValue")
        .map(|(_, value)| value.into_owned())
        .collect();
    let text = input.search_value.filter(|text| !text.is_empty());
    let query = UserQuery {
        search: text.map(|text| Search {
            field: input.search_field.unwrap_or_default(),
            operator: input.search_operator.unwrap_or_default(),
            text,
        }),
        filter: (!values.is_empty()).then(|| Filter {
            field: input.filter_field.unwrap_or_else(|| "email".to_owned()),
            operator: input.filter_operator.unwrap_or_default(),
            values,
        }),
        sort_by: input.sort_by.filter(|name| !name.is_empty()),
        direction: input.sort_direction.unwrap_or_default(),
        limit,
        offset: offset.unwrap_or_default(),
    };
    let page = admin::list(&auth.db, &session.caller, &query).await?;
    let users = page.users.into_iter().map(AuthUser::from).collect();
    Ok(HttpResponse::Ok().json(Users { users, total: page.total, limit, offset }))
}

/// A user's sessions
///
/// For administrators. `token` names a session and signs nobody in.
#[utoipa::path(tag = "administration", operation_id = "adminListUserSessions", request_body = OfUser,
    responses(SilentRefusals, (status = 200, body = Sessions, description = "the sessions that have not expired")))]
#[post("/api/auth/admin/list-user-sessions")]
async fn list_user_sessions(auth: Auth, body: Body<false>) -> Answer {
    let input: OfUser = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    let sessions = admin::list_sessions(&auth.db, &session.caller, id_of(&input.user_id)).await?;
    let sessions = sessions.into_iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(Sessions { sessions }))
}

/// Bans a user
///
/// For administrators. Their sessions end at once.
#[utoipa::path(tag = "administration", operation_id = "banUser", request_body = BanUser,
    responses(SilentRefusals, (status = 200, body = OneUser, description = "the user as they are now")))]
#[post("/api/auth/admin/ban-user")]
async fn ban_user(auth: Auth, body: Body<false>) -> Answer {
    let input: BanUser = auth.input(body)?;
    let duration = input.duration()?;
    let session = auth.session_or_silence().await?;
    let (id, reason) = (id_of(&input.user_id), input.ban_reason.as_deref());
    let user = admin::ban(&auth.db, &session.caller, id, reason, duration).await?;
    Ok(HttpResponse::Ok().json(OneUser { user: user.into() }))
}

/// Lifts a ban
///
/// For administrators.
#[utoipa::path(tag = "administration", operation_id = "unbanUser", request_body = OfUser,
    responses(SilentRefusals, (status = 200, body = OneUser, description = "the user as they are now")))]
#[post("/api/auth/admin/unban-user")]
async fn unban_user(auth: Auth, body: Body<false>) -> Answer {
    let input: OfUser = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    let user = admin::unban(&auth.db, &session.caller, id_of(&input.user_id)).await?;
    Ok(HttpResponse::Ok().json(OneUser { user: user.into() }))
}

/// Ends a session of any user
///
/// For administrators.
#[utoipa::path(tag = "administration", operation_id = "adminRevokeUserSession", request_body = RevokeUserSession,
    responses(SilentRefusals, (status = 200, body = Success, description = "there is no such session (any more)")))]
#[post("/api/auth/admin/revoke-user-session")]
async fn revoke_user_session(auth: Auth, body: Body<false>) -> Answer {
    let input: RevokeUserSession = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    admin::revoke_session(&auth.db, &session.caller, &input.session_token).await?;
    Ok(HttpResponse::Ok().json(Success { success: true }))
}

/// Ends all sessions of a user
///
/// For administrators.
#[utoipa::path(tag = "administration", operation_id = "adminRevokeUserSessions", request_body = OfUser,
    responses(SilentRefusals, (status = 200, body = Success, description = "the user has no session (any more)")))]
#[post("/api/auth/admin/revoke-user-sessions")]
async fn revoke_user_sessions(auth: Auth, body: Body<false>) -> Answer {
    let input: OfUser = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    admin::revoke_sessions(&auth.db, &session.caller, id_of(&input.user_id)).await?;
    Ok(HttpResponse::Ok().json(Success { success: true }))
}

/// Deletes a user
///
/// For administrators. Personal projects go too; those of an organization go to another of its owners.
#[utoipa::path(tag = "administration", operation_id = "removeUser", request_body = OfUser,
    responses(SilentRefusals, (status = 200, body = Success, description = "the user is deleted")))]
#[post("/api/auth/admin/remove-user")]
async fn remove_user(auth: Auth, body: Body<false>) -> Answer {
    let input: OfUser = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    admin::remove(&auth.db, &session.caller, id_of(&input.user_id)).await?;
    Ok(HttpResponse::Ok().json(Success { success: true }))
}

/// Gives a user another password
///
/// For administrators. The user's sessions end; of one's own, all but this one.
#[utoipa::path(tag = "administration", operation_id = "setUserPassword", request_body = SetUserPassword,
    responses(SilentRefusals, (status = 200, body = Status, description = "it is set")))]
#[post("/api/auth/admin/set-user-password")]
async fn set_user_password(auth: Auth, body: Body<false>) -> Answer {
    let input: SetUserPassword = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    let (hasher, id) = (&auth.identity.tools.hasher, id_of(&input.user_id));
    admin::set_password(&auth.db, hasher, &session.caller, id, &input.new_password).await?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Whether one has these permissions
///
/// For everybody who is signed in.
#[utoipa::path(tag = "administration", operation_id = "userHasPermission", request_body = UserHasPermission,
    responses(SilentRefusals, (status = 200, body = Permitted, description = "whether one has all of them")))]
#[post("/api/auth/admin/has-permission")]
async fn has_permission(auth: Auth, body: Body<false>) -> Answer {
    const NONE: &str = "invalid permission check. no permission(s) were passed.";
    let input: UserHasPermission = auth.input(body)?;
    let wanted = match (input.permissions, input.permission) {
        (Some(wanted), None) => wanted,
        (None, Some(_)) => return Err(Refusal::Plain(NONE).into()),
        _ => return Err(Refusal::Validation("[body] Invalid input".to_owned()).into()),
    };
    let session = auth.session_or_silence().await?;
    let success = admin::has_permission(session.caller.principal()?.role, &wanted);
    Ok(HttpResponse::Ok().json(Permitted { error: None, success }))
}
