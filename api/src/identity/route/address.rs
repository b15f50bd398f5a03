//! E-mail addresses: that they are one's own, and how one gets another.

use actix_web::{HttpResponse, HttpResponseBuilder, get, http::StatusCode, post};
use futures_util::future::OptionFuture;
use service::identity::{
    IdentityError,
    address::{self, Verified as Outcome},
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth, answer_floor, redirect, with_parameter};
use crate::identity::{
    answer::{Status, Verified},
    body::Body,
    input::{ChangeEmail, Link, SendVerificationEmail},
    refusal::{Failure, Refusal, Refusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(send_verification_email).service(verify_email).service(change_email);
}

/// Sends a link that verifies an address
///
/// Who is not signed in is answered the same whether somebody has this address or not.
#[utoipa::path(tag = "identity", operation_id = "sendVerificationEmail", security((), ("bearer" = []), ("cookie" = [])),
    request_body = SendVerificationEmail,
    responses((status = 200, body = Status, description = "if the address is unverified, a link is on its way"), Refusals))]
#[post("/api/auth/send-verification-email")]
async fn send_verification_email(auth: Auth, body: Body<false>) -> Answer {
    let input: SendVerificationEmail = auth.input(body)?;
    let session = auth.session_if_any().await?;
    let floor = session.is_none().then(answer_floor);
    if let Some(session) = &session {
        if session.user.email != input.email.to_lowercase() {
            return Err(IdentityError::EmailMismatch.into());
        }
        if session.user.email_verified {
            return Err(IdentityError::EmailAlreadyVerified.into());
        }
    }
    let (tools, callback) = (&auth.identity.tools, input.callback_url.as_deref());
    address::request_verification(&auth.db, tools, &auth.caller, &input.email, callback).await?;
    OptionFuture::from(floor).await;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Does what a link that was sent to an address is for
///
/// It verifies the address and signs its user in; or confirms that they want another address; or gives it to them.
#[utoipa::path(tag = "identity", operation_id = "verifyEmail", security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("token" = String, Query, description = "The token of the link"),
        ("callbackURL" = Option<String>, Query, description = "Where to go on to, with `error` in the query if something is wrong"),
    ),
    responses((status = 200, body = Verified, description = "it is done"),
        (status = 302, description = "the same, with `callbackURL`"), Refusals))]
#[get("/api/auth/verify-email")]
async fn verify_email(auth: Auth) -> Answer {
    let Link { token, callback_url, .. } = auth.query()?;
    let onward = callback_url.as_deref().filter(|url| !url.is_empty());
    let session = auth.session_if_any().await?;
    let signed_in = session.as_ref().map(|session| session.user.id);
    let (tools, device) = (&auth.identity.tools, auth.device());
    let done =
        address::verify(&auth.db, tools, &auth.caller, &device, signed_in, &token, onward).await;
    let done = match (done, onward) {
        (Err(IdentityError::Service(error)), _) => return Err(error.into()),
        (Err(error), Some(url)) => {
            return Ok(redirect(&with_parameter(url, "error", error.code())).finish());
        }
        (Err(error), None) => {
            return Err(Refusal::IdentityAs(StatusCode::UNAUTHORIZED, error).into());
        }
        (Ok(done), _) => done,
    };
    let mut answer = onward.map_or_else(HttpResponse::Ok, redirect);
    let (cookies, headers) = (&auth.identity.cookies, auth.request.headers());
    let keep = |answer: &mut HttpResponseBuilder| {
        if let Some(session) = &session {
            cookies.keep_session(answer, headers, &session.token);
        }
    };
    let user = match done {
        Outcome::Address(None) => {
            keep(&mut answer);
            Some(None)
        }
        Outcome::Address(Some(opened)) => {
            auth.note_user(&opened.user);
            cookies.set_session(&mut answer, &opened.token, true);
            Some(None)
        }
        Outcome::Confirmed => None,
        Outcome::Changed(user) => {
            keep(&mut answer);
            Some(Some((*user).into()))
        }
    };
    Ok(match onward {
        Some(_) => answer.finish(),
        None => answer.json(Verified { status: true, user }),
    })
}

/// Asks for another address
///
/// Who has verified the present one confirms there that they want it; then a link goes to the new one. The answer is the
/// same whether the new one is taken or not.
#[utoipa::path(tag = "identity", operation_id = "changeEmail", request_body = ChangeEmail,
    responses((status = 200, body = Status, description = "a link is on its way, unless the address is taken"), Refusals))]
#[post("/api/auth/change-email")]
async fn change_email(auth: Auth, body: Body<false>) -> Answer {
    let input: ChangeEmail = auth.input(body)?;
    let session = auth.own_session().await?;
    if input.new_email.to_lowercase() == session.user.email {
        return Err(Failure::from(Refusal::Plain("Email is the same")));
    }
    let (tools, callback) = (&auth.identity.tools, input.callback_url.as_deref());
    let (caller, user, floor) = (&session.caller, &session.user, answer_floor());
    address::request_change(&auth.db, tools, caller, user, &input.new_email, callback).await?;
    floor.await;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}
