//! Operators, and the parenthesised part of the grammar: groups of tests and lists of values.

use super::{
    MAX_DEPTH, MAX_PATH, MAX_PREDICATES, MAX_VALUES,
    ast::{Figure, Form, Operation, Path, Pattern, Predicate, Test},
    check_count,
};
use crate::{Error, Result};

/// Every operator. No field and no relation may have one of these names.
pub(super) const OPERATORS: [&str; 16] = [
    "eq",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "like",
    "ilike",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "in",
    "nin",
    "between",
    "is",
];

/// Whether `word` can be the name of a field or a relation.
pub(super) fn is_name(word: &str) -> bool {
    let reserved = OPERATORS.contains(&word) || matches!(word, "and" | "or" | "not");
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !word.is_empty() && word.bytes().all(letter) && !reserved
}

/// A test of what `path` names.
pub(super) fn test(parameter: &str, path: &str, operation: Operation) -> Result<Predicate> {
    let mut relations: Vec<_> = path.split('.').map(str::to_owned).collect();
    if !relations.iter().all(|name| is_name(name)) {
        let message = format!("{path:?} is neither a parameter nor a field or relation.field");
        return Err(Error::bad_query(parameter, message));
    }
    let of_relation = matches!(operation, Operation::IsEmpty | Operation::IsNotEmpty);
    let followed = if of_relation { relations.len() } else { relations.len() - 1 };
    check_count(parameter, followed, MAX_PATH, "relations in a row")?;
    let field = relations.pop().unwrap_or_default();
    let path = Path { relations, field };
    Ok(Predicate::Test(Test { parameter: parameter.to_owned(), path, operation }))
}

/// A test of a figure.
pub(super) fn figure_test(parameter: &str, name: &str, operation: Operation) -> Result<Predicate> {
    let figure = Figure::named(parameter, name)?;
    let path = Path { relations: Vec::new(), field: figure.to_string() };
    Ok(Predicate::Test(Test { parameter: parameter.to_owned(), path, operation }))
}

pub(super) fn strip_not(text: &str) -> (bool, &str) {
    text.strip_prefix("not.").map_or((false, text), |rest| (true, rest))
}

pub(super) fn operation(parameter: &str, operator: &str, value: String) -> Result<Operation> {
    Ok(match operator {
        "eq" => Operation::Eq(value),
        "ne" => Operation::Ne(value),
        "gt" => Operation::Gt(value),
        "gte" => Operation::Gte(value),
        "lt" => Operation::Lt(value),
        "lte" => Operation::Lte(value),
        "like" => like(Form::Like, value, false),
        "ilike" => like(Form::Like, value, true),
        "contains" => like(Form::Contains, value, false),
        "icontains" => like(Form::Contains, value, true),
        "startswith" => like(Form::StartsWith, value, false),
        "istartswith" => like(Form::StartsWith, value, true),
        "is" => match &*value {
            "null" => Operation::IsNull,
            "notnull" => Operation::IsNotNull,
            "true" => Operation::IsTrue,
            "false" => Operation::IsFalse,
            "empty" => Operation::IsEmpty,
            "notempty" => Operation::IsNotEmpty,
            _ => {
                let message =
                    "is.… takes null, notnull, true or false, and of a relation empty or notempty";
                return Err(Error::bad_query(parameter, message));
            }
        },
        _ => {
            let known = OPERATORS.join(", ");
            let message = format!(
                "{operator:?} is not an operator; write operator.value with one of: {known}"
            );
            return Err(Error::bad_query(parameter, message));
        }
    })
}

fn like(form: Form, text: String, insensitive: bool) -> Operation {
    Operation::Like(Pattern { form, text, insensitive })
}

pub(super) fn list_operation(
    parameter: &str,
    operator: &str,
    values: Vec<String>,
) -> Result<Operation> {
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

/// What the tests of a group are about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A row: `owner.name.eq.x`.
    Row,
    /// A group of rows: `count().gt.5`.
    Group,
}

/// Reads `(…)`: a list of values, or of tests and groups.
pub(super) struct Group<'a> {
    parameter: &'a str,
    rest: &'a str,
    subject: Subject,
}

impl<'a> Group<'a> {
    pub(super) fn of(parameter: &'a str, rest: &'a str, subject: Subject) -> Self {
        Self { parameter, rest, subject }
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

    pub(super) fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error("has text after the closing parenthesis"))
        }
    }

    /// The whole of a parameter named `and`, `or`, `not.and` or `not.or`.
    pub(super) fn named(mut self, name: &str) -> Result<Predicate> {
        let (negated, name) = strip_not(name);
        let group = self.group(name, 1)?;
        self.end()?;
        Ok(group.negate(negated))
    }

    /// The whole of a parameter that is one test or one group.
    pub(super) fn only(mut self) -> Result<Predicate> {
        let item = self.item(0)?;
        self.end()?;
        Ok(item)
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
        let subject = self.subject()?;
        let negated = self.eat("not.");
        let operator = self.word();
        self.eat(".");
        let operation = if matches!(operator, "in" | "nin" | "between") {
            let values = self.values()?;
            list_operation(self.parameter, operator, values)?
        } else {
            let value = self.value()?;
            operation(self.parameter, operator, value)?
        };
        let test = match self.subject {
            Subject::Row => test(self.parameter, subject, operation),
            Subject::Group => figure_test(self.parameter, subject, operation),
        };
        Ok(test?.negate(negated))
    }

    /// What is tested, up to the dot before the operator.
    fn subject(&mut self) -> Result<&'a str> {
        let whole = self.rest;
        if self.subject == Subject::Group {
            let end = whole.find(')').map_or(0, |end| end + 1);
            self.rest = whole.get(end..).unwrap_or_default();
            return match whole.get(..end) {
                Some(figure) if self.eat(".") => Ok(figure),
                _ => Err(self.error("a test of a group is written count().gt.5")),
            };
        }
        loop {
            self.word();
            let end = whole.len() - self.rest.len();
            if !self.eat(".") {
                let message = format!(
                    "inside a group, a test is written field.operator.value with one of the operators: {}",
                    OPERATORS.join(", ")
                );
                return Err(self.error(&message));
            }
            let rest = self.rest;
            let next = self.word();
            self.rest = rest;
            if next == "not" || OPERATORS.contains(&next) {
                return Ok(whole.get(..end).unwrap_or_default());
            }
        }
    }

    /// The letters up to the next sign of the grammar.
    fn word(&mut self) -> &'a str {
        let end = self.rest.find(['.', ',', '(', ')', '"']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    pub(super) fn values(&mut self) -> Result<Vec<String>> {
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
