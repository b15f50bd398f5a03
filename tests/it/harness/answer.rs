//! What came back, printed so that both databases print the same.

use std::fmt::{Display, Formatter, Result};
use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::client::Site;
use super::normalise::{lay_out, normalise};

/// The headers that a caller acts on.
const SHOWN_HEADERS: [&str; 6] =
    ["Location", "Allow", "Retry-After", "WWW-Authenticate", "Link", "Content-Type"];

/// An answer of the server.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) site: Arc<Site>,
}

impl Answer {
    /// The id of the row in the body.
    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no row with an id: {self}")).to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }

    /// How many rows a list has on all its pages.
    pub(crate) fn total(&self) -> u64 {
        self.json()["total"].as_u64().unwrap_or_else(|| panic!("not a list: {self}"))
    }

    /// One member of each row of a list.
    pub(crate) fn each(&self, member: &str) -> Vec<String> {
        let body = self.json();
        let rows = body["items"].as_array().unwrap_or_else(|| panic!("not a list: {self}"));
        rows.iter()
            .map(|row| row[member].as_str().map_or_else(|| row[member].to_string(), str::to_owned))
            .collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header; empty when it is absent, comma-joined when it is there several times.
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(", ")
    }

    /// A problem in brief: the status and the kind, the headers that a caller acts on, and a line per violation.
    /// Anything else in full.
    pub(crate) fn problem(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = text(&problem["type"]);
        let Some(kind) = kind.strip_prefix("/problems/") else { return self.to_string() };
        let mut lines = vec![format!("{} {kind}", self.status)];
        lines.extend(self.shown_headers());
        for error in problem["errors"].as_array().into_iter().flatten() {
            let place = text(&error["pointer"]) + &text(&error["parameter"]);
            lines.push(format!(
                "    {place} {}: {}",
                text(&error["code"]),
                text(&error["message"])
            ));
        }
        normalise(&lines.join("\n"), &self.site.names)
    }

    /// One line for each header that a caller acts on, where it says something.
    fn shown_headers(&self) -> Vec<String> {
        let shown = SHOWN_HEADERS.map(|name| (name, self.header(name))).into_iter().filter(
            |(name, value)| {
                !value.is_empty() && (*name != "Content-Type" || value != self.usual_type())
            },
        );
        shown.map(|(name, value)| format!("{name}: {value}")).collect()
    }

    /// The media type that needs no mention.
    fn usual_type(&self) -> &'static str {
        match self.status {
            _ if self.body.is_empty() => "",
            400.. => "application/problem+json",
            _ => "application/json",
        }
    }
}

/// The status, the headers that say something, and the body; ids and times replaced.
impl Display for Answer {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let mut lines = vec![self.status.to_string()];
        lines.extend(self.shown_headers());
        if !self.body.is_empty() {
            lines.push(lay_out(&self.text()));
        }
        out.write_str(&normalise(&lines.join("\n"), &self.site.names))
    }
}
