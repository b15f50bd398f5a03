//! What a field holds.

use chrono::{DateTime, SecondsFormat};
use serde_json::Value as Json;
use uuid::Uuid;

/// A value that is not null. Of one kind, they are ordered as lists order them: text and ids by bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Boolean(bool),
    Integer(i64),
    Id(Uuid),
    Text(String),
    /// Microseconds of the Unix epoch.
    Time(i64),
    /// A document, as text.
    Document(String),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As an answer shows it.
    pub(crate) fn shown(&self) -> Json {
        match self {
            Self::Boolean(value) => Json::from(*value),
            Self::Integer(value) => Json::from(*value),
            Self::Id(id) => Json::from(id.to_string()),
            Self::Text(text) => Json::from(text.as_str()),
            Self::Time(micros) => Json::from(moment(*micros)),
            Self::Document(text) => serde_json::from_str(text).expect("a document is JSON"),
        }
    }

    /// As a caller would write it in a query.
    pub(crate) fn written(&self) -> String {
        match self.shown() {
            Json::String(text) => text,
            other => other.to_string(),
        }
    }
}

/// A time as it is shown: to the millisecond, what is below cut off.
pub(crate) fn moment(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(micros).expect("a time of the tests");
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What is shown of a time: lists compare only that.
pub(crate) fn millis(micros: i64) -> i64 {
    micros.div_euclid(1000)
}
