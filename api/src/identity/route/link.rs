//! Other ways to sign in: by name, and by a link that is sent.

use actix_web::{HttpResponse, get, http::StatusCode, post};
use service::identity::{
    IdentityError,
    credential::{self, Login, SignIn},
    magic_link::{self, MagicLink},
    profile,
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth, absolute, redirect, sign::signed_in, with_parameter};
use crate::identity::{
    answer::{Available, LinkFollowed, SignedIn, Status},
    body::Body,
    input::{Link, SignInMagicLink, SignInUsername, Username},
    refusal::{Failure, Refusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(sign_in_username)
        .service(is_username_available)
        .service(sign_in_magic_link)
        .service(verify_magic_link);
}

/// Signs a user in by their name
#[utoipa::path(tag = "identity", operation_id = "signInUsername", security(()), request_body = SignInUsername,
    responses((status = 200, body = SignedIn, description = "the user; the session is in the cookie and in `token`"), Refusals))]
#[post("/api/auth/sign-in/username")]
async fn sign_in_username(auth: Auth, body: Body<false>) -> Answer {
    let input: SignInUsername = auth.sign_in_input(body)?;
    if input.username.is_empty() || input.password.is_empty() {
        return Err(IdentityError::InvalidUsernameOrPassword.into());
    }
    let sign_in = SignIn {
        login: Login::Username(input.username),
        password: input.password,
        callback_url: input.callback_url.clone(),
        remember: input.remember_me.unwrap_or(true),
    };
    let tools = &auth.identity.tools;
    let opened = credential::sign_in(&auth.db, tools, &auth.caller, &sign_in, &auth.device()).await;
    let opened = opened.map_err(unprocessable)?;
    Ok(signed_in(&auth, opened, sign_in.remember, input.callback_url))
}

/// Whether nobody has a name
#[utoipa::path(tag = "identity", operation_id = "isUsernameAvailable", security(()), request_body = Username,
    responses((status = 200, body = Available, description = "whether the name is free"), Refusals))]
#[post("/api/auth/is-username-available")]
async fn is_username_available(auth: Auth, body: Body<false>) -> Answer {
    let input: Username = auth.input(body)?;
    if input.username.is_empty() {
        return Err(unprocessable(IdentityError::InvalidUsername));
    }
    let available = profile::is_username_available(auth.db.reader(), &input.username).await;
    let available = available.map_err(unprocessable)?;
    Ok(HttpResponse::Ok().json(Available { available }))
}

/// Here a name that cannot be one is 422, elsewhere 400.
fn unprocessable(error: IdentityError) -> Failure {
    let about_name = matches!(
        error,
        IdentityError::UsernameTooShort
            | IdentityError::UsernameTooLong
            | IdentityError::InvalidUsername
    );
    let failure = Failure::from(error);
    if about_name { failure.with_status(StatusCode::UNPROCESSABLE_ENTITY) } else { failure }
}

/// Sends a link that signs its reader in
///
/// Who follows it and has no user yet is given one.
#[utoipa::path(tag = "identity", operation_id = "signInWithMagicLink", security(()), request_body = SignInMagicLink,
    responses((status = 200, body = Status, description = "a link is on its way"), Refusals))]
#[post("/api/auth/sign-in/magic-link")]
async fn sign_in_magic_link(auth: Auth, body: Body<false>) -> Answer {
    let input: SignInMagicLink = auth.sign_in_input(body)?;
    let link = MagicLink::from(input);
    magic_link::request(&auth.db, &auth.identity.tools, &auth.caller, &link).await?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Signs in who was sent a link
#[utoipa::path(tag = "identity", operation_id = "verifyMagicLink", security(()),
    params(
        ("token" = String, Query, description = "The token of the link"),
        ("callbackURL" = Option<String>, Query, description = "Where to go on to"),
        ("newUserCallbackURL" = Option<String>, Query, description = "Where to go on to who is new"),
        ("errorCallbackURL" = Option<String>, Query, description = "Where to go on to if something is wrong, with `error` in the query"),
    ),
    responses((status = 200, body = LinkFollowed, description = "the user; the session is in the cookie and in `token`"),
        (status = 302, description = "the same, with `callbackURL`; or what is wrong"), Refusals))]
#[get("/api/auth/magic-link/verify")]
async fn verify_magic_link(auth: Auth) -> Answer {
    let link: Link = auth.query()?;
    let given = |url: &Option<String>| url.clone().filter(|url| !url.is_empty());
    let callback = given(&link.callback_url);
    let redeemed = magic_link::redeem(&auth.db, &auth.caller, &auth.device(), &link.token).await;
    let (opened, is_new) = match redeemed {
        Ok(redeemed) => redeemed,
        Err(IdentityError::Service(error)) => return Err(error.into()),
        Err(error) => {
            let url = given(&link.error_callback_url).or(callback);
            let url = absolute(&auth, url.as_deref().unwrap_or("/"));
            let url = with_parameter(&url, "error", error.code());
            return Ok(redirect(&url).finish());
        }
    };
    auth.note_user(&opened.user);
    let new_user_callback = given(&link.new_user_callback_url).filter(|_| is_new);
    let cookies = &auth.identity.cookies;
    if let Some(url) = callback {
        let mut answer = redirect(&absolute(&auth, new_user_callback.as_deref().unwrap_or(&url)));
        cookies.set_session(&mut answer, &opened.token, true);
        return Ok(answer.finish());
    }
    let mut answer = HttpResponse::Ok();
    cookies.set_session(&mut answer, &opened.token, true);
    let token = opened.token.reveal().to_owned();
    let (user, session) = (opened.user.into(), opened.session.into());
    Ok(answer.json(LinkFollowed { token, user, session }))
}
