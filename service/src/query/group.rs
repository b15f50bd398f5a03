//! Operators, and the parenthesised part of the grammar: groups of tests and lists of values.

use super::{
    MAX_DEPTH, MAX_PREDICATES, MAX_VALUES,
    ast::{Form, Operation, Path, Pattern, Predicate, Test},
    check_count,
};
use crate::{Error, Result};

const OPERATORS: &str = "eq, ne, gt, gte, lt, lte, like, ilike, contains, icontains, startswith, istartswith, \
                         in.(…), nin.(…), between.(…,…), is.null, is.notnull, is.true, is.false";

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

/// Reads `(…)`: a list of values, or of tests and groups.
pub(super) struct Group<'a> {
    parameter: &'a str,
    rest: &'a str,
}

impl<'a> Group<'a> {
    pub(super) fn of(parameter: &'a str, rest: &'a str) -> Self {
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

    pub(super) fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error("has text after the closing parenthesis"))
        }
    }

    /// The whole of a parameter named `and`, `or`, `not.and` or `not.or`.
    pub(super) fn whole(mut self, name: &str) -> Result<Predicate> {
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
        let path = Path { relations: Vec::new(), field: field.to_owned() };
        Ok(Predicate::Test(Test { parameter, path, operation }).negate(negated))
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
