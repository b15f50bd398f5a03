//! Bodies under `/api/auth`: read leniently, as Better Auth reads them, and refused in its words.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::{BodyStream, to_bytes_limited},
    dev::Payload,
    http::header,
};
use serde_json::{Map, Value};
use url::form_urlencoded;
use validator::ValidateEmail;

use super::refusal::{Failure, Refusal};
use crate::{body::MAX_BODY_BYTES, problem::Problem};

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

    /// The members of the body.
    pub(super) fn fields(self) -> Result<Fields, Refusal> {
        let received = kind_of(self.0.as_ref());
        match self.0 {
            Some(Value::Object(members)) => Ok(Fields { members, faults: Vec::new() }),
            _ => Err(Refusal::Validation(format!(
                "[body] Invalid input: expected object, received {received}"
            ))),
        }
    }

    /// The same, where there may be no body at all.
    pub(super) fn optional_fields(self) -> Result<Fields, Refusal> {
        if self.0.is_none() { Ok(Fields::default()) } else { self.fields() }
    }
}

/// Members that are read one by one; what is wrong with them is told at the end, all of it.
#[derive(Debug, Default)]
pub(super) struct Fields {
    members: Map<String, Value>,
    faults: Vec<String>,
}

impl Fields {
    /// A text that must be there.
    pub(super) fn text(&mut self, name: &str, max: usize) -> String {
        let text = self.read(name, max);
        if text.is_none() && !self.members.contains_key(name) {
            self.expected(name, "string");
        }
        text.unwrap_or_default()
    }

    /// A text that may be there.
    pub(super) fn optional_text(&mut self, name: &str, max: usize) -> Option<String> {
        self.read(name, max)
    }

    /// A text that must be there and not empty.
    pub(super) fn filled_text(&mut self, name: &str, max: usize) -> String {
        let text = self.text(name, max);
        if text.is_empty() && self.members.get(name).is_some_and(Value::is_string) {
            self.fault(name, "Too small: expected string to have >=1 characters");
        }
        text
    }

    /// An e-mail address that must be there.
    pub(super) fn email(&mut self, name: &str, max: usize) -> String {
        let email = self.text(name, max);
        if !email.validate_email() && self.members.get(name).is_some_and(Value::is_string) {
            self.fault(name, "Invalid email address");
        }
        email
    }

    /// A truth value that may be there.
    pub(super) fn optional_flag(&mut self, name: &str) -> Option<bool> {
        let value = self.members.get(name)?;
        let flag = value.as_bool();
        if flag.is_none() {
            self.expected(name, "boolean");
        }
        flag
    }

    /// Refuses a body that sets one of these.
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

    /// Refuses a body that anything was wrong with.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Refusal::Validation(self.faults.join("; ")))
    }

    fn read(&mut self, name: &str, max: usize) -> Option<String> {
        let Some(text) = self.members.get(name)?.as_str() else {
            self.expected(name, "string");
            return None;
        };
        let text = text.to_owned();
        if text.chars().count() > max {
            self.fault(name, &format!("Too big: expected string to have <={max} characters"));
        }
        // PostgreSQL cannot hold it in text, so neither database is given it.
        if text.contains('\0') {
            self.fault(name, "Invalid input: U+0000 is not allowed");
        }
        Some(text)
    }

    fn expected(&mut self, name: &str, kind: &str) {
        let received = kind_of(self.members.get(name));
        self.fault(name, &format!("Invalid input: expected {kind}, received {received}"));
    }

    fn fault(&mut self, name: &str, reason: &str) {
        self.faults.push(format!("[body.{name}] {reason}"));
    }
}

fn kind_of(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: Value) -> Fields {
        Body::<false>(Some(body)).fields().unwrap()
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut fields =
            fields(json!({ "name": 7, "email": "ada", "image": null, "rememberMe": "no" }));
        fields.text("name", 255);
        fields.email("email", 320);
        fields.filled_text("password", 1024);
        fields.optional_text("image", 255);
        fields.optional_text("callbackURL", 255);
        fields.optional_flag("rememberMe");
        let Err(Refusal::Validation(message)) = fields.check() else { panic!("not refused") };
        assert_eq!(
            message.split("; ").collect::<Vec<_>>(),
            [
                "[body.name] Invalid input: expected string, received number",
                "[body.email] Invalid email address",
                "[body.password] Invalid input: expected string, received undefined",
                "[body.image] Invalid input: expected string, received null",
                "[body.rememberMe] Invalid input: expected boolean, received string",
            ]
        );
    }

    #[test]
    fn a_text_has_a_length_and_no_nul() {
        let mut fields = fields(json!({ "long": "äöü", "nul": "a\0b", "empty": "" }));
        fields.text("long", 2);
        fields.text("nul", 9);
        fields.filled_text("empty", 9);
        assert_eq!(fields.faults.len(), 3);
        assert_eq!(fields.text("empty", 0), "");
        assert_eq!(fields.faults.len(), 3);
    }

    #[test]
    fn a_body_is_an_object() {
        for (body, received) in
            [(None, "undefined"), (Some(json!([])), "array"), (Some(Value::Null), "null")]
        {
            let Err(Refusal::Validation(message)) = Body::<false>(body).fields() else {
                panic!("not refused")
            };
            assert_eq!(
                message,
                format!("[body] Invalid input: expected object, received {received}")
            );
        }
        assert!(Body::<false>(None).optional_fields().is_ok());
        assert!(Body::<false>(Some(json!(1))).optional_fields().is_err());
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
