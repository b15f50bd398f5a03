//! A query as a query string: the one that parses to it.

use std::{borrow::Cow, fmt::Display};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Cursors, ListQuery,
    ast::{Operation, Predicate, SortKey, Test, Window},
};

/// All that is not plainly itself in a query string (RFC 3986, 3.4), nor between `<` and `>` in a `Link` (RFC 8288).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b':')
    .remove(b'!');

impl ListQuery {
    /// The query string that parses to this query.
    pub fn print(&self, cursors: &Cursors) -> String {
        match &self.window {
            Window::Page(page) => self.print_windows()("page", &page.to_string()),
            Window::Cursor(position) => {
                let cursor = position.as_ref().map(|position| cursors.seal(position));
                self.print_windows()("cursor", &cursor.unwrap_or_default())
            }
        }
    }

    /// Makes the query strings of other windows of this list, each of the name and the value of its parameter. What
    /// they have in common is printed once.
    pub fn print_windows(&self) -> impl Fn(&str, &str) -> String {
        let common = self.print_but_window();
        let limit = self.limit.to_string();
        move |name, value| {
            let mut printed = common.clone();
            parameter(&mut printed, name, value);
            parameter(&mut printed, "limit", &limit);
            printed
        }
    }

    fn print_but_window(&self) -> String {
        let mut printed = self.print_selection();
        let mut add = |name: &str, value: &str| parameter(&mut printed, name, value);
        if self.highlight {
            add("highlight", "true");
        }
        if let Some(fields) = &self.fields {
            add("fields", &fields.join(","));
        }
        if !self.include.is_empty() {
            add("include", &self.include.join(","));
        }
        if let Some(aggregate) = &self.aggregate {
            if !aggregate.select.is_empty() {
                add("select", &joined(&aggregate.select));
            }
            if !aggregate.group_by.is_empty() {
                add("groupBy", &joined(&aggregate.group_by));
            }
            for predicate in parts(&aggregate.having) {
                add("having", &item(predicate));
            }
        }
        if let Some(count) = self.count {
            add("count", count.name());
        }
        printed
    }

    /// The part that decides which rows there are and in which order.
    pub(super) fn print_selection(&self) -> String {
        let mut printed = String::new();
        for predicate in parts(&self.filter) {
            let (not, inner) = unwrapped(predicate);
            match inner {
                Predicate::Test(test) => {
                    let value =
                        [not, &operation(&test.operation, |value| Cow::Borrowed(value))].concat();
                    parameter(&mut printed, &test.path.to_string(), &value);
                }
                group => {
                    let name = [not, name(group)].concat();
                    parameter(&mut printed, &name, &members(group));
                }
            }
        }
        if let Some(search) = &self.search {
            parameter(&mut printed, "q", &search.to_string());
        }
        if !self.sort.is_empty() {
            parameter(&mut printed, "sort", &joined(&self.sort));
        }
        printed
    }
}

/// What stands side by side.
fn parts(predicate: &Predicate) -> &[Predicate] {
    match predicate {
        Predicate::All(parts) => parts,
        other => std::slice::from_ref(other),
    }
}

fn parameter(printed: &mut String, name: &str, value: &str) {
    if !printed.is_empty() {
        printed.push('&');
    }
    printed.extend(utf8_percent_encode(name, ESCAPED));
    printed.push('=');
    printed.extend(utf8_percent_encode(value, ESCAPED));
}

fn unwrapped(predicate: &Predicate) -> (&'static str, &Predicate) {
    match predicate {
        Predicate::Not(inner) => ("not.", inner),
        other => ("", other),
    }
}

fn name(group: &Predicate) -> &'static str {
    if matches!(group, Predicate::Any(_)) { "or" } else { "and" }
}

/// A test or a group inside a group.
fn item(predicate: &Predicate) -> String {
    let (not, inner) = unwrapped(predicate);
    match inner {
        Predicate::Test(Test { path, operation: asked, .. }) => {
            format!("{path}.{not}{}", operation(asked, quoted))
        }
        group => [not, name(group), &members(group)].concat(),
    }
}

fn members(group: &Predicate) -> String {
    let members = match group {
        Predicate::All(members) | Predicate::Any(members) => members.as_slice(),
        other => std::slice::from_ref(other),
    };
    let members: Vec<_> = members.iter().map(item).collect();
    format!("({})", members.join(","))
}

/// `operator.value`, its value written by `write`; those inside parentheses are quoted in any case.
fn operation(operation: &Operation, write: fn(&str) -> Cow<'_, str>) -> String {
    let list = |values: &mut dyn Iterator<Item = &String>| {
        let values: Vec<_> = values.map(|value| quoted(value)).collect();
        Cow::Owned(format!("({})", values.join(",")))
    };
    let value = match operation {
        Operation::Eq(value)
        | Operation::Ne(value)
        | Operation::Gt(value)
        | Operation::Gte(value)
        | Operation::Lt(value)
        | Operation::Lte(value) => write(value),
        Operation::Like(pattern) => write(&pattern.text),
        Operation::In(values) | Operation::NotIn(values) => list(&mut values.iter()),
        Operation::Between(low, high) => list(&mut [low, high].into_iter()),
        Operation::IsNull => "null".into(),
        Operation::IsNotNull => "notnull".into(),
        Operation::IsTrue => "true".into(),
        Operation::IsFalse => "false".into(),
        Operation::IsEmpty => "empty".into(),
        Operation::IsNotEmpty => "notempty".into(),
    };
    format!("{}.{value}", operation.name())
}

/// In double quotes where it would otherwise not be read as one value.
fn quoted(value: &str) -> Cow<'_, str> {
    if !value.is_empty() && !value.contains([',', '(', ')', '"']) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn joined(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// As it stands in a query.
impl Display for SortKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.descending { "-" } else { "" };
        let nulls = if self.nulls_first { ".nullsfirst" } else { "" };
        write!(formatter, "{sign}{}{nulls}", self.field)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::{Body, arbitrary};

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same_query(query in arbitrary::query()) {
            let cursors = Cursors::new("a secret");
            let printed = query.print(&cursors);
            prop_assert_eq!(ListQuery::parse(&printed, &cursors).ok(), Some(query));
        }

        #[test]
        fn both_spellings_are_of_the_same_query(query in arbitrary::query()) {
            let cursors = Cursors::new("a secret");
            let json = arbitrary::json(&query, &cursors);
            let body: Body = serde_json::from_value(json.clone()).expect("of that shape");
            prop_assert_eq!(ListQuery::from_body(body, &cursors).ok(), Some(query));
        }

        #[test]
        fn nothing_makes_the_parser_panic(text in ".{0,200}") {
            let cursors = Cursors::new("a secret");
            if let Ok(query) = ListQuery::parse(&text, &cursors) {
                prop_assert_eq!(ListQuery::parse(&query.print(&cursors), &cursors).ok(), Some(query));
            }
        }

        #[test]
        fn nor_what_looks_like_a_query(
            text in "((name|tasks\\.done|or|and|having|sort|q|in|not)?[=.&(),\"\\\\]?(eq|in|not|is|like|empty|count\\(\\)|%2[0-9A-F])?[=.&(),]?){0,20}",
        ) {
            let cursors = Cursors::new("a secret");
            if let Ok(query) = ListQuery::parse(&text, &cursors) {
                prop_assert_eq!(ListQuery::parse(&query.print(&cursors), &cursors).ok(), Some(query));
            }
        }
    }

    #[test]
    fn a_query_is_printed_as_people_write_it() {
        let cursors = Cursors::new("a secret");
        let query = "name=ilike.*a b*&or=(status.eq.active,not.and(owner.name.in.(a,\"b,c\"),tasks.is.empty))\
                     &sort=-createdAt,name.nullsfirst&fields=id,name&include=owner&page=2&limit=20";
        let printed = ListQuery::parse(query, &cursors).expect("valid").print(&cursors);
        assert_eq!(printed, query.replace(' ', "%20").replace('"', "%22"));
    }
}
