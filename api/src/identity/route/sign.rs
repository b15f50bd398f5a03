//! Signing up, in and out, and who is signed in.

use actix_web::{HttpResponse, ResponseError, get, http::header, post};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use service::identity::{
    IdentityError,
    credential::{self, SignIn, SignUp, SignedUp as SignUpOutcome},
    session::{self, SignedIn as Opened},
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth};
use crate::identity::{
    answer::{Alive, AuthSessionAndUser, SignedIn, SignedUp, Success},
    body::Body,
    input::{NOT_FOR_USERS, Nothing, SignInEmail, SignUpEmail},
    origin::check_sign_in,
    refusal::{Refusal, Refusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_session)
        .service(post_session)
        .service(sign_up_email)
        .service(sign_in_email)
        .service(sign_out)
        .service(ok)
        .service(error_page);
}

/// Creates a user and signs them in
///
/// With `EMAIL_VERIFICATION=required` nobody is signed in: `token` is `null`, and the answer is the same if the address
/// is taken.
#[utoipa::path(tag = "identity", operation_id = "signUpWithEmailAndPassword", security(()), request_body = SignUpEmail,
    responses((status = 200, body = SignedUp, description = "the user; the session is in the cookie and in `token`"), Refusals))]
#[post("/api/auth/sign-up/email")]
async fn sign_up_email(auth: Auth, body: Body<true>) -> Answer {
    check_sign_in(auth.request.headers(), &auth.identity.origins)?;
    let fields = body.fields()?;
    fields.forbid(&NOT_FOR_USERS)?;
    let input = SignUp::from(auth.read::<SignUpEmail>(fields)?);
    let tools = &auth.identity.tools;
    let mut answer = HttpResponse::Ok();
    match credential::sign_up(&auth.db, tools, &auth.caller, &input, &auth.device()).await? {
        SignUpOutcome::In(opened) => {
            auth.note_user(&opened.user);
            auth.identity.cookies.set_session(&mut answer, &opened.token, input.remember);
            let token = Some(opened.token.reveal().to_owned());
            Ok(answer.json(SignedUp { token, user: opened.user.into() }))
        }
        SignUpOutcome::Unverified(user) => {
            Ok(answer.json(SignedUp { token: None, user: (*user).into() }))
        }
    }
}

/// Signs a user in
#[utoipa::path(tag = "identity", operation_id = "signInEmail", security(()), request_body = SignInEmail,
    responses((status = 200, body = SignedIn, description = "the user; the session is in the cookie and in `token`"), Refusals))]
#[post("/api/auth/sign-in/email")]
async fn sign_in_email(auth: Auth, body: Body<true>) -> Answer {
    let input: SignInEmail = auth.sign_in_input(body)?;
    let (remember, url) = (input.remember(), input.callback_url.clone());
    let (tools, input) = (&auth.identity.tools, SignIn::from(input));
    let opened = credential::sign_in(&auth.db, tools, &auth.caller, &input, &auth.device()).await?;
    Ok(signed_in(&auth, opened, remember, url))
}

/// The answer to a sign-in.
pub(super) fn signed_in(
    auth: &Auth,
    opened: Opened,
    remember: bool,
    url: Option<String>,
) -> HttpResponse {
    auth.note_user(&opened.user);
    let mut answer = HttpResponse::Ok();
    auth.identity.cookies.set_session(&mut answer, &opened.token, remember);
    let onward = url.as_deref().filter(|url| !url.is_empty());
    if let Some(url) = onward {
        let url = utf8_percent_encode(url, CONTROLS).to_string();
        answer.insert_header((header::LOCATION, url));
    }
    let token = opened.token.reveal().to_owned();
    answer.json(SignedIn { redirect: onward.is_some(), token, url, user: opened.user.into() })
}

/// Ends the session, if there is one
#[utoipa::path(tag = "identity", operation_id = "signOut", request_body = Option<Nothing>,
    responses((status = 200, body = Success, description = "nobody is signed in any more"), Refusals))]
#[post("/api/auth/sign-out")]
async fn sign_out(auth: Auth, body: Body<false>) -> Answer {
    let Nothing {} = auth.input(body)?;
    if let Some(token) = auth.identity.token_of(auth.request.headers()) {
        session::end(&auth.db, &token).await?;
    }
    let mut answer = HttpResponse::Ok();
    let (cookies, headers) = (&auth.identity.cookies, auth.request.headers());
    cookies.clear(&mut answer);
    // Who signs out while they act as somebody else is not left signed in as themselves.
    if let Some((token, _)) = cookies.admin_session(headers) {
        session::end(&auth.db, &token).await?;
        cookies.clear_admin_session(&mut answer);
    }
    Ok(answer.json(Success { success: true }))
}

/// The session and its user; `null` if nobody is signed in
///
/// A session that is used is extended for a week, at most once a day.
#[utoipa::path(tag = "identity", operation_id = "getCurrentSession", security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("disableRefresh" = Option<String>, Query, description = "`true`: the session is not extended"),
        ("disableCookieCache" = Option<String>, Query, description = "Without meaning here: nothing is cached"),
    ),
    responses((status = 200, body = Option<AuthSessionAndUser>, description = "the session and its user, or `null`"), Refusals))]
#[get("/api/auth/get-session")]
async fn get_session(auth: Auth) -> Answer {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    answer.insert_header((header::PRAGMA, "no-cache"));
    let cookies = &auth.identity.cookies;
    let Some(token) = auth.identity.token_of(auth.request.headers()) else {
        return Ok(answer.json(()));
    };
    let extend = !is_set(auth.request.query_string(), "disableRefresh");
    let current = match session::current(&auth.db, auth.caller.at, &token, extend).await {
        Err(error @ IdentityError::FailedToGetSession) => {
            let mut refused = HttpResponse::Unauthorized();
            cookies.clear(&mut refused);
            let body = Refusal::Identity(error).error_response().into_body();
            return Ok(refused.content_type("application/json").body(body));
        }
        current => current?,
    };
    let Some(current) = current else {
        cookies.clear(&mut answer);
        return Ok(answer.json(()));
    };
    auth.note_user(&current.user);
    if current.extended {
        cookies.keep_session(&mut answer, auth.request.headers(), &token);
    }
    let (session, user) = (current.session.into(), current.user.into());
    Ok(answer.json(AuthSessionAndUser { session, user }))
}

/// Nothing: the session is asked for with GET
///
/// A server that may put off extending sessions is asked with POST to do it; this one never puts it off.
#[utoipa::path(tag = "identity", operation_id = "postSession", security(()), request_body = Option<Nothing>,
    responses((status = 405, description = "always"), Refusals))]
#[post("/api/auth/get-session")]
async fn post_session(auth: Auth, body: Body<false>) -> Answer {
    let Nothing {} = auth.input(body)?;
    Err(Refusal::GetSessionOnly.into())
}

/// Says that it is there
#[utoipa::path(tag = "identity", operation_id = "ok", security(()),
    responses((status = 200, body = Alive, description = "it is there"), Refusals))]
#[get("/api/auth/ok")]
async fn ok() -> HttpResponse {
    HttpResponse::Ok().json(Alive { ok: true })
}

/// Tells an error to whom no front end tells it
#[utoipa::path(tag = "identity", operation_id = "error", security(()),
    params(("error" = Option<String>, Query, description = "Which error")),
    responses((status = 200, body = String, content_type = "text/plain", description = "the error"), Refusals))]
#[get("/api/auth/error")]
async fn error_page(auth: Auth) -> HttpResponse {
    let query = url::form_urlencoded::parse(auth.request.query_string().as_bytes());
    let code = query.into_owned().find(|(name, _)| name == "error").map(|(_, code)| code);
    let is_plain = |code: &String| {
        code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_'-".contains(&byte))
    };
    let code = code.filter(|code| !code.is_empty() && is_plain(code));
    let code = code.unwrap_or_else(|| "UNKNOWN".to_owned());
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(format!("Something went wrong: {code}\n"))
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
