//! What handlers take: callers, ids, bodies, queries. Extractors authenticate and parse; services authorize.
//!
//! These replace `web::Json`, `web::Query` and `web::Path`, whose failures are not problems.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::{BodyStream, to_bytes_limited},
    dev::Payload,
    http::{Method, header},
    web,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use service::{Caller, Database, Error, Violation, query::ListQuery, resource::Expected};
use uuid::Uuid;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::{
    identity,
    middleware::{RequestId, UserId},
    problem::Problem,
};

/// The longest body of an ordinary request.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The longest body of a bulk request.
pub const MAX_BULK_BODY_BYTES: usize = 32 * 1024 * 1024;

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// The worker's own connections.
pub type Db = web::Data<Database>;

/// Anyone: signed in or not. Wrong credentials are refused all the same.
pub struct Anyone(pub Caller);

/// A signed-in user; otherwise 401.
pub struct SignedIn(pub Caller);

/// A platform administrator; otherwise 401 or 403.
pub struct Admin(pub Caller);

impl FromRequest for Anyone {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let request_id = request.extensions().get::<RequestId>().map(|id| id.0.to_string());
            let mut caller = Caller::new(None, request_id);
            let database = request.app_data::<Db>().ok_or(Problem::Internal)?;
            caller.user = identity::principal_of(&request, database, caller.at).await?;
            if let Some(user) = &caller.user {
                request.extensions_mut().insert(UserId(user.id));
                if !request.method().is_safe() {
                    identity::check_origin(&request)?;
                }
            }
            Ok(Self(caller))
        })
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let anyone = Anyone::from_request(request, payload);
        Box::pin(async move {
            let Anyone(caller) = anyone.await?;
            caller.principal()?;
            Ok(Self(caller))
        })
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let anyone = Anyone::from_request(request, payload);
        Box::pin(async move {
            let Anyone(caller) = anyone.await?;
            if caller.principal()?.is_admin() {
                Ok(Self(caller))
            } else {
                Err(Error::Forbidden.into())
            }
        })
    }
}

/// The id in the path.
pub struct Id(pub Uuid);

/// The two ids in the path, in order.
pub struct Ids(pub Uuid, pub Uuid);

impl FromRequest for Id {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(id(request, 0).map(Self))
    }
}

impl FromRequest for Ids {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(id(request, 0).and_then(|first| Ok(Self(first, id(request, 1)?))))
    }
}

fn id(request: &HttpRequest, position: usize) -> Result<Uuid, Problem> {
    let text = request.match_info().iter().nth(position).map_or("", |(_, text)| text);
    let message = "in the path is not a UUID such as 018f4e6e-7c1a-7b2e-9d3c-0123456789ab";
    Uuid::try_parse(text).map_err(|_| Problem::Malformed("id", message.to_owned()))
}

/// The query string of a list or of a single row.
pub struct Query(pub ListQuery);

impl FromRequest for Query {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(
            ListQuery::parse(request.query_string()).map(Self).map_err(Problem::from),
        )
    }
}

/// No query string: a parameter that means nothing here is refused, not passed over.
pub struct NoQuery;

impl FromRequest for NoQuery {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parameter = request.query_string().split(['&', '=']).find(|text| !text.is_empty());
        std::future::ready(match parameter {
            None => Ok(Self),
            Some(parameter) => Err(Problem::Service(Error::BadQuery {
                parameter: parameter.to_owned(),
                message: "this address takes no query parameters".to_owned(),
            })),
        })
    }
}

/// The versions in `If-Match` (RFC 9110, 13.1.1); without it, any.
pub struct IfMatch(pub Expected);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(header::IF_MATCH) else {
            return std::future::ready(Ok(Self(Expected::Any)));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return std::future::ready(Ok(Self(Expected::Any)));
        }
        // A tag that none of ours can be is a state that the row does not have.
        let versions =
            text.split(',').filter_map(|tag| crate::resource::version_of(tag.trim())).collect();
        std::future::ready(Ok(Self(Expected::Versions(versions))))
    }
}

/// A body that is JSON, of the type's shape, with no unknown members, and valid.
pub struct Valid<T, const MAX: usize = MAX_BODY_BYTES>(pub T);

impl<T: DeserializeOwned + Validate + 'static, const MAX: usize> FromRequest for Valid<T, MAX> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = check_media_type(request);
        let body = payload.take();
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        Box::pin(async move {
            media_type?;
            if declared.is_some_and(|length: usize| length > MAX) {
                return Err(Problem::TooLarge(MAX));
            }
            let body = to_bytes_limited(BodyStream::new(body), MAX)
                .await
                .map_err(|_| Problem::TooLarge(MAX))?;
            let body = body.map_err(|error| Problem::MalformedBody(error.to_string()))?;
            let value: T = parse(&body)?;
            value.validate().map_err(|errors| Error::Invalid(violations(&errors)))?;
            Ok(Self(value))
        })
    }
}

fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::UnsupportedMediaType("sent without Content-Encoding"));
    }
    let patch = request.method() == Method::PATCH;
    match request.content_type() {
        "application/json" => Ok(()),
        "application/merge-patch+json" if patch => Ok(()),
        _ if patch => {
            Err(Problem::UnsupportedMediaType("application/merge-patch+json or application/json"))
        }
        _ => Err(Problem::UnsupportedMediaType("application/json")),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.windows(6).any(|window| window.eq_ignore_ascii_case(br"\u0000")) {
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| Problem::MalformedBody(error.to_string()))?;
        let mut found = Vec::new();
        find_nul(&value, String::new(), &mut found);
        if !found.is_empty() {
            return Err(Error::Invalid(found).into());
        }
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer: String = error.path().iter().filter_map(segment).collect();
        let reason = error.into_inner();
        if !reason.is_data() {
            return Problem::MalformedBody(reason.to_string());
        }
        // "…, expected a string at line 1 column 12": the place is in the pointer.
        let message = reason.to_string();
        let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
        Error::Invalid(vec![Violation {
            pointer,
            code: code_of(message).into(),
            message: message.to_owned(),
        }])
        .into()
    })?;
    json.end().map_err(|error| Problem::MalformedBody(error.to_string()))?;
    Ok(value)
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

fn code_of(message: &str) -> &'static str {
    const CODES: [(&str, &str); 5] = [
        ("unknown field", "unknown"),
        ("missing field", "required"),
        ("duplicate field", "duplicate"),
        ("unknown variant", "choice"),
        ("UUID parsing", "uuid"),
    ];
    CODES.iter().find(|(start, _)| message.starts_with(start)).map_or("type", |(_, code)| code)
}

/// PostgreSQL cannot hold U+0000 in text, so neither database is given it.
fn find_nul(value: &Value, pointer: String, found: &mut Vec<Violation>) {
    match value {
        Value::String(text) if text.contains('\0') => {
            let message = "contains U+0000, which no text here can hold".to_owned();
            found.push(Violation { pointer, code: "nul".into(), message });
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_nul(item, format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                find_nul(member, format!("{pointer}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// What validator found, in the order of the pointers.
fn violations(errors: &ValidationErrors) -> Vec<Violation> {
    let mut found = Vec::new();
    collect(errors, "", &mut found);
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

fn collect(errors: &ValidationErrors, at: &str, found: &mut Vec<Violation>) {
    for (field, kind) in errors.errors() {
        let pointer = format!("{at}/{}", service::error::camel_case(field));
        match kind {
            ValidationErrorsKind::Field(errors) => {
                for error in errors {
                    let message = message_of(error);
                    found.push(Violation {
                        pointer: pointer.clone(),
                        code: error.code.clone(),
                        message,
                    });
                }
            }
            ValidationErrorsKind::Struct(errors) => collect(errors, &pointer, found),
            ValidationErrorsKind::List(items) => {
                for (index, errors) in items {
                    collect(errors, &format!("{pointer}/{index}"), found);
                }
            }
        }
    }
}

fn message_of(error: &ValidationError) -> String {
    let limit = |name| error.params.get(name).map(Value::to_string);
    let what =
        if error.params.get("value").is_some_and(Value::is_array) { "items" } else { "characters" };
    match (&error.message, &*error.code, limit("min"), limit("max")) {
        (Some(message), ..) => message.clone().into_owned(),
        (_, "length", Some(min), Some(max)) => format!("has {min} to {max} {what}"),
        (_, "length", None, Some(max)) => format!("has {max} {what} at most"),
        (_, "length", Some(min), None) => format!("has {min} {what} at least"),
        (_, code, ..) => format!("is not valid: {code}"),
    }
}
