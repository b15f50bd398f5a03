//! How a request is recognised again: by its own id, and by that of the trace it belongs to.

use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// `X-Request-Id`, on requests and on every answer.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `traceparent` (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

const MAX_LENGTH: usize = 128;

/// The id of a request: the caller's if it is a sane token, else a new one; an extension of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The id that these headers ask for, or a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        match headers
            .get(X_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|text| is_token(text))
        {
            Some(text) => Self(text.into()),
            None => Self::new(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one home of request ids")]
    fn new() -> Self {
        let mut buffer = [0; 36];
        let text: &str = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
        Self(text.into())
    }

    /// As a header.
    pub fn header(&self) -> HeaderValue {
        // Tokens and UUIDs are always fit for a header.
        HeaderValue::from_str(&self.0).unwrap_or_else(|_unfit| HeaderValue::from_static("unknown"))
    }
}

/// Nothing that could break a log line, a header or a page that shows it.
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed)
}

/// The trace that a request belongs to, if its caller says so.
#[derive(Clone, Debug)]
pub struct Trace(HeaderValue);

impl Trace {
    /// The trace that these headers name correctly.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(TRACEPARENT)?;
        trace_id(value.to_str().ok()?)?;
        Some(Self(value.clone()))
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        self.0.to_str().ok().and_then(trace_id).unwrap_or_default()
    }
}

/// The trace id in `version-trace-parent-flags`. Versions to come may append parts.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let valid = hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && hex(trace, 32)
        && !zero(trace)
        && hex(parent, 16)
        && !zero(parent)
        && hex(flags, 2);
    valid.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            RequestId::of(&headers).0
        };
        for sane in ["a", "order-7_a.b", &"x".repeat(MAX_LENGTH)] {
            assert_eq!(&*of(sane), sane);
        }
        for other in [
            "",
            "two words",
            "a\tb",
            "<script>",
            "\"q\"",
            "ünïcode",
            "a/b",
            &"x".repeat(MAX_LENGTH + 1),
        ] {
            assert!(Uuid::parse_str(&of(other)).is_ok(), "{other:?}");
        }
        assert!(Uuid::parse_str(&RequestId::of(&HeaderMap::new()).0).is_ok());
    }

    #[test]
    fn a_trace_is_known_by_its_id() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for valid in ["00-{}-00f067aa0ba902b7-01", "cc-{}-00f067aa0ba902b7-01-what-comes-later"] {
            assert_eq!(trace_id(&valid.replace("{}", trace)), Some(trace));
        }
        for broken in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_id(broken), None, "{broken}");
        }
    }
}
