//! The handlers.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, ResponseError, get, http::header, post, web,
};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use service::{
    Caller,
    identity::{
        IdentityError,
        credential::{self, SignIn, SignUp},
        session::{self, Device},
    },
};

use super::{
    Identity,
    answer::{Alive, AuthSessionAndUser, SignedIn, SignedOut, SignedUp},
    body::Body,
    input::{SignInEmail, SignOut, SignUpEmail},
    origin::{check_callback, check_cookies, check_sign_in},
    refusal::{Failure, Refusal, Refusals},
};
use crate::{
    extract::Db,
    middleware::{ClientAddress, RequestId, UserId},
};

type Answer = Result<HttpResponse, Failure>;

/// Creates a user and signs them in
#[utoipa::path(tag = "identity", operation_id = "signUpWithEmailAndPassword", security(()), request_body = SignUpEmail,
    responses((status = 200, body = SignedUp, description = "the user; the session is in the cookie and in `token`"), Refusals))]
#[post("/api/auth/sign-up/email")]
pub(super) async fn sign_up_email(
    request: HttpRequest,
    db: Db,
    identity: web::Data<Identity>,
    body: Body<true>,
) -> Answer {
    check_sign_in(request.headers(), &identity.origins)?;
    let input = SignUpEmail::read(body.fields()?)?;
    check_callback(input.callback_url(), &identity.origins)?;
    let input = SignUp::from(input);
    let (caller, device) = (caller(&request), device(&request));
    let opened = credential::sign_up(&db, &identity.hasher, &caller, &input, &device).await?;
    note_user(&request, &opened.user);
    let mut answer = HttpResponse::Ok();
    identity.cookies.set_session(&mut answer, &opened.token, input.remember);
    let token = opened.token.reveal().to_owned();
    Ok(answer.json(SignedUp { token, user: opened.user.into() }))
}

/// Signs a user in
#[utoipa::path(tag = "identity", operation_id = "signInEmail", security(()), request_body = SignInEmail,
    responses((status = 200, body = SignedIn, description = "the user; the session is in the cookie and in `token`"), Refusals))]
#[post("/api/auth/sign-in/email")]
pub(super) async fn sign_in_email(
    request: HttpRequest,
    db: Db,
    identity: web::Data<Identity>,
    body: Body<true>,
) -> Answer {
    check_sign_in(request.headers(), &identity.origins)?;
    let input = SignInEmail::read(body.fields()?)?;
    check_callback(input.callback_url(), &identity.origins)?;
    let url = input.callback_url().map(str::to_owned);
    let input = SignIn::from(input);
    let (caller, device) = (caller(&request), device(&request));
    let opened = credential::sign_in(&db, &identity.hasher, &caller, &input, &device).await?;
    note_user(&request, &opened.user);
    let mut answer = HttpResponse::Ok();
    identity.cookies.set_session(&mut answer, &opened.token, input.remember);
    let onward = url.as_deref().filter(|url| !url.is_empty());
    if let Some(url) = onward {
        let url = utf8_percent_encode(url, CONTROLS).to_string();
        answer.insert_header((header::LOCATION, url));
    }
    let token = opened.token.reveal().to_owned();
    Ok(answer.json(SignedIn { redirect: onward.is_some(), token, url, user: opened.user.into() }))
}

/// Ends the session, if there is one
#[utoipa::path(tag = "identity", operation_id = "signOut", request_body = Option<SignOut>,
    responses((status = 200, body = SignedOut, description = "nobody is signed in any more"), Refusals))]
#[post("/api/auth/sign-out")]
pub(super) async fn sign_out(
    request: HttpRequest,
    db: Db,
    identity: web::Data<Identity>,
    body: Body<false>,
) -> Answer {
    check_cookies(request.headers(), &identity.origins)?;
    let input = SignOut::read(body.optional_fields()?)?;
    check_callback(input.callback_url(), &identity.origins)?;
    if let Some(token) = identity.token_of(request.headers()) {
        session::end(&db, &token).await?;
    }
    let mut answer = HttpResponse::Ok();
    identity.cookies.clear(&mut answer);
    Ok(answer.json(SignedOut { success: true }))
}

/// The session and its user; `null` if nobody is signed in
///
/// A session that is used is extended for a week, at most once a day.
#[utoipa::path(tag = "identity", operation_id = "getSession", security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("disableRefresh" = Option<String>, Query, description = "`true`: the session is not extended"),
        ("disableCookieCache" = Option<String>, Query, description = "Without meaning here: nothing is cached"),
    ),
    responses((status = 200, body = Option<AuthSessionAndUser>, description = "the session and its user, or `null`"), Refusals))]
#[get("/api/auth/get-session")]
pub(super) async fn get_session(
    request: HttpRequest,
    db: Db,
    identity: web::Data<Identity>,
) -> Answer {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    answer.insert_header((header::PRAGMA, "no-cache"));
    let Some(token) = identity.token_of(request.headers()) else {
        return Ok(answer.json(()));
    };
    let extend = !is_set(request.query_string(), "disableRefresh");
    let current = match session::current(&db, caller(&request).at, &token, extend).await {
        Err(error @ IdentityError::FailedToGetSession) => {
            let mut refused = HttpResponse::Unauthorized();
            identity.cookies.clear(&mut refused);
            let body = Refusal::Identity(error).error_response().into_body();
            return Ok(refused.content_type("application/json").body(body));
        }
        current => current?,
    };
    let Some(current) = current else {
        identity.cookies.clear(&mut answer);
        return Ok(answer.json(()));
    };
    note_user(&request, &current.user);
    if current.extended {
        identity.cookies.set_token(&mut answer, &token, true);
    }
    let (session, user) = (current.session.into(), current.user.into());
    Ok(answer.json(AuthSessionAndUser { session, user }))
}

/// Says that it is there
#[utoipa::path(tag = "identity", operation_id = "ok", security(()),
    responses((status = 200, body = Alive, description = "it is there"), Refusals))]
#[get("/api/auth/ok")]
pub(super) async fn ok() -> HttpResponse {
    HttpResponse::Ok().json(Alive { ok: true })
}

fn caller(request: &HttpRequest) -> Caller {
    Caller::new(None, request.extensions().get::<RequestId>().map(|id| id.0.to_string()))
}

fn device(request: &HttpRequest) -> Device {
    let user_agent = request.headers().get(header::USER_AGENT);
    Device {
        ip_address: request.extensions().get::<ClientAddress>().map(|address| address.0),
        user_agent: user_agent.and_then(|name| name.to_str().ok()).map(str::to_owned),
    }
}

/// For the line in the log.
fn note_user(request: &HttpRequest, user: &entity::user::Model) {
    request.extensions_mut().insert(UserId(user.id));
}

/// Whether a parameter is there and does not say no.
fn is_set(query: &str, name: &str) -> bool {
    let value =
        url::form_urlencoded::parse(query.as_bytes()).find(|(parameter, _)| parameter == name);
    value.is_some_and(|(_, value)| !matches!(&*value, "" | "false" | "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_set_unless_it_says_no() {
        for (query, set) in [
            ("", false),
            ("disableRefresh", false),
            ("disableRefresh=false", false),
            ("other=true", false),
            ("disableRefresh=true", true),
            ("a=b&disableRefresh=1", true),
        ] {
            assert_eq!(is_set(query, "disableRefresh"), set, "{query}");
        }
    }
}
