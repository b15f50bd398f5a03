//! One's sessions, one by one.

use actix_web::{HttpResponse, get, post};
use service::identity::session;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Answer, Auth};
use crate::identity::{
    answer::{AuthSession, Status},
    body::Body,
    input::{Anything, NOT_FOR_SESSIONS, Nothing, RevokeSession},
    refusal::{Refusal, Refusals},
};

pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_sessions)
        .service(revoke_session)
        .service(revoke_sessions)
        .service(revoke_other_sessions)
        .service(update_session);
}

/// One's sessions
///
/// For who has signed in within the last day. `token` names a session and signs nobody in.
#[utoipa::path(tag = "identity", operation_id = "listUserSessions",
    responses((status = 200, body = Vec<AuthSession>, description = "the sessions, the newest first"), Refusals))]
#[get("/api/auth/list-sessions")]
async fn list_sessions(auth: Auth) -> Answer {
    let session = auth.fresh_session().await?;
    let sessions = session::list(auth.db.reader(), auth.caller.at, session.user.id).await?;
    let sessions: Vec<_> = sessions.into_iter().map(AuthSession::from).collect();
    Ok(HttpResponse::Ok().json(sessions))
}

/// Ends one of one's sessions
#[utoipa::path(tag = "identity", operation_id = "revokeUserSession", request_body = RevokeSession,
    responses((status = 200, body = Status, description = "there is no such session of yours (any more)"), Refusals))]
#[post("/api/auth/revoke-session")]
async fn revoke_session(auth: Auth, body: Body<false>) -> Answer {
    let input: RevokeSession = auth.input(body)?;
    let session = auth.session().await?;
    session::revoke(&auth.db, session.user.id, &input.token).await?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Ends all of one's sessions
#[utoipa::path(tag = "identity", operation_id = "revokeUserSessions", request_body = Option<Nothing>,
    responses((status = 200, body = Status, description = "you are signed out everywhere"), Refusals))]
#[post("/api/auth/revoke-sessions")]
async fn revoke_sessions(auth: Auth, body: Body<false>) -> Answer {
    let Nothing {} = auth.input(body)?;
    let session = auth.session().await?;
    session::revoke_all(&auth.db, session.user.id, None).await?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Ends all of one's sessions but for this one
#[utoipa::path(tag = "identity", operation_id = "revokeOtherUserSessions", request_body = Option<Nothing>,
    responses((status = 200, body = Status, description = "you are signed out everywhere else"), Refusals))]
#[post("/api/auth/revoke-other-sessions")]
async fn revoke_other_sessions(auth: Auth, body: Body<false>) -> Answer {
    let Nothing {} = auth.input(body)?;
    let session = auth.session().await?;
    session::revoke_all(&auth.db, session.user.id, Some(session.session.id)).await?;
    Ok(HttpResponse::Ok().json(Status { status: true }))
}

/// Changes the session
///
/// A session has nothing that its user could change: this is here because Better Auth's client asks for it.
#[utoipa::path(tag = "identity", operation_id = "updateUserSession", request_body = Anything,
    responses(Refusals))]
#[post("/api/auth/update-session")]
async fn update_session(auth: Auth, body: Body<false>) -> Answer {
    let fields = body.fields()?;
    auth.session().await?;
    fields.forbid(&NOT_FOR_SESSIONS)?;
    Err(Refusal::Plain("No fields to update").into())
}
