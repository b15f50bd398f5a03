//! A query as JSON, for those that are too long for a URL. Its members are named like the parameters of the URL.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use super::{
    Cursors, ListQuery, MAX_DEPTH,
    ast::{Operation, Predicate},
    draft::Draft,
    group::{Subject, figure_test, list_operation, operation, test},
};
use crate::{
    Error, Result,
    resource::{Object, some_objects},
};

/// The JSON spelling of a query.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Body {
    r#where: Option<Object<Condition>>,
    q: Option<Value>,
    highlight: Option<Value>,
    sort: Option<Vec<String>>,
    fields: Option<Vec<String>>,
    include: Option<Vec<String>>,
    page: Option<Value>,
    cursor: Option<Value>,
    limit: Option<Value>,
    count: Option<Value>,
    select: Option<Vec<String>>,
    group_by: Option<Vec<String>>,
    having: Option<Object<Condition>>,
}

/// `{"and": […]}`, `{"or": […]}`, `{"not": …}` or `{"field": …, "op": …, "value": …}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(default, deserialize_with = "some_objects")]
    and: Option<Vec<Condition>>,
    #[serde(default, deserialize_with = "some_objects")]
    or: Option<Vec<Condition>>,
    not: Option<Box<Object<Condition>>>,
    field: Option<String>,
    op: Option<String>,
    value: Option<Value>,
}

/// The text of a string, a boolean or a number (in its shortest form), or a list of these.
enum Value {
    One(String),
    List(Vec<String>),
}

impl ListQuery {
    /// Reads the JSON spelling.
    ///
    /// # Errors
    /// `BadQuery`, whose parameter is the JSON pointer to the first member that cannot be understood.
    pub fn from_body(body: Body, cursors: &Cursors) -> Result<Self> {
        let mut draft = Draft::new(cursors, "/");
        let texts = [
            ("page", body.page),
            ("cursor", body.cursor),
            ("limit", body.limit),
            ("count", body.count),
            ("q", body.q),
            ("highlight", body.highlight),
        ];
        for (member, value) in texts {
            match value {
                None => {}
                Some(Value::One(text)) => draft.text(member, &text)?,
                Some(Value::List(_)) => {
                    return Err(Error::bad_query(format!("/{member}"), "is one value, not a list"));
                }
            }
        }
        let lists = [
            ("sort", body.sort),
            ("fields", body.fields),
            ("include", body.include),
            ("select", body.select),
            ("groupBy", body.group_by),
        ];
        for (member, names) in lists {
            if let Some(names) = names {
                draft.names(member, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
            }
        }
        if let Some(Object(condition)) = body.r#where {
            for part in conjunction(condition, "/where", Subject::Row)? {
                draft.filter("/where", part)?;
            }
        }
        if let Some(Object(condition)) = body.having {
            for part in conjunction(condition, "/having", Subject::Group)? {
                draft.having("/having", part)?;
            }
        }
        draft.finish()
    }
}

/// The parts that must all hold; an outermost `and` is what the parameters of a URL are to each other.
fn conjunction(condition: Condition, pointer: &str, subject: Subject) -> Result<Vec<Predicate>> {
    let outermost = condition.and.is_some();
    Ok(match predicate(condition, pointer, subject, usize::from(!outermost))? {
        Predicate::All(parts) if outermost => parts,
        other => vec![other],
    })
}

fn predicate(
    condition: Condition,
    pointer: &str,
    subject: Subject,
    depth: usize,
) -> Result<Predicate> {
    let error = |message: &str| Err(Error::bad_query(pointer, message));
    let group = |name: &str, conditions: Vec<Condition>| {
        if conditions.is_empty() {
            return Err(Error::bad_query(format!("{pointer}/{name}"), "has no conditions"));
        }
        if depth > MAX_DEPTH {
            let message = format!("groups are nested deeper than {MAX_DEPTH}");
            return Err(Error::bad_query(pointer, message));
        }
        let each = |(index, condition)| {
            predicate(condition, &format!("{pointer}/{name}/{index}"), subject, depth + 1)
        };
        conditions.into_iter().enumerate().map(each).collect::<Result<Vec<_>>>()
    };
    let Condition { and, or, not, field, op, value } = condition;
    match (and, or, not, (field, op, value)) {
        (Some(conditions), None, None, (None, None, None)) => {
            Ok(Predicate::All(group("and", conditions)?))
        }
        (None, Some(conditions), None, (None, None, None)) => {
            Ok(Predicate::Any(group("or", conditions)?))
        }
        (None, None, Some(inner), (None, None, None)) => {
            let Object(inner) = *inner;
            if inner.not.is_some() {
                return error("not of not: leave out both");
            }
            let pointer = format!("{pointer}/not");
            Ok(predicate(inner, &pointer, subject, depth)?.negate(true))
        }
        (None, None, None, (Some(field), Some(op), Some(value))) => {
            let operation = operation_of(pointer, &op, value)?;
            match subject {
                Subject::Row => test(pointer, &field, operation),
                Subject::Group => figure_test(pointer, &field, operation),
            }
        }
        _ => error(
            "is one of {\"and\": […]}, {\"or\": […]}, {\"not\": …}, {\"field\": …, \"op\": …, \"value\": …}",
        ),
    }
}

fn operation_of(pointer: &str, op: &str, value: Value) -> Result<Operation> {
    let list = matches!(op, "in" | "nin" | "between");
    let refused = |message: &str| Err(Error::bad_query(format!("{pointer}/value"), message));
    match value {
        Value::List(values) if list => list_operation(&format!("{pointer}/value"), op, values),
        Value::One(value) if !list => operation(&format!("{pointer}/op"), op, value),
        Value::List(_) => refused("is a list, which only in, nin and between take"),
        Value::One(_) => refused("is not a list, as in, nin and between take"),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = Value;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string, a number, a boolean or a list of these")
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::One(text.to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::One(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::One(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::One(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value::One(value.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(item) = items.next_element()? {
                    match item {
                        Value::One(text) => texts.push(text),
                        Value::List(_) => return Err(serde::de::Error::custom("a list in a list")),
                    }
                }
                Ok(Value::List(texts))
            }
        }

        deserializer.deserialize_any(Texts)
    }
}
