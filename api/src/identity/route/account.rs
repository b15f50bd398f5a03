//! What users change about themselves: name, password, and whether they exist.

use actix_web::{HttpResponse, get, http::StatusCode, post};
use service::{
    Caller,
    identity::{
        IdentityError, deletion, password_change,
        profile::{self, Profile},
        session,
    },
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth, absolute, answer_floor, redirect, with_parameter};
use crate::identity::{
    answer::{Deleted, PasswordChanged, ResetRequested, Status},
    body::{Body, Fields},
    input::{
        Callback, ChangePassword, DeleteUser, Link, NOT_FOR_USERS, Password, RequestPasswordReset,
        ResetPassword, UpdateUser,
    },
    refusal::{Failure, Refusal, Refusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(update_user)
        .service(change_password)
        .service(verify_password)
        .service(request_password_reset)
        .service(reset_password_callback)
        .service(reset_password)
        .service(delete_user)
        .service(delete_user_callback);
}

/// Changes the signed-in user
///
/// Other members are passed over, but for `email`, `role`, `banReason` and `banExpires`, which are refused.
#[utoipa::path(tag = "identity", operation_id = "updateUser", request_body = UpdateUser,
    responses((status = 200, body = Status, description = "it is changed"), Refusals))]
#[post("/api/auth/update-user")]
async fn update_user(auth: Auth, body: Body<false>) -> Answer {
    let fields = body.fields()?;
    let names_email = fields.forbid(&["email"]).is_err();
    let forbidden = fields.forbid(&NOT_FOR_USERS);
    let input: UpdateUser = auth.read(fields)?;
    let session = auth.session().await?;
    if names_email {
        return Err(IdentityError::EmailCanNotBeUpdated.into());
    }
    forbidden?;
    let profile = Profile::from(input);
    if profile == Profile::default() {
        return Err(Refusal::Plain("No fields to update").into());
    }
    profile::update(&auth.db, &session.caller, &profile).await?;
    let mut answer = HttpResponse::Ok();
    auth.identity.cookies.keep_session(&mut answer, auth.request.headers(), &session.token);
    Ok(answer.json(Status { status: true }))
}

/// Sets another password
///
/// With `revokeOtherSessions` all sessions end, and `token` and cookie are those of a new one.
#[utoipa::path(tag = "identity", operation_id = "changePassword", request_body = ChangePassword,
    responses((status = 200, body = PasswordChanged, description = "it is set"), Refusals))]
#[post("/api/auth/change-password")]
async fn change_password(auth: Auth, body: Body<false>) -> Answer {
    let input: ChangePassword = auth.input(body)?;
    let session = auth.own_session().await?;
    let device = input.revoke_other_sessions.unwrap_or(false).then(|| auth.device());
    let (current, new) = (&input.current_password, &input.new_password);
    let (tools, caller) = (&auth.identity.tools, &session.caller);
    let opened =
        password_change::change(&auth.db, tools, caller, current, new, device.as_ref()).await?;
    let mut answer = HttpResponse::Ok();
    let token = opened.map(|opened| {
        let token = opened.token.reveal().to_owned();
        auth.identity.cookies.keep_session(&mut answer, auth.request.headers(), &token);
        token
    });
    Ok(answer.json(PasswordChanged { token, user: session.user.into() }))
}

/// Whether this is the signed-in user's password
#[utoipa::path(tag = "identity", operation_id = "verifyPassword", request_body = Password,
    responses((status = 200, body = Status, description = "it is"), Refusals))]
#[post("/api/auth/verify-password")]
async fn verify_password(auth: Auth, body: Body<false>) -> Answer {
    let input: Password = auth.input(body)?;
    let session = auth.own_session().await?;
    let tools = &auth.identity.tools;
    password_change::verify(&auth.db, tools, &session.caller, &input.password).await.map_err(
        |error| match error {
            IdentityError::CredentialAccountNotFound => IdentityError::InvalidPassword,
            other => other,
        },
    )?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Sends a link to set a new password
///
/// The answer is the same whether somebody has this address or not.
#[utoipa::path(tag = "identity", operation_id = "requestPasswordReset", security(()), request_body = RequestPasswordReset,
    responses((status = 200, body = ResetRequested, description = "if somebody has this address, a link is on its way"), Refusals))]
#[post("/api/auth/request-password-reset")]
async fn request_password_reset(auth: Auth, body: Body<false>) -> Answer {
    let input: RequestPasswordReset = auth.input(body)?;
    let floor = answer_floor();
    let (tools, callback) = (&auth.identity.tools, input.redirect_to.as_deref());
    password_change::request_reset(&auth.db, tools, &auth.caller, &input.email, callback).await?;
    floor.await;
    Ok(HttpResponse::Ok().json(ResetRequested {
        status: true,
        message: "If this email exists in our system, check your email for the reset link",
    }))
}

/// Goes on to where a new password is typed, with `token` or `error` in the query
#[utoipa::path(tag = "identity", operation_id = "resetPasswordCallback", security(()),
    params(
        ("token" = String, Path, description = "The token of the link"),
        ("callbackURL" = String, Query, description = "Where to go on to"),
    ),
    responses((status = 302, description = "there"), Refusals))]
#[get("/api/auth/reset-password/{token}")]
async fn reset_password_callback(auth: Auth) -> Answer {
    let Callback { callback_url } = auth.query()?;
    let token = auth.request.match_info().query("token");
    let valid = password_change::is_resettable(&auth.db, auth.caller.at, token).await?;
    let url = match (callback_url.as_str(), valid) {
        ("", _) => with_parameter("/api/auth/error", "error", "INVALID_TOKEN"),
        (url, false) => with_parameter(url, "error", "INVALID_TOKEN"),
        (url, true) => with_parameter(url, "token", token),
    };
    Ok(redirect(&absolute(&auth, &url)).finish())
}

/// Sets a new password
///
/// All sessions of the user end.
#[utoipa::path(tag = "identity", operation_id = "resetPassword", security(()), request_body = ResetPassword,
    responses((status = 200, body = Status, description = "it is set"), Refusals))]
#[post("/api/auth/reset-password")]
async fn reset_password(auth: Auth, body: Body<false>) -> Answer {
    let input: ResetPassword = auth.input(body)?;
    let query: ResetToken = Fields::of_query(auth.request.query_string()).parse()?;
    let token = input.token.or(query.token).filter(|token| !token.is_empty());
    let token = token.ok_or(IdentityError::InvalidToken)?;
    let new = &input.new_password;
    let tools = &auth.identity.tools;
    password_change::reset(&auth.db, tools, &auth.caller, &token, new).await.map_err(|error| {
        let missing = matches!(error, IdentityError::UserNotFound);
        let failure = Failure::from(error);
        if missing { failure.with_status(StatusCode::BAD_REQUEST) } else { failure }
    })?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

#[derive(serde::Deserialize, validator::Validate)]
struct ResetToken {
    token: Option<String>,
}

/// Deletes the signed-in user
///
/// With the password, or within a day of signing in, at once; else a link is sent that does it. Personal projects go too;
/// those of an organization go to another of its owners.
#[utoipa::path(tag = "identity", operation_id = "deleteUser", request_body = Option<DeleteUser>,
    responses((status = 200, body = Deleted, description = "the user is deleted, or a link is on its way"), Refusals))]
#[post("/api/auth/delete-user")]
async fn delete_user(auth: Auth, body: Body<false>) -> Answer {
    let input: DeleteUser = auth.input(body)?;
    let session = auth.own_session().await?;
    let tools = &auth.identity.tools;
    if let Some(password) = input.password.as_deref().filter(|password| !password.is_empty()) {
        password_change::verify(&auth.db, tools, &session.caller, password).await?;
    } else if input.token.is_none() && !session::is_fresh(&session.session, auth.caller.at) {
        let callback = input.callback_url.as_deref();
        deletion::request(&auth.db, tools, &session.caller, &session.user, callback).await?;
        let message = "Verification email sent";
        return Ok(HttpResponse::Ok().json(Deleted { success: true, message }));
    }
    delete(&auth, &session.caller, input.token.as_deref()).await?;
    Ok(deleted(&auth))
}

/// Deletes the signed-in user who was sent this link
#[utoipa::path(tag = "identity", operation_id = "deleteUserCallback",
    params(
        ("token" = String, Query, description = "The token of the link"),
        ("callbackURL" = Option<String>, Query, description = "Where to go on to"),
    ),
    responses((status = 200, body = Deleted, description = "the user is deleted"),
        (status = 302, description = "the same, with `callbackURL`"), Refusals))]
#[get("/api/auth/delete-user/callback")]
async fn delete_user_callback(auth: Auth) -> Answer {
    let input: Link = auth.query()?;
    let session = auth.session_if_any().await?;
    let unknown = Refusal::IdentityAs(StatusCode::NOT_FOUND, IdentityError::FailedToGetUserInfo);
    let session = session.ok_or(unknown)?;
    if session.session.impersonated_by.is_some() {
        return Err(IdentityError::NotWhileImpersonating.into());
    }
    delete(&auth, &session.caller, Some(&input.token)).await?;
    match input.callback_url.as_deref() {
        None | Some("") => Ok(deleted(&auth)),
        Some(url) => {
            let mut answer = redirect(url);
            auth.identity.cookies.clear(&mut answer);
            Ok(answer.finish())
        }
    }
}

async fn delete(auth: &Auth, caller: &Caller, token: Option<&str>) -> Result<(), Failure> {
    deletion::delete_self(&auth.db, caller, token).await.map_err(|error| {
        let unproven = matches!(error, IdentityError::InvalidToken);
        let failure = Failure::from(error);
        if unproven { failure.with_status(StatusCode::NOT_FOUND) } else { failure }
    })
}

fn deleted(auth: &Auth) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    auth.identity.cookies.clear(&mut answer);
    answer.json(Deleted { success: true, message: "User deleted" })
}
