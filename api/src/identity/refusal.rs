//! Refusals under `/api/auth`: the statuses, codes and messages that Better Auth's clients know.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    dev::{AppService, HttpServiceFactory},
    http::{StatusCode, header},
};
use serde::Serialize;
use service::identity::IdentityError;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder, Schema, path::Paths, response::Response,
    },
};
use utoipa_actix_web::OpenApiFactory;

use crate::{
    problem::{MEDIA_TYPE, Problem},
    rate_limit::X_RETRY_AFTER,
};

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The service refuses.
    Identity(IdentityError),
    /// The service refuses, and on this route that has another status than elsewhere.
    IdentityAs(StatusCode, IdentityError),
    /// Nobody is signed in.
    Unauthorized,
    /// Nobody is signed in, and is told nothing.
    UnauthorizedSilently,
    /// The input is not what is expected, in these respects.
    Validation(String),
    /// The input is not what is expected; there is no code for it.
    Plain(&'static str),
    /// The body sets a member that only the server sets.
    FieldNotAllowed(&'static str),
    /// The body is not JSON.
    MalformedBody,
    /// The body is of none of these types.
    MediaType(&'static str),
    /// The session is asked for with POST.
    GetSessionOnly,
    /// The request comes from a site that is not trusted.
    UntrustedOrigin,
    /// The request does not say which site it comes from.
    MissingOrigin,
    /// Another site sends its visitor here to be signed in.
    CrossSiteNavigation,
    /// The address to go on to is not trusted.
    UntrustedCallback(Callback),
}

/// When to go on to an address.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Callback {
    /// When all is well.
    Success,
    /// To type a new password.
    Redirect,
    /// When something is wrong.
    Error,
    /// When a user is new.
    NewUser,
}

/// What a client is told: for people, and for programs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthError)]
struct Body<'a> {
    /// What is wrong, for people.
    message: Cow<'a, str>,
    /// Which error, for programs.
    #[serde(skip_serializing_if = "str::is_empty")]
    code: &'a str,
}

impl Refusal {
    fn wire(&self) -> (StatusCode, &'static str, Cow<'_, str>) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
        let (status, code, message) = match self {
            Self::Identity(error) => {
                return (status_of(error), error.code(), error.to_string().into());
            }
            Self::IdentityAs(status, error) => {
                return (*status, error.code(), error.to_string().into());
            }
            Self::Validation(message) => return (BAD, "VALIDATION_ERROR", message.into()),
            Self::Plain(message) => (BAD, "", *message),
            Self::Unauthorized | Self::UnauthorizedSilently => {
                (StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Unauthorized")
            }
            Self::FieldNotAllowed(field) => {
                let message = format!("{field} is not allowed to be set");
                return (BAD, "FIELD_NOT_ALLOWED", message.into());
            }
            Self::MalformedBody => (BAD, "BAD_REQUEST", "Invalid JSON in request body"),
            Self::MediaType(allowed) => {
                let message = format!("Content-Type is not allowed. Allowed types: {allowed}");
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                return (status, "UNSUPPORTED_MEDIA_TYPE", message.into());
            }
            Self::GetSessionOnly => (
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED",
                "POST method requires deferSessionRefresh to be enabled in session config",
            ),
            Self::UntrustedOrigin => (FORBIDDEN, "INVALID_ORIGIN", "Invalid origin"),
            Self::MissingOrigin => (FORBIDDEN, "MISSING_OR_NULL_ORIGIN", "Missing or null Origin"),
            Self::CrossSiteNavigation => (
                FORBIDDEN,
                "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED",
                "Cross-site navigation login blocked. This request appears to be a CSRF attack.",
            ),
            Self::UntrustedCallback(Callback::Success) => {
                (FORBIDDEN, "INVALID_CALLBACK_URL", "Invalid callbackURL")
            }
            Self::UntrustedCallback(Callback::Redirect) => {
                (FORBIDDEN, "INVALID_REDIRECT_URL", "Invalid redirectURL")
            }
            Self::UntrustedCallback(Callback::Error) => {
                (FORBIDDEN, "INVALID_ERROR_CALLBACK_URL", "Invalid errorCallbackURL")
            }
            Self::UntrustedCallback(Callback::NewUser) => {
                (FORBIDDEN, "INVALID_NEW_USER_CALLBACK_URL", "Invalid newUserCallbackURL")
            }
        };
        (status, code, message.into())
    }
}

/// The status of a refusal. Where the same refusal has another one on some route, the route says so
/// ([`Failure::with_status`]).
fn status_of(error: &IdentityError) -> StatusCode {
    use IdentityError as E;
    match error {
        E::InvalidEmailOrPassword
        | E::InvalidUsernameOrPassword
        | E::FailedToGetSession
        | E::YouAreNotAllowedToDeleteThisMember => StatusCode::UNAUTHORIZED,
        E::BannedUser
        | E::EmailNotVerified
        | E::SessionNotFresh
        | E::NotWhileImpersonating
        | E::YouAreNotAllowedToChangeUsersRole
        | E::YouAreNotAllowedToCreateUsers
        | E::YouAreNotAllowedToListUsers
        | E::YouAreNotAllowedToListUsersSessions
        | E::YouAreNotAllowedToBanUsers
        | E::YouAreNotAllowedToImpersonateUsers
        | E::YouAreNotAllowedToRevokeUsersSessions
        | E::YouAreNotAllowedToDeleteUsers
        | E::YouAreNotAllowedToSetUsersPassword
        | E::YouAreNotAllowedToGetUser
        | E::YouAreNotAllowedToUpdateUsers
        | E::YouAreNotAllowedToSetUsersEmail
        | E::YouCannotImpersonateAdmins
        | E::YouAreNotAllowedToUpdateThisOrganization
        | E::YouAreNotAllowedToDeleteThisOrganization
        | E::YouAreNotAllowedToUpdateThisMember
        | E::YouAreNotAllowedToInviteUsersToThisOrganization
        | E::YouAreNotAllowedToInviteUserWithThisRole
        | E::YouAreNotAMemberOfThisOrganization
        | E::YouAreNotTheRecipientOfTheInvitation
        | E::EmailVerificationRequiredBeforeAcceptingOrRejectingInvitation
        | E::EmailVerificationRequiredForInvitation
        | E::YouAreNotAllowedToCancelThisInvitation
        | E::OrganizationMembershipLimitReached
        | E::InvitationLimitReached => StatusCode::FORBIDDEN,
        E::UserNotFound | E::ProviderNotFound | E::IdTokenNotSupported => StatusCode::NOT_FOUND,
        E::UserAlreadyExistsUseAnotherEmail => StatusCode::UNPROCESSABLE_ENTITY,
        E::AccountTemporarilyLocked { .. } => StatusCode::TOO_MANY_REQUESTS,
        // Never answered so: `Failure` makes a problem of it.
        E::Service(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.wire().1)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.wire().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, code, message) = self.wire();
        let mut answer = HttpResponse::build(status);
        if let Self::Identity(IdentityError::AccountTemporarilyLocked { retry_after }) = self {
            answer.insert_header((header::RETRY_AFTER, *retry_after));
            answer.insert_header((X_RETRY_AFTER, *retry_after));
        }
        match self {
            // Better Auth calls the empty body JSON.
            Self::UnauthorizedSilently => answer.content_type("application/json").finish(),
            _ => answer.json(Body { message, code }),
        }
    }
}

/// Why a request under `/api/auth` is not answered: in Better Auth's words where it has any, else as everywhere.
pub(crate) enum Failure {
    /// In Better Auth's words.
    Refused(Refusal),
    /// As everywhere.
    Problem(Problem),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Service(error) => error.into(),
            refusal => Self::Refused(Refusal::Identity(refusal)),
        }
    }
}

impl Failure {
    /// The same refusal of the service with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        match self {
            Self::Refused(Refusal::Identity(error)) => {
                Self::Refused(Refusal::IdentityAs(status, error))
            }
            other => other,
        }
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Failure> for actix_web::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Problem(problem) => problem.into(),
        }
    }
}

/// What every operation under `/api/auth` may answer besides what it is for.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        const REFUSED: [(&str, &str); 7] = [
            ("400", "The body is not what is expected"),
            ("401", "Wrong e-mail address or password, or the session has just ended"),
            ("403", "The user is banned, or the site is not trusted"),
            ("404", "There is no such user, or what is named is nobody's"),
            ("415", "The body is not JSON"),
            ("422", "Another user has this e-mail address"),
            ("429", "Too many requests"),
        ];
        const FAILED: [(&str, &str); 3] =
            [("413", "The body is too long"), ("500", "Internal error"), ("503", "Busy or away")];
        let response = |description: &str, media_type: &str, schema: &str| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
            RefOr::T(
                ResponseBuilder::new()
                    .description(description)
                    .content(media_type, content)
                    .build(),
            )
        };
        let refused = REFUSED.map(|(status, description)| {
            (status.to_owned(), response(description, "application/json", "AuthError"))
        });
        let failed = FAILED.map(|(status, description)| {
            (status.to_owned(), response(description, MEDIA_TYPE, "Problem"))
        });
        refused.into_iter().chain(failed).collect()
    }
}

/// The same, where who is not signed in is told nothing.
pub(crate) struct SilentRefusals;

impl IntoResponses for SilentRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        let silent = ResponseBuilder::new().description("Nobody is signed in").build();
        responses.insert("401".to_owned(), RefOr::T(silent));
        let not_found = responses.get("400").cloned();
        responses.extend(not_found.map(|response| ("404".to_owned(), response)));
        responses
    }
}

/// The schema that [`Refusals`] refers to.
pub(crate) struct Schemas;

impl HttpServiceFactory for Schemas {
    fn register(self, _: &mut AppService) {}
}

impl OpenApiFactory for Schemas {
    fn paths(&self) -> Paths {
        Paths::new()
    }

    fn schemas(&self, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Body::name().into_owned(), Body::schema()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_words_that_clients_know() {
        for (refusal, status, code) in [
            (
                Refusal::Identity(IdentityError::InvalidEmailOrPassword),
                401,
                "INVALID_EMAIL_OR_PASSWORD",
            ),
            (
                Refusal::Identity(IdentityError::UserAlreadyExistsUseAnotherEmail),
                422,
                "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
            ),
            (Refusal::Identity(IdentityError::BannedUser), 403, "BANNED_USER"),
            (Refusal::FieldNotAllowed("role"), 400, "FIELD_NOT_ALLOWED"),
            (Refusal::MediaType("application/json"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ] {
            let answer = refusal.error_response();
            assert_eq!((answer.status().as_u16(), refusal.to_string()), (status, code.to_owned()));
            assert_eq!(answer.headers().get("content-type").unwrap(), "application/json");
        }
    }
}
