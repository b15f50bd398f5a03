//! Bodies under `/api/auth`: read leniently, as Better Auth reads them, and refused in its words.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::{BodyStream, to_bytes_limited},
    dev::Payload,
    http::header,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;
use validator::Validate;

use super::{
    origin::is_trusted_callback,
    refusal::{Callback, Failure, Refusal},
};
use crate::{
    body::{MAX_BODY_BYTES, violations},
    middleware::cors::TrustedOrigins,
    problem::Problem,
};

/// A body that is JSON; with `FORM`, it may be a form instead.
pub(crate) struct Body<const FORM: bool>(Option<Value>);

impl<const FORM: bool> FromRequest for Body<FORM> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let encoded = request.headers().contains_key(header::CONTENT_ENCODING);
        let media_type = request.content_type().to_ascii_lowercase();
        let payload = payload.take();
        Box::pin(async move {
            let too_large = |_| Failure::from(Problem::TooLarge(MAX_BODY_BYTES));
            let body = to_bytes_limited(BodyStream::new(payload), MAX_BODY_BYTES).await;
            let body = body.map_err(too_large)?.map_err(|_interrupted| Refusal::MalformedBody)?;
            match &*media_type {
                _ if body.is_empty() => Ok(Self(None)),
                _ if encoded => Err(Refusal::MediaType(Self::ALLOWED).into()),
                "application/json" => match serde_json::from_slice(&body) {
                    Ok(value) => Ok(Self(Some(value))),
                    Err(_not_json) => Err(Refusal::MalformedBody.into()),
                },
                "application/x-www-form-urlencoded" if FORM => {
                    let pairs = form_urlencoded::parse(&body);
                    let members =
                        pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
                    Ok(Self(Some(Value::Object(members.collect()))))
                }
                _ => Err(Refusal::MediaType(Self::ALLOWED).into()),
            }
        })
    }
}

impl<const FORM: bool> Body<FORM> {
    const ALLOWED: &'static str = if FORM {
        "application/x-www-form-urlencoded, application/json"
    } else {
        "application/json"
    };

    /// The members of the body; no body at all has none.
    ///
    /// # Errors
    /// `Validation`, if it is no object.
    pub(super) fn fields(self) -> Result<Fields, Refusal> {
        match self.0 {
            None => Ok(Fields::default()),
            Some(Value::Object(members)) => Ok(Fields { members, place: BODY }),
            Some(other) => {
                let received = kind_of(&other);
                Err(Refusal::Validation(format!(
                    "[body] Invalid input: expected object, received {received}"
                )))
            }
        }
    }
}

const BODY: &str = "body";
const QUERY: &str = "query";

/// Addresses to go on to, wherever they are given, and what they are called when they are refused.
const CALLBACKS: [(&str, Callback); 4] = [
    ("callbackURL", Callback::Success),
    ("redirectTo", Callback::Redirect),
    ("errorCallbackURL", Callback::Error),
    ("newUserCallbackURL", Callback::NewUser),
];

/// Named values that are read as a type whose other members are passed over.
#[derive(Debug)]
pub(super) struct Fields {
    members: Map<String, Value>,
    place: &'static str,
}

impl Default for Fields {
    fn default() -> Self {
        Self { members: Map::new(), place: BODY }
    }
}

impl Fields {
    /// The parameters of a query, all of them texts; of one that is given twice the last counts.
    pub(super) fn of_query(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let members = pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
        Self { members: members.collect(), place: QUERY }
    }

    /// The members of an object that stands elsewhere in a body.
    pub(super) fn within(place: &'static str, members: Map<String, Value>) -> Self {
        Self { members, place }
    }

    /// Refuses addresses to go on to that are not trusted.
    ///
    /// # Errors
    /// `UntrustedCallback`.
    pub(super) fn check_callbacks(&self, trusted: &TrustedOrigins) -> Result<(), Refusal> {
        for (name, callback) in CALLBACKS {
            let url = self.members.get(name).and_then(Value::as_str);
            if !is_trusted_callback(url, trusted) {
                // Of a query Better Auth says the same of all of them.
                let callback = if self.place == QUERY { Callback::Success } else { callback };
                return Err(Refusal::UntrustedCallback(callback));
            }
        }
        Ok(())
    }

    /// Refuses a body that sets one of these.
    ///
    /// # Errors
    /// `FieldNotAllowed`.
    pub(super) fn forbid(&self, names: &[&'static str]) -> Result<(), Refusal> {
        let set = |name: &&&str| match self.members.get(**name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(value) => value.as_str() != Some("") && value.as_f64() != Some(0.0),
        };
        match names.iter().find(set) {
            Some(name) => Err(Refusal::FieldNotAllowed(name)),
            None => Ok(()),
        }
    }

    /// The members as a type.
    ///
    /// # Errors
    /// `Validation`, with all that is wrong; of members of the wrong type, the first.
    pub(super) fn parse<T: DeserializeOwned + Validate>(self) -> Result<T, Refusal> {
        let place = self.place;
        // PostgreSQL cannot hold it in text, so neither database is given it.
        if let Some((name, _)) = self.members.iter().find(|(_, value)| has_nul(value)) {
            return Err(Refusal::Validation(format!(
                "[{place}.{name}] Invalid input: U+0000 is not allowed"
            )));
        }
        let value: T = serde_path_to_error::deserialize(Value::Object(self.members))
            .map_err(|error| Refusal::Validation(wrong_type(place, &error)))?;
        value.validate().map_err(|errors| {
            let faults: Vec<_> = violations(&errors)
                .into_iter()
                .map(|violation| {
                    let path = violation.pointer.replace('/', ".");
                    format!("[{place}{path}] Invalid input: {}", violation.message)
                })
                .collect();
            Refusal::Validation(faults.join("; "))
        })?;
        Ok(value)
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What serde says, in the manner of Better Auth's validator.
fn wrong_type(place: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { format!(".{path}") };
    let message = error.inner().to_string();
    if let Some(name) =
        message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next())
    {
        return format!("[{place}{path}.{name}] Invalid input: required, received undefined");
    }
    let told =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "));
    match told {
        Some((received, expected)) => {
            let received = match received.split([' ', '`']).next().unwrap_or_default() {
                "integer" | "floating" => "number",
                "sequence" => "array",
                "map" => "object",
                other => other,
            };
            let expected = expected.trim_start_matches("an ").trim_start_matches("a ");
            format!("[{place}{path}] Invalid input: expected {expected}, received {received}")
        }
        None => format!("[{place}{path}] Invalid input: {message}"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(rename_all = "camelCase")]
    struct Input {
        #[validate(length(max = 3))]
        name: String,
        #[validate(email)]
        email: Option<String>,
        remember_me: Option<bool>,
    }

    fn fields(body: Value) -> Fields {
        Body::<false>(Some(body)).fields().unwrap()
    }

    fn refusal(body: Value) -> String {
        match fields(body).parse::<Input>() {
            Err(Refusal::Validation(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_fault_is_told_with_its_place() {
        for (body, message) in [
            (json!({}), "[body.name] Invalid input: required, received undefined"),
            (json!({ "name": 7 }), "[body.name] Invalid input: expected string, received number"),
            (json!({ "name": null }), "[body.name] Invalid input: expected string, received null"),
            (
                json!({ "name": "a", "rememberMe": "no" }),
                "[body.rememberMe] Invalid input: expected boolean, received string",
            ),
            (json!({ "name": "a\0b" }), "[body.name] Invalid input: U+0000 is not allowed"),
        ] {
            assert_eq!(refusal(body), message);
        }
        let both = refusal(json!({ "name": "äöüß", "email": "ada" }));
        assert!(both.contains("[body.name]") && both.contains("[body.email]"), "{both}");
    }

    #[test]
    fn other_members_are_passed_over() {
        let input: Input = fields(json!({ "name": "ada", "color": 7 })).parse().unwrap();
        assert_eq!((input.name.as_str(), input.email, input.remember_me), ("ada", None, None));
        let input: Input = Fields::of_query("name=a&name=b").parse().unwrap();
        assert_eq!(input.name, "b");
    }

    #[test]
    fn a_body_is_an_object() {
        for (body, received) in [(json!([]), "array"), (Value::Null, "null")] {
            let Err(Refusal::Validation(message)) = Body::<false>(Some(body)).fields() else {
                panic!("not refused")
            };
            let expected = format!("[body] Invalid input: expected object, received {received}");
            assert_eq!(message, expected);
        }
        assert!(Body::<false>(None).fields().is_ok());
    }

    #[test]
    fn nobody_gives_themselves_a_role() {
        const FORBIDDEN: [&str; 2] = ["role", "banned"];
        let refused = |body| fields(body).forbid(&FORBIDDEN).is_err();
        assert!(refused(json!({ "role": "admin" })));
        assert!(refused(json!({ "role": ["admin"] })));
        assert!(refused(json!({ "banned": true })));
        for body in
            [json!({}), json!({ "role": null }), json!({ "role": "" }), json!({ "banned": false })]
        {
            assert!(!refused(body.clone()), "{body}");
        }
    }
}
