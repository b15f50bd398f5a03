//! A list as a caller asks for it, and its spelling in a URL.

use std::fmt::Write;

use uuid::Uuid;

use super::predicate::{Predicate, Test};
use super::schema::Table;
use super::sort::SortKey;

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// The rows of a resource.
    Of(&'static str),
    /// The members of a project.
    Members(Uuid),
    /// The projects of a user.
    Memberships(Uuid),
    /// Projects with the number of their tasks.
    TaskCounts,
}

/// What is asked about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Rows,
    Groups,
    Distinct,
}

/// How it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Url,
    /// In the body of a QUERY.
    Query,
    /// In the body of a POST.
    Post,
}

/// A query: names and values as the caller wrote them, right or wrong.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) list: List,
    pub(crate) verb: Verb,
    pub(crate) spelling: Spelling,
    pub(crate) filter: Vec<Predicate>,
    pub(crate) sort: Vec<SortKey>,
    pub(crate) fields: Vec<String>,
    pub(crate) include: Vec<String>,
    pub(crate) page: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) count: Option<String>,
    pub(crate) select: Vec<String>,
    pub(crate) group_by: Vec<String>,
    pub(crate) having: Vec<Predicate>,
    /// A parameter that there is not.
    pub(crate) stray: Option<String>,
}

impl List {
    pub(crate) fn table(self) -> &'static Table {
        Table::named(match self {
            Self::Of(name) => name,
            Self::Members(_) | Self::Memberships(_) => "project_member",
            Self::TaskCounts => "project",
        })
    }

    pub(crate) fn path(self) -> String {
        match self {
            Self::Of("audit_log") => "audit-logs".to_owned(),
            Self::Of(name) => format!("{name}s"),
            Self::Members(project) => format!("projects/{project}/members"),
            Self::Memberships(user) => format!("users/{user}/projects"),
            Self::TaskCounts => "projects/task-counts".to_owned(),
        }
    }
}

impl Query {
    pub(crate) fn of(list: List, verb: Verb) -> Self {
        Self {
            list,
            verb,
            spelling: Spelling::Url,
            filter: Vec::new(),
            sort: Vec::new(),
            fields: Vec::new(),
            include: Vec::new(),
            page: None,
            cursor: None,
            limit: None,
            count: None,
            select: Vec::new(),
            group_by: Vec::new(),
            having: Vec::new(),
            stray: None,
        }
    }

    /// The method and the address.
    pub(crate) fn address(&self) -> (&'static str, String) {
        let path = self.list.path();
        match (self.spelling, self.verb) {
            (Spelling::Query, _) => ("QUERY", path),
            (Spelling::Post, _) => ("POST", format!("{path}/query")),
            (Spelling::Url, verb) => {
                let verb = match verb {
                    Verb::Rows => "",
                    Verb::Groups => "/aggregate",
                    Verb::Distinct => "/distinct",
                };
                ("GET", format!("{path}{verb}?{}", self.parameters()))
            }
        }
    }

    /// The query string.
    pub(crate) fn parameters(&self) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: &str| {
            let separator = if query.is_empty() { "" } else { "&" };
            query = format!("{query}{separator}{}={}", encoded(name), encoded(value));
        };
        for predicate in &self.filter {
            let (not, inner) = unwrapped(predicate);
            match inner {
                Predicate::Test(test) => add(&test.path.join("."), &spelled(test, false)),
                Predicate::Any(parts) => add(&format!("{not}or"), &group(parts)),
                Predicate::All(parts) => add(&format!("{not}and"), &group(parts)),
                Predicate::Not(_) => panic!("not of not"),
            }
        }
        for predicate in &self.having {
            add("having", &item(predicate));
        }
        for (name, names) in self.lists() {
            if !names.is_empty() {
                add(name, &names.join(","));
            }
        }
        for (name, value) in self.scalars() {
            if let Some(value) = value {
                add(name, value);
            }
        }
        query
    }

    pub(crate) fn lists(&self) -> [(&str, Vec<String>); 5] {
        [
            ("sort", self.sort.iter().map(ToString::to_string).collect()),
            ("fields", self.fields.clone()),
            ("include", self.include.clone()),
            ("select", self.select.clone()),
            ("groupBy", self.group_by.clone()),
        ]
    }

    pub(crate) fn scalars(&self) -> [(&str, Option<&String>); 5] {
        [
            ("page", self.page.as_ref()),
            ("cursor", self.cursor.as_ref()),
            ("limit", self.limit.as_ref()),
            ("count", self.count.as_ref()),
            (self.stray.as_deref().unwrap_or_default(), self.stray.as_ref()),
        ]
    }
}

/// All that is not plainly itself as `%XX`, a space as `+`.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-._~()*,:".contains(&byte) => {
                encoded.push(char::from(byte));
            }
            _ => write!(encoded, "%{byte:02X}").expect("a String takes text"),
        }
    }
    encoded
}

/// What `not.and` and `not.or` stand in front of.
pub(crate) fn unwrapped(predicate: &Predicate) -> (&'static str, &Predicate) {
    match predicate {
        Predicate::Not(inner) => ("not.", inner),
        other => ("", other),
    }
}

fn group(parts: &[Predicate]) -> String {
    format!("({})", parts.iter().map(item).collect::<Vec<_>>().join(","))
}

/// A test or a group inside a group.
fn item(predicate: &Predicate) -> String {
    let (not, inner) = unwrapped(predicate);
    match inner {
        Predicate::Test(test) => format!("{}.{}", test.path.join("."), spelled(test, true)),
        Predicate::Any(parts) => format!("{not}or{}", group(parts)),
        Predicate::All(parts) => format!("{not}and{}", group(parts)),
        Predicate::Not(_) => panic!("not of not"),
    }
}

/// `not.operator.value`
fn spelled(test: &Test, inside: bool) -> String {
    let not = if test.negated { "not." } else { "" };
    let operation = &test.operation;
    let value = match operation.operator {
        "in" | "nin" | "between" => {
            let values: Vec<_> = operation.operands.iter().map(|value| quoted(value)).collect();
            format!("({})", values.join(","))
        }
        _ if inside => quoted(&operation.operands[0]),
        _ => operation.operands[0].clone(),
    };
    format!("{not}{}.{value}", operation.operator)
}

/// In quotes where it must be, and now and then where it need not.
fn quoted(text: &str) -> String {
    if !text.contains([',', '(', ')', '"']) && !text.len().is_multiple_of(3) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
