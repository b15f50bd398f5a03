//! Bodies: JSON of a known shape, checked whole before a handler sees it, every mistake under a pointer.

use std::io::ErrorKind;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::{BodyStream, to_bytes_limited},
    dev::Payload,
    error::PayloadError,
    http::{Method, header},
    web::Bytes,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use service::{
    Caller, Error, Violation,
    query::{ListQuery, MAX_BODY_BYTES as MAX_QUERY_BODY_BYTES},
    resource::Object,
};
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::{
    extract::{Extracting, Lists, caller_of},
    problem::Problem,
};

/// The longest body of an ordinary request.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The longest body of a bulk request.
pub const MAX_BULK_BODY_BYTES: usize = 32 * 1024 * 1024;

/// A body, sent by a signed-in user, that is JSON, of the type's shape, with no unknown members, and valid.
pub struct Valid<T, const MAX: usize = MAX_BODY_BYTES>(pub T);

impl<T: DeserializeOwned + Validate + 'static, const MAX: usize> FromRequest for Valid<T, MAX> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read(request, payload, MAX, |caller| caller.principal().map(|_| ()));
        Box::pin(async move {
            let body = body.await?;
            let value: T = parse(&body)?;
            value.validate().map_err(|errors| Error::Invalid(violations(&errors)))?;
            Ok(Self(value))
        })
    }
}

/// A list query, sent by anyone who may ask at all.
pub struct QueryBody(pub ListQuery);

impl FromRequest for QueryBody {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read(request, payload, MAX_QUERY_BODY_BYTES, |_| Ok(()));
        let request = request.clone();
        Box::pin(async move {
            let body = body.await?;
            let query = parse(&body).and_then(|body| Lists::of(&request)?.read(body));
            query.map(Self).map_err(Problem::in_body)
        })
    }
}

/// The whole body, once its sender is known and `may` send one.
fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    most: usize,
    may: fn(&Caller) -> Result<(), Error>,
) -> Extracting<Bytes> {
    let media_type = check_media_type(request);
    let body = payload.take();
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let request = request.clone();
    Box::pin(async move {
        // actix polls all extractors at once: without this, whoever is not signed in could have the server read and
        // judge a body, and which of two mistakes is answered would be a matter of time.
        may(&caller_of(&request).await?)?;
        media_type?;
        if declared.is_some_and(|length: usize| length > most) {
            return Err(Problem::TooLarge(most));
        }
        let body = to_bytes_limited(BodyStream::new(body), most)
            .await
            .map_err(|_exceeded| Problem::TooLarge(most))?;
        body.map_err(|error| broken(&error))
    })
}

fn broken(error: &PayloadError) -> Problem {
    match error {
        PayloadError::Io(late) if late.kind() == ErrorKind::TimedOut => Problem::RequestTimeout,
        _ => Problem::MalformedBody(error.to_string()),
    }
}

fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::UnsupportedMediaType("sent without Content-Encoding"));
    }
    let patch = request.method() == Method::PATCH;
    // Without regard to case (RFC 9110, 8.3.1).
    let is = |media_type: &str| request.content_type().eq_ignore_ascii_case(media_type);
    if is("application/json") || patch && is("application/merge-patch+json") {
        return Ok(());
    }
    let either = "application/merge-patch+json or application/json";
    Err(Problem::UnsupportedMediaType(if patch { either } else { "application/json" }))
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
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let mut pointer: String = error.path().iter().filter_map(segment).collect();
        let reason = error.into_inner();
        if !reason.is_data() {
            return Problem::MalformedBody(reason.to_string());
        }
        // "…, expected a string at line 1 column 12": the place is in the pointer.
        let message = reason.to_string();
        let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
        if let Some(missing) = message.strip_prefix("missing field `") {
            pointer.push('/');
            pointer.push_str(missing.trim_end_matches('`'));
        }
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
pub(crate) fn violations(errors: &ValidationErrors) -> Vec<Violation> {
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
        (_, "range", Some(min), Some(max)) => format!("lies between {min} and {max}"),
        (_, "email", ..) => "is not an e-mail address".to_owned(),
        (_, code, ..) => format!("is not valid: {code}"),
    }
}
