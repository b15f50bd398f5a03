//! Problems (RFC 9457): the only place where an error becomes an HTTP status.
//!
//! One table, [`PROBLEMS`], makes the answers, the pages under `/problems/<slug>` and the responses in the OpenAPI
//! document. A [`Problem`] carries what went wrong; [`answer`], called by the outermost middleware for every failed
//! request, adds what only the request knows.

use std::{collections::BTreeMap, fmt, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError, get,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use serde::Serialize;
use service::{Error, Violation};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, response::Response},
};

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request failed.
#[derive(Debug)]
pub enum Problem {
    /// The service refused or failed.
    Service(Error),
    /// The body is not JSON.
    MalformedBody(String),
    /// A query in a body that cannot be answered, and where that lies in it.
    BadQueryBody {
        /// A JSON pointer.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
    /// A path parameter or a header cannot be understood: its name, and what is wrong with it.
    Malformed(&'static str, String),
    /// The body is longer than this many bytes.
    TooLarge(usize),
    /// The body is not of one of these media types.
    UnsupportedMediaType(&'static str),
    /// The caller accepts nothing that could be answered.
    NotAcceptable,
    /// The address exists, with these methods.
    MethodNotAllowed(String),
    /// The request comes from a site that is not trusted.
    UntrustedOrigin,
    /// The server is not ready to serve.
    NotReady(String),
    /// The request took too long to arrive.
    RequestTimeout,
    /// The code is at fault; the details are in the log.
    Internal,
}

/// One kind of problem.
pub struct ProblemKind {
    slug: &'static str,
    status: StatusCode,
    title: &'static str,
    advice: &'static str,
}

macro_rules! problems {
    ($($name:ident: $slug:literal $status:ident $title:literal, $advice:literal;)*) => {
        $(static $name: ProblemKind =
            ProblemKind { slug: $slug, status: StatusCode::$status, title: $title, advice: $advice };)*
        /// Every kind, in the order of the statuses.
        static PROBLEMS: &[&ProblemKind] = &[$(&$name),*];
    };
}

problems! {
    MALFORMED: "malformed-request" BAD_REQUEST "Malformed request",
        "The request cannot be read: the body is not JSON, or a part of the address or a header has the wrong form. Correct it; sending it again as it is will fail again.";
    BAD_QUERY: "bad-query" BAD_REQUEST "Bad query parameter",
        "A query parameter is unknown, not supported here, or has a value that cannot be understood. `errors` names the parameter and what is allowed.";
    UNKNOWN_REFERENCE: "unknown-reference" BAD_REQUEST "Reference to nothing",
        "A member of the body refers to a row that does not exist or that you may not see. `errors` names the member.";
    UNAUTHENTICATED: "unauthenticated" UNAUTHORIZED "Sign in first",
        "No valid credentials came with the request. Sign in at `POST /api/auth/sign-in/email` and send the token as `Authorization: Bearer <token>`, or the cookie.";
    FORBIDDEN: "forbidden" FORBIDDEN "Not allowed",
        "You are known and may see this, but may not do this with it.";
    UNTRUSTED_ORIGIN: "untrusted-origin" FORBIDDEN "Origin not trusted",
        "A request that changes something and carries a cookie must come from a trusted origin. The operator lists these in `TRUSTED_ORIGINS`.";
    NOT_FOUND: "not-found" NOT_FOUND "Not found",
        "Nothing is here, or nothing that you may see.";
    METHOD_NOT_ALLOWED: "method-not-allowed" METHOD_NOT_ALLOWED "Method not allowed",
        "The address exists, but not with this method. The `Allow` header lists those it has.";
    NOT_ACCEPTABLE: "not-acceptable" NOT_ACCEPTABLE "Not acceptable",
        "The `Accept` header rules out `application/json`, which is all that can be answered here.";
    REQUEST_TIMEOUT: "request-timeout" REQUEST_TIMEOUT "Request timeout",
        "The request did not arrive in time. Send it again.";
    TAKEN: "taken" CONFLICT "Already taken",
        "Another row already has this value, and no two may share it. `errors` names the member.";
    IN_USE: "in-use" CONFLICT "Still in use",
        "Other rows still refer to this one. Delete or change these first.";
    STALE: "stale" PRECONDITION_FAILED "Changed meanwhile",
        "The row has changed since you read it. Read it again and decide anew.";
    TOO_LARGE: "too-large" PAYLOAD_TOO_LARGE "Body too large",
        "The body is longer than is allowed here. Split it.";
    UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "Unsupported media type",
        "The body must be JSON and say so: `Content-Type: application/json`.";
    INVALID: "invalid" UNPROCESSABLE_ENTITY "Invalid input",
        "The body is JSON but not what is expected. `errors` lists each member that is wrong, by a JSON pointer.";
    UNINDEXED: "unindexed-query" UNPROCESSABLE_ENTITY "No index for this list",
        "The list is long, and the filter and the order asked for would have it read whole. Filter or sort by fields that have an index, or have the operator add the index that `detail` names.";
    TOO_MANY: "too-many-requests" TOO_MANY_REQUESTS "Too many requests",
        "Wait as long as `Retry-After` says.";
    INTERNAL: "internal" INTERNAL_SERVER_ERROR "Internal error",
        "The server is at fault. Report the `requestId`: the log has the details under it.";
    UNAVAILABLE: "unavailable" SERVICE_UNAVAILABLE "Busy or away",
        "The database is away, busy, had too many conflicting changes, or the query took too long. Nothing was changed. Try again after `Retry-After` seconds.";
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

/// A member of `errors`.
#[derive(Debug, Serialize, ToSchema)]
struct Fault<'a> {
    /// Where in the body, as a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    /// Which query parameter, path parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
    /// Which rule, for programs.
    code: &'a str,
    /// What is expected, for people.
    message: &'a str,
}

/// A problem on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    /// Which kind: the address of a page that explains it.
    r#type: String,
    /// The kind in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    detail: String,
    /// The path of the request.
    instance: &'a str,
    /// The request's id, as in `X-Request-Id` and in the log.
    request_id: &'a str,
    /// What is wrong with the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault<'a>>,
}

impl Problem {
    /// What is wrong with a query, said of one that came in a body.
    pub(crate) fn in_body(self) -> Self {
        match self {
            Self::Service(Error::BadQuery { parameter, message }) => {
                let slash =
                    if parameter.is_empty() || parameter.starts_with('/') { "" } else { "/" };
                Self::BadQueryBody { pointer: [slash, &parameter].concat(), message }
            }
            // One query has one status for what is wrong with it, however it is spelled.
            Self::Service(Error::Invalid(violations)) => {
                let first = violations.into_iter().next();
                let (pointer, message) =
                    first.map(|first| (first.pointer, first.message)).unwrap_or_default();
                Self::BadQueryBody { pointer, message }
            }
            other => other,
        }
    }

    fn kind(&self) -> &'static ProblemKind {
        match self {
            Self::Service(error) => match error {
                Error::NotFound => &NOT_FOUND,
                Error::Unauthenticated => &UNAUTHENTICATED,
                Error::Forbidden => &FORBIDDEN,
                Error::Invalid(_) => &INVALID,
                Error::BadQuery { .. } => &BAD_QUERY,
                Error::Unindexed { .. } => &UNINDEXED,
                Error::Taken { .. } => &TAKEN,
                Error::InUse => &IN_USE,
                Error::Unknown { .. } => &UNKNOWN_REFERENCE,
                Error::Stale => &STALE,
                Error::TooMany { .. } => &TOO_MANY,
                Error::Busy { .. } | Error::TooSlow(_) => &UNAVAILABLE,
                Error::Database(_) | Error::Panicked => &INTERNAL,
            },
            Self::BadQueryBody { .. } => &BAD_QUERY,
            Self::MalformedBody(_) | Self::Malformed(..) => &MALFORMED,
            Self::TooLarge(_) => &TOO_LARGE,
            Self::UnsupportedMediaType(_) => &UNSUPPORTED_MEDIA_TYPE,
            Self::NotAcceptable => &NOT_ACCEPTABLE,
            Self::MethodNotAllowed(_) => &METHOD_NOT_ALLOWED,
            Self::UntrustedOrigin => &UNTRUSTED_ORIGIN,
            Self::NotReady(_) => &UNAVAILABLE,
            Self::RequestTimeout => &REQUEST_TIMEOUT,
            Self::Internal => &INTERNAL,
        }
    }

    fn detail(&self) -> String {
        match self {
            // What a caller may know of a failure inside is only that there was one.
            Self::Service(Error::Database(_) | Error::Panicked) | Self::Internal => {
                INTERNAL.advice.to_owned()
            }
            Self::Service(error) => error.to_string(),
            Self::BadQueryBody { message, .. } => message.clone(),
            Self::MalformedBody(reason) => format!("the body is not JSON: {reason}"),
            Self::Malformed(name, reason) => format!("{name} {reason}"),
            Self::TooLarge(most) => format!("the body may have {most} bytes at most"),
            Self::UnsupportedMediaType(allowed) => format!("the body must be {allowed}"),
            Self::MethodNotAllowed(allowed) => format!("this address has {allowed}"),
            Self::NotReady(reason) => reason.clone(),
            Self::NotAcceptable | Self::UntrustedOrigin | Self::RequestTimeout => {
                self.kind().advice.to_owned()
            }
        }
    }

    fn faults(&self) -> Vec<Fault<'_>> {
        let field = |pointer, code, message| {
            vec![Fault { pointer: Some(pointer), parameter: None, code, message }]
        };
        match self {
            Self::Service(Error::Invalid(violations)) => violations
                .iter()
                .map(|Violation { pointer, code, message }| Fault {
                    pointer: Some(pointer),
                    parameter: None,
                    code,
                    message,
                })
                .collect(),
            // What is wrong with the query as a whole is no parameter's fault.
            Self::Service(Error::BadQuery { parameter, .. }) if parameter.is_empty() => Vec::new(),
            Self::Service(Error::BadQuery { parameter, message }) => {
                vec![Fault {
                    pointer: None,
                    parameter: Some(parameter),
                    code: "parameter",
                    message,
                }]
            }
            Self::Service(Error::Taken { field: name }) => {
                field(name, "taken", "another row already has this value")
            }
            Self::Service(Error::Unknown { field: name }) => {
                field(name, "reference", "refers to a row that does not exist")
            }
            Self::BadQueryBody { pointer, message } => field(pointer, "parameter", message),
            Self::Malformed(name, message) => {
                vec![Fault { pointer: None, parameter: Some(name), code: "malformed", message }]
            }
            _ => Vec::new(),
        }
    }

    fn headers(&self) -> Option<(HeaderName, HeaderValue)> {
        let seconds = |wait: &Duration| {
            HeaderValue::from(wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX))
        };
        match self {
            Self::Service(Error::Busy { retry_after, .. } | Error::TooMany { retry_after }) => {
                Some((header::RETRY_AFTER, seconds(retry_after)))
            }
            Self::Service(Error::TooSlow(_)) | Self::NotReady(_) => {
                Some((header::RETRY_AFTER, HeaderValue::from(1)))
            }
            Self::Service(Error::Unauthenticated) => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::MethodNotAllowed(allowed) => {
                HeaderValue::from_str(allowed).ok().map(|value| (header::ALLOW, value))
            }
            _ => None,
        }
    }

    /// Writes to the log what the caller is not told: once, where it is handled.
    fn log(&self, request_id: &str) {
        let kind = self.kind();
        let source = match self {
            Self::Service(
                Error::Database(source)
                | Error::TooSlow(source)
                | Error::Busy { cause: Some(source), .. },
            ) => source.to_string(),
            _ => String::new(),
        };
        if kind.status.is_server_error() {
            tracing::error!(request_id, problem = kind.slug, source, "{self}");
        } else {
            tracing::debug!(request_id, problem = kind.slug, "{self}");
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind().status
    }

    fn error_response(&self) -> HttpResponse {
        // The body is written by `answer`, which knows the request.
        HttpResponse::new(self.status_code())
    }
}

/// The answer to a request that failed with `error`, whether the error is ours or actix's own.
pub fn answer(request: &HttpRequest, request_id: &str, error: &actix_web::Error) -> HttpResponse {
    if let Some(problem) = error.as_error::<Problem>() {
        return render(problem, request.path(), request_id);
    }
    // An answer of its own, such as Better Auth's error bodies under /api/auth.
    let response = error.error_response();
    if response.headers().contains_key(header::CONTENT_TYPE) && !response.status().is_server_error()
    {
        return response;
    }
    let problem = match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge(crate::body::MAX_BODY_BYTES),
        StatusCode::REQUEST_TIMEOUT => Problem::RequestTimeout,
        status if status.is_client_error() => Problem::MalformedBody(error.to_string()),
        _ => {
            tracing::error!(request_id, %error, "a request failed");
            Problem::Internal
        }
    };
    render(&problem, request.path(), request_id)
}

/// `problem` as an answer.
pub fn render(problem: &Problem, instance: &str, request_id: &str) -> HttpResponse {
    problem.log(request_id);
    let kind = problem.kind();
    let mut errors = problem.faults();
    // `Taken` and `Unknown` name a member; on the wire that is a pointer.
    let pointers: Vec<_> = errors.iter().map(|fault| fault.pointer.map(as_pointer)).collect();
    for (fault, pointer) in errors.iter_mut().zip(&pointers) {
        fault.pointer = pointer.as_deref();
    }
    let body = Body {
        r#type: format!("/problems/{}", kind.slug),
        title: kind.title,
        status: kind.status.as_u16(),
        detail: problem.detail(),
        instance,
        request_id,
        errors,
    };
    let mut response = HttpResponse::build(kind.status);
    if let Some(header) = problem.headers() {
        response.insert_header(header);
    }
    response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
    response.body(serde_json::to_vec(&body).unwrap_or_default())
}

fn as_pointer(name: &str) -> String {
    if name.is_empty() || name.starts_with('/') { name.to_owned() } else { format!("/{name}") }
}

/// What every operation may answer besides what it is for.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut by_status: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for kind in PROBLEMS {
            by_status.entry(kind.status.as_str().to_owned()).or_default().push(kind.title);
        }
        by_status
            .into_iter()
            .map(|(status, titles)| (status, RefOr::T(response(&titles.join("; ")))))
            .collect()
    }
}

fn response(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}

/// The schemas that [`Problems`] refers to.
pub(crate) fn schemas() -> Vec<(String, RefOr<utoipa::openapi::Schema>)> {
    use utoipa::PartialSchema;
    let mut schemas = vec![("Problem".to_owned(), Body::schema())];
    Body::schemas(&mut schemas);
    schemas
}

/// Explains a kind of problem.
#[utoipa::path(
    tag = "meta", operation_id = "problemPage", security(()),
    params(("slug" = String, Path, description = "The last segment of a problem's type", example = "not-found")),
    responses((status = 200, content_type = "text/plain", body = String), Problems)
)]
#[get("/problems/{slug}")]
pub(crate) async fn problem_page(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let slug = request.match_info().query("slug");
    let kind = PROBLEMS.iter().find(|kind| kind.slug == slug).ok_or(Error::NotFound)?;
    let page = format!("{} ({})\n\n{}\n", kind.title, kind.status.as_u16(), kind.advice);
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(page))
}
