//! From a query string to a [`ListQuery`]: pure syntax, no table in sight.

use percent_encoding::percent_decode_str;

use super::{
    DEFAULT_LIMIT, MAX_DEPTH, MAX_INCLUDES, MAX_LIMIT, MAX_PREDICATES, MAX_QUERY_BYTES,
    MAX_ROWS_DEEP, MAX_SORT_KEYS, MAX_VALUES, check_count,
};
use crate::{Error, Result};

/// A list as asked for. Names and values are still the caller's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// What every row must satisfy.
    pub filter: Predicate,
    /// The order, most significant key first.
    pub sort: Vec<SortKey>,
    /// The members to answer with, or all.
    pub fields: Option<Vec<String>>,
    /// The relations to embed.
    pub include: Vec<String>,
    /// The page, from 1.
    pub page: u64,
    /// The most rows on a page.
    pub limit: u64,
}

impl Default for ListQuery {
    fn default() -> Self {
        let filter = Predicate::All(Vec::new());
        Self {
            filter,
            sort: Vec::new(),
            fields: None,
            include: Vec::new(),
            page: 1,
            limit: DEFAULT_LIMIT,
        }
    }
}

/// A condition on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// All of these hold.
    All(Vec<Predicate>),
    /// At least one of these holds.
    Any(Vec<Predicate>),
    /// This does not hold.
    Not(Box<Predicate>),
    /// A test of one field.
    Test(Test),
}

/// `field=op.value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The parameter it came in, for messages.
    pub parameter: String,
    /// The field as the caller named it.
    pub field: String,
    /// What is asked of it.
    pub operation: Operation,
}

/// An operator with its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Equal, by value.
    Eq(String),
    /// Not equal; null is neither equal nor unequal.
    Ne(String),
    /// Greater.
    Gt(String),
    /// Greater or equal.
    Gte(String),
    /// Less.
    Lt(String),
    /// Less or equal.
    Lte(String),
    /// Like a pattern.
    Like(Pattern),
    /// One of the values.
    In(Vec<String>),
    /// None of the values.
    NotIn(Vec<String>),
    /// Between the two, both included.
    Between(String, String),
    /// `is.null`
    IsNull,
    /// `is.notnull`
    IsNotNull,
    /// `is.true`
    IsTrue,
    /// `is.false`
    IsFalse,
}

/// A pattern: literal parts with anything between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The literal parts; there is a wildcard between each two. An empty first or last part leaves that end open.
    pub parts: Vec<String>,
    /// Whether the case of ASCII letters does not matter.
    pub insensitive: bool,
}

/// One key of `sort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The field as the caller named it.
    pub field: String,
    /// Largest first.
    pub descending: bool,
    /// Nulls before everything else; otherwise after, in both directions.
    pub nulls_first: bool,
}

const OPERATORS: &str = "eq, ne, gt, gte, lt, lte, like, ilike, contains, icontains, startswith, istartswith, \
                         in.(…), nin.(…), between.(…,…), is.null, is.notnull, is.true, is.false";

impl ListQuery {
    /// Reads a query string as it stands in the URL, without the `?`.
    ///
    /// # Errors
    /// `BadQuery` naming the first parameter that cannot be understood.
    pub fn parse(query: &str) -> Result<Self> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(Error::bad_query(
                "",
                format!("the query is longer than {MAX_QUERY_BYTES} bytes"),
            ));
        }
        let mut list = Self::default();
        let mut tests = Vec::new();
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, name)?;
            let value = decode(&name, value)?;
            let once = matches!(&*name, "page" | "limit" | "sort" | "fields" | "include");
            if once && seen.contains(&name) {
                return Err(Error::bad_query(name, "is given twice"));
            }
            match &*name {
                "page" => list.page = number(&name, &value, u64::MAX)?,
                "limit" => list.limit = number(&name, &value, MAX_LIMIT)?,
                "sort" => list.sort = sort_keys(&value)?,
                "fields" => list.fields = Some(names(&name, &value, usize::MAX)?),
                "include" => list.include = names(&name, &value, MAX_INCLUDES)?,
                "and" | "or" | "not.and" | "not.or" => {
                    tests.push(Group::of(&name, &value).whole(&name)?)
                }
                "q" | "cursor" | "count" | "select" | "groupBy" | "having" => {
                    return Err(Error::bad_query(name, "is not supported on this list"));
                }
                _ => tests.push(test(&name, &value)?),
            }
            seen.push(name);
        }
        let count = tests.iter().map(Predicate::size).sum();
        check_count("", count, MAX_PREDICATES, "predicates")?;
        if list.page.saturating_mul(list.limit) > MAX_ROWS_DEEP {
            let message =
                format!("page × limit may reach {MAX_ROWS_DEEP} rows at most: narrow the filter");
            return Err(Error::bad_query("page", message));
        }
        list.filter = Predicate::All(tests);
        Ok(list)
    }
}

impl Predicate {
    fn size(&self) -> usize {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().map(Self::size).sum(),
            Self::Not(inner) => inner.size(),
            Self::Test(_) => 1,
        }
    }

    /// The parameter that (the first part of) it came in.
    pub(super) fn parameter(&self) -> Option<&str> {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.first().and_then(Self::parameter),
            Self::Not(inner) => inner.parameter(),
            Self::Test(test) => Some(&test.parameter),
        }
    }

    fn negate(self, negated: bool) -> Self {
        if negated { Self::Not(Box::new(self)) } else { self }
    }
}

fn decode(parameter: &str, text: &str) -> Result<String> {
    let text = text.replace('+', " ");
    let text = percent_decode_str(&text)
        .decode_utf8()
        .map_err(|_| Error::bad_query(parameter, "is not UTF-8 once percent-decoded"))?;
    if text.contains('\0') {
        return Err(Error::bad_query(
            parameter.replace('\0', ""),
            "contains U+0000, which no text here can hold",
        ));
    }
    Ok(text.into_owned())
}

fn number(parameter: &str, text: &str, most: u64) -> Result<u64> {
    let number =
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| {
        let most = if most == u64::MAX { "up".to_owned() } else { format!("to {most}") };
        Error::bad_query(parameter, format!("is {text:?}; give a whole number from 1 {most}"))
    })
}

fn names(parameter: &str, text: &str, most: usize) -> Result<Vec<String>> {
    let names: Vec<_> = text.split(',').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        return Err(Error::bad_query(parameter, "is a list of names with commas between them"));
    }
    check_count(parameter, names.len(), most, "names")?;
    Ok(names)
}

fn sort_keys(text: &str) -> Result<Vec<SortKey>> {
    let keys = names("sort", text, MAX_SORT_KEYS)?;
    Ok(keys
        .into_iter()
        .map(|key| {
            let (key, nulls_first) = match key.strip_suffix(".nullsfirst") {
                Some(key) => (key.to_owned(), true),
                None => (key, false),
            };
            let (field, descending) = match key.strip_prefix('-') {
                Some(field) => (field.to_owned(), true),
                None => (key, false),
            };
            SortKey { field, descending, nulls_first }
        })
        .collect())
}

/// A parameter that is a test of a field; its value runs to the end and needs no quotes.
fn test(parameter: &str, text: &str) -> Result<Predicate> {
    let (negated, text) = strip_not(text);
    let (operator, operand) = text.split_once('.').unwrap_or((text, ""));
    let operation = match operator {
        "in" | "nin" | "between" => {
            let mut group = Group::of(parameter, operand);
            let values = group.values()?;
            group.end()?;
            list_operation(parameter, operator, values)?
        }
        _ => operation(parameter, operator, operand.to_owned())?,
    };
    Ok(Predicate::Test(Test {
        parameter: parameter.to_owned(),
        field: parameter.to_owned(),
        operation,
    })
    .negate(negated))
}

fn strip_not(text: &str) -> (bool, &str) {
    text.strip_prefix("not.").map_or((false, text), |rest| (true, rest))
}

fn operation(parameter: &str, operator: &str, value: String) -> Result<Operation> {
    let pattern = |parts, insensitive| Operation::Like(Pattern { parts, insensitive });
    let split = |value: &str| value.split('*').map(str::to_owned).collect::<Vec<_>>();
    Ok(match operator {
        "eq" => Operation::Eq(value),
        "ne" => Operation::Ne(value),
        "gt" => Operation::Gt(value),
        "gte" => Operation::Gte(value),
        "lt" => Operation::Lt(value),
        "lte" => Operation::Lte(value),
        "like" => pattern(split(&value), false),
        "ilike" => pattern(split(&value), true),
        "contains" => pattern(vec![String::new(), value, String::new()], false),
        "icontains" => pattern(vec![String::new(), value, String::new()], true),
        "startswith" => pattern(vec![value, String::new()], false),
        "istartswith" => pattern(vec![value, String::new()], true),
        "is" => match &*value {
            "null" => Operation::IsNull,
            "notnull" => Operation::IsNotNull,
            "true" => Operation::IsTrue,
            "false" => Operation::IsFalse,
            _ => {
                return Err(Error::bad_query(parameter, "is.… takes null, notnull, true or false"));
            }
        },
        _ => {
            let message = format!(
                "{operator:?} is not an operator; write operator.value with one of: {OPERATORS}"
            );
            return Err(Error::bad_query(parameter, message));
        }
    })
}

fn list_operation(parameter: &str, operator: &str, values: Vec<String>) -> Result<Operation> {
    check_count(parameter, values.len(), MAX_VALUES, "values")?;
    Ok(match operator {
        "in" => Operation::In(values),
        "nin" => Operation::NotIn(values),
        _ => match <[String; 2]>::try_from(values) {
            Ok([low, high]) => Operation::Between(low, high),
            Err(_) => {
                return Err(Error::bad_query(
                    parameter,
                    "between takes two values: between.(low,high)",
                ));
            }
        },
    })
}

/// Reads `(…)`: a list of values, or of tests and groups.
struct Group<'a> {
    parameter: &'a str,
    rest: &'a str,
}

impl<'a> Group<'a> {
    fn of(parameter: &'a str, rest: &'a str) -> Self {
        Self { parameter, rest }
    }

    fn error(&self, message: &str) -> Error {
        Error::bad_query(self.parameter, message)
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error("has text after the closing parenthesis"))
        }
    }

    /// The whole of a parameter named `and`, `or`, `not.and` or `not.or`.
    fn whole(mut self, name: &str) -> Result<Predicate> {
        let (negated, name) = strip_not(name);
        let group = self.group(name, 1)?;
        self.end()?;
        Ok(group.negate(negated))
    }

    fn group(&mut self, name: &str, depth: usize) -> Result<Predicate> {
        if depth > MAX_DEPTH {
            return Err(self.error(&format!("groups are nested deeper than {MAX_DEPTH}")));
        }
        if !self.eat("(") {
            return Err(self
                .error("a group is written in parentheses: or=(status.eq.active,name.ilike.*x*)"));
        }
        let mut items = Vec::new();
        loop {
            items.push(self.item(depth)?);
            if self.eat(")") {
                break;
            }
            if !self.eat(",") {
                return Err(self.error("a comma or a closing parenthesis is missing"));
            }
            check_count(self.parameter, items.len(), MAX_PREDICATES, "predicates")?;
        }
        Ok(if name == "and" { Predicate::All(items) } else { Predicate::Any(items) })
    }

    fn item(&mut self, depth: usize) -> Result<Predicate> {
        let (negated, rest) = strip_not(self.rest);
        for name in ["and", "or"] {
            if rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')) {
                self.rest = rest.get(name.len()..).unwrap_or_default();
                return Ok(self.group(name, depth + 1)?.negate(negated));
            }
        }
        let field = self.word()?;
        let negated = self.eat("not.");
        let operator = self.word_or_end();
        let operation = if matches!(operator, "in" | "nin" | "between") {
            let values = self.values()?;
            list_operation(self.parameter, operator, values)?
        } else {
            let value = self.value()?;
            operation(self.parameter, operator, value)?
        };
        let parameter = self.parameter.to_owned();
        Ok(Predicate::Test(Test { parameter, field: field.to_owned(), operation }).negate(negated))
    }

    fn word(&mut self) -> Result<&'a str> {
        let end = self.rest.find(['.', ',', '(', ')', '"']);
        match end.and_then(|end| self.rest.split_at_checked(end)) {
            Some((word, rest)) if !word.is_empty() && rest.starts_with('.') => {
                self.rest = rest.get(1..).unwrap_or_default();
                Ok(word)
            }
            _ => Err(self.error("inside a group, a test is written field.operator.value")),
        }
    }

    fn word_or_end(&mut self) -> &'a str {
        let end = self.rest.find(['.', ',', '(', ')', '"']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest.strip_prefix('.').unwrap_or(rest);
        word
    }

    fn values(&mut self) -> Result<Vec<String>> {
        if !self.eat("(") {
            return Err(self.error("a list of values is written in parentheses: in.(a,b)"));
        }
        if self.eat(")") {
            return Ok(Vec::new());
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if self.eat(")") {
                return Ok(values);
            }
            if !self.eat(",") {
                return Err(
                    self.error("a comma or a closing parenthesis is missing in a list of values")
                );
            }
        }
    }

    /// A value inside a list or a group: bare up to the next comma or parenthesis, or in double quotes.
    fn value(&mut self) -> Result<String> {
        if !self.eat("\"") {
            let end = self.rest.find([',', '(', ')', '"']).unwrap_or(self.rest.len());
            let (value, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
            if rest.starts_with(['(', '"']) {
                return Err(
                    self.error("a value with a parenthesis or a quote in it goes in double quotes")
                );
            }
            self.rest = rest;
            return Ok(value.to_owned());
        }
        let mut value = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next() {
                Some('"') => break,
                Some('\\') => match letters.next() {
                    Some(letter @ ('"' | '\\')) => value.push(letter),
                    _ => return Err(self.error(
                        "inside double quotes, a backslash stands before a quote or a backslash",
                    )),
                },
                Some(letter) => value.push(letter),
                None => return Err(self.error("a closing double quote is missing")),
            }
        }
        self.rest = letters.as_str();
        Ok(value)
    }
}
