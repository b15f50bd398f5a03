//! Signing in elsewhere: going there, coming back, and the accounts that come of it.

use actix_web::{HttpResponse, HttpResponseBuilder, get, http::header, post};
use service::identity::{
    IdentityError,
    account::{self, Chosen},
    social::{self, Departure, Failure as ProviderFailure, Journey, Outcome, Provider},
};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{Answer, Auth, redirect, with_parameter};
use crate::identity::{
    answer::{self, AuthAccount, Status},
    body::Body,
    input::social::{Return, SignInSocial, UnlinkAccount},
    refusal::{Refusal, Refusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(sign_in_social)
        .service(callback)
        .service(callback_by_form)
        .service(link_social)
        .service(list_accounts)
        .service(unlink_account);
}

/// Parameters that are for this server to set.
const OURS: [&str; 9] = [
    "state",
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "scope",
];

/// The address where somebody signs in elsewhere
///
/// From there they come back to `/api/auth/callback/{id}`, in the same browser.
#[utoipa::path(tag = "identity", operation_id = "socialSignIn", security(()), request_body = SignInSocial,
    responses((status = 200, body = answer::Departure, description = "the address; also in `Location`"), Refusals))]
#[post("/api/auth/sign-in/social")]
async fn sign_in_social(auth: Auth, body: Body<false>) -> Answer {
    let input: SignInSocial = auth.sign_in_input(body)?;
    depart(&auth, input, None).await
}

/// The address where the signed-in user links an account elsewhere to this one
#[utoipa::path(tag = "identity", operation_id = "linkSocialAccount", request_body = SignInSocial,
    responses((status = 200, body = answer::Departure, description = "the address; also in `Location`"), Refusals))]
#[post("/api/auth/link-social")]
async fn link_social(auth: Auth, body: Body<false>) -> Answer {
    let input: SignInSocial = auth.input(body)?;
    let session = auth.session().await?;
    depart(&auth, input, Some(session.user.id)).await
}

async fn depart(auth: &Auth, input: SignInSocial, link: Option<Uuid>) -> Answer {
    let identity = &auth.identity;
    let provider = identity.providers.get(&input.provider);
    let provider = provider.ok_or(IdentityError::ProviderNotFound)?;
    if input.id_token.is_some() {
        return Err(IdentityError::IdTokenNotSupported.into());
    }
    let mut parameters: Vec<_> = input.additional_params.into_iter().flatten().collect();
    if let Some((name, _)) = parameters.iter().find(|(name, _)| OURS.contains(&name.as_str())) {
        let message = format!("[body.additionalParams.{name}] Invalid input: it is reserved");
        return Err(Refusal::Validation(message).into());
    }
    parameters.extend(input.login_hint.map(|hint| ("login_hint".to_owned(), hint)));
    let given = |url: Option<String>| url.filter(|url| !url.is_empty());
    let departure = Departure {
        scopes: input.scopes.unwrap_or_default(),
        parameters,
        callback: given(input.callback_url).unwrap_or_else(|| identity.tools.base_url.to_string()),
        error_callback: given(input.error_callback_url),
        new_user_callback: given(input.new_user_callback_url),
        link,
    };
    let (url, state) =
        social::depart(&auth.db, &identity.tools, provider, &auth.caller, &departure).await?;
    let redirect = !input.disable_redirect.unwrap_or(false);
    let mut answer = HttpResponse::Ok();
    identity.cookies.set_state(&mut answer, state.reveal());
    if redirect {
        answer.insert_header((header::LOCATION, &*url));
    }
    Ok(answer.json(answer::Departure { url, redirect }))
}

/// Where a provider sends its users back to
///
/// It goes on to the address that was given when they left, signed in, or with `error` in the query.
#[utoipa::path(tag = "identity", operation_id = "handleOAuthCallback", security(()),
    params(
        ("id" = String, Path, description = "The provider's name"),
        ("state" = Option<String>, Query, description = "What the browser was sent with"),
        ("code" = Option<String>, Query, description = "What the provider tells the user's identity for"),
        ("error" = Option<String>, Query, description = "What is wrong instead"),
        ("error_description" = Option<String>, Query, description = "The same, for people"),
        ("iss" = Option<String>, Query, description = "The provider's address"),
    ),
    responses((status = 302, description = "there"), Refusals))]
#[get("/api/auth/callback/{id}")]
async fn callback(auth: Auth) -> Answer {
    let fallback = [&*auth.identity.tools.base_url, "/api/auth/error"].concat();
    let Ok(back) = auth.query::<Return>() else {
        return Ok(refused(&fallback, "invalid_callback_request", None).finish());
    };
    let Some(state) = back.state.as_deref().filter(|state| !state.is_empty()) else {
        return Ok(refused(&fallback, "state_not_found", None).finish());
    };
    let Some(journey) = social::recall(auth.db.reader(), &auth.caller, state).await? else {
        return Ok(refused(&fallback, "state_mismatch", None).finish());
    };
    let error_url = journey.error_callback.as_deref().unwrap_or(&fallback);
    // Of another browser: it is left to the one that it is for.
    if !auth.identity.cookies.has_state(auth.request.headers(), state) {
        return Ok(refused(error_url, "state_mismatch", None).finish());
    }
    let mut answer = match social::finish(&auth.db, &auth.caller, state).await? {
        Some(_) => arrive(&auth, &journey, &back, error_url).await?,
        None => refused(error_url, "state_mismatch", None),
    };
    auth.identity.cookies.clear_state(&mut answer);
    Ok(answer.finish())
}

/// Sends on who came back in time, with the right state.
async fn arrive(
    auth: &Auth,
    journey: &Journey,
    back: &Return,
    error_url: &str,
) -> Result<HttpResponseBuilder, crate::identity::refusal::Failure> {
    let refuse = |code: &str| Ok(refused(error_url, code, None));
    if let Some(error) = back.error.as_deref() {
        return Ok(refused(error_url, error, back.error_description.as_deref()));
    }
    let Some(code) = back.code.as_deref().filter(|code| !code.is_empty()) else {
        return refuse("no_code");
    };
    let name = auth.request.match_info().query("id");
    let Some(provider) = auth.identity.providers.get(name) else {
        return refuse("oauth_provider_not_found");
    };
    if journey.provider != name {
        return refuse("state_mismatch");
    }
    if back.iss.as_deref().is_some_and(|issuer| issuer != provider.issuer()) {
        return refuse("issuer_mismatch");
    }
    let tools = &auth.identity.tools;
    let arrival = match social::redeem(tools, provider, journey, code).await {
        Ok(arrival) => arrival,
        Err(failure) => return refuse(told(provider, &failure)),
    };
    // Audited as done by the signed-in user, if it is the one who left.
    let session = match journey.link {
        Some(id) => auth.session_if_any().await?.filter(|session| session.user.id == id),
        None => None,
    };
    let caller = session.map_or_else(|| auth.caller.clone(), |session| session.caller);
    match social::arrive(&auth.db, tools, &caller, &auth.device(), journey, &arrival).await {
        Ok(Outcome::In { opened, is_new }) => {
            auth.note_user(&opened.user);
            let welcome = journey.new_user_callback.as_deref().filter(|_| is_new);
            let mut answer = redirect(welcome.unwrap_or(&journey.callback));
            auth.identity.cookies.set_session(&mut answer, &opened.token, true);
            Ok(answer)
        }
        Ok(Outcome::Linked) => Ok(redirect(&journey.callback)),
        Ok(Outcome::Refused(code)) => refuse(code),
        Err(IdentityError::Service(error)) => Err(error.into()),
        Err(error) => Ok(refused(error_url, error.code(), Some(&error.to_string()))),
    }
}

/// The word for a provider's failure, whose particulars are for the operator.
fn told(provider: &Provider, failure: &ProviderFailure) -> &'static str {
    tracing::warn!(provider = provider.name(), %failure, "nobody came back from a provider");
    match failure {
        ProviderFailure::Unusable(_) | ProviderFailure::Code(_) => "invalid_code",
        ProviderFailure::Token(_) => "unable_to_get_user_info",
    }
}

fn refused(url: &str, error: &str, description: Option<&str>) -> HttpResponseBuilder {
    let url = with_parameter(url, "error", error);
    let url = match description.filter(|text| !text.is_empty()) {
        Some(text) => with_parameter(&url, "error_description", text),
        None => url,
    };
    redirect(&url)
}

/// Where a provider sends its users back to that answers with a form
///
/// The browser comes without its cookies, so it is sent on to come with them.
#[utoipa::path(tag = "identity", operation_id = "handleOAuthForm", security(()),
    params(("id" = String, Path, description = "The provider's name")),
    request_body(content((Option<Object> = "application/x-www-form-urlencoded"), (Option<Object> = "application/json"))),
    responses((status = 302, description = "the same address with the form in the query"), Refusals))]
#[post("/api/auth/callback/{id}")]
async fn callback_by_form(auth: Auth, body: Body<true>) -> Answer {
    let form: Return = body.fields()?.parse()?;
    let query: Return = auth.query()?;
    let path = ["/api/auth/callback/", auth.request.match_info().query("id")].concat();
    let mut url = [&*auth.identity.tools.base_url, &path].concat();
    for (name, value) in [
        ("code", query.code.or(form.code)),
        ("state", query.state.or(form.state)),
        ("error", query.error.or(form.error)),
        ("error_description", query.error_description.or(form.error_description)),
        ("iss", query.iss.or(form.iss)),
    ] {
        if let Some(value) = value {
            url = with_parameter(&url, name, &value);
        }
    }
    Ok(redirect(&url).finish())
}

/// The ways in which the signed-in user signs in
#[utoipa::path(tag = "identity", operation_id = "listUserAccounts",
    responses((status = 200, body = [AuthAccount], description = "the accounts, without their secrets"), Refusals))]
#[get("/api/auth/list-accounts")]
async fn list_accounts(auth: Auth) -> Answer {
    let session = auth.session().await?;
    let accounts = account::accounts(auth.db.reader(), session.user.id).await?;
    let accounts: Vec<_> = accounts.into_iter().map(AuthAccount::from).collect();
    Ok(HttpResponse::Ok().json(accounts))
}

/// Removes one of the signed-in user's ways to sign in
///
/// Within a day of signing in, and not the last.
#[utoipa::path(tag = "identity", operation_id = "unlinkAccount", request_body = UnlinkAccount,
    responses((status = 200, body = Status, description = "it is removed"), Refusals))]
#[post("/api/auth/unlink-account")]
async fn unlink_account(auth: Auth, body: Body<false>) -> Answer {
    let input: UnlinkAccount = auth.input(body)?;
    let chosen = match (input.provider_id, input.account_id) {
        (Some(provider), id) => Chosen::Elsewhere(provider, id),
        (None, Some(id)) => Chosen::Row(id),
        (None, None) => {
            let message = "[body.accountId] Invalid input: required, received undefined";
            return Err(Refusal::Validation(message.to_owned()).into());
        }
    };
    let session = auth.fresh_session().await?;
    account::unlink(&auth.db, &session.caller, &chosen).await?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}
