//! Administrators who act as somebody else.

use actix_web::{HttpResponse, post};
use service::identity::{IdentityError, admin};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth};
use crate::identity::{
    answer::AuthSessionAndUser,
    body::Body,
    input::{
        Nothing,
        admin::{OfUser, id_of},
    },
    refusal::{Failure, Refusal, SilentRefusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(impersonate_user).service(stop_impersonating);
}

/// Acts as another user for an hour
///
/// For administrators, who cannot act as each other. What is done is recorded with both names.
#[utoipa::path(tag = "administration", operation_id = "impersonateUser", request_body = OfUser,
    responses(SilentRefusals, (status = 200, body = AuthSessionAndUser, description = "the user, and a session of theirs; its token is in the cookie and in the header `set-auth-token`")))]
#[post("/api/auth/admin/impersonate-user")]
async fn impersonate_user(auth: Auth, body: Body<false>) -> Answer {
    let input: OfUser = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    let (id, device) = (id_of(&input.user_id), auth.device());
    let opened = admin::impersonate(&auth.db, &session.caller, id, &device).await?;
    let mut answer = HttpResponse::Ok();
    let cookies = &auth.identity.cookies;
    cookies.set_admin_session(&mut answer, auth.request.headers(), &session.token);
    cookies.set_session(&mut answer, &opened.token, false);
    let (session, user) = (opened.session.into(), opened.user.into());
    Ok(answer.json(AuthSessionAndUser { session, user }))
}

/// Ends acting as another user
#[utoipa::path(tag = "administration", operation_id = "stopImpersonating", request_body = Option<Nothing>,
    responses(SilentRefusals, (status = 200, body = AuthSessionAndUser, description = "the administrator, and their own session")))]
#[post("/api/auth/admin/stop-impersonating")]
async fn stop_impersonating(auth: Auth, body: Body<false>) -> Answer {
    let Nothing {} = auth.input(body)?;
    let session = auth.session_or_silence().await?;
    let cookies = &auth.identity.cookies;
    let own = cookies.admin_session(auth.request.headers());
    let token = own.as_ref().map(|(token, _)| token.as_str());
    let found = admin::stop_impersonating(&auth.db, &session.caller, token).await;
    let found = found.map_err(|error| match error {
        IdentityError::YouAreNotImpersonatingAnyone => {
            Refusal::Plain("You are not impersonating anyone").into()
        }
        IdentityError::FailedToFindAdminSession => {
            Refusal::Plain("Failed to find admin session").into()
        }
        other => Failure::from(other),
    })?;
    let mut answer = HttpResponse::Ok();
    if let Some((token, remember)) = own {
        cookies.restore_admin_session(&mut answer, &token, remember);
    }
    let (session, user) = (found.session.into(), found.user.into());
    Ok(answer.json(AuthSessionAndUser { session, user }))
}
