//! The spelling of a query as JSON.

use serde_json::{Map, Value as Json, json};

use super::ask::Query;
use super::predicate::{Predicate, Test};

impl Query {
    pub(crate) fn body(&self) -> Json {
        let mut body = Map::new();
        for (name, predicates) in [("where", &self.filter), ("having", &self.having)] {
            if !predicates.is_empty() {
                let parts: Vec<_> = predicates.iter().map(condition).collect();
                body.insert(name.to_owned(), json!({ "and": parts }));
            }
        }
        for (name, names) in self.lists() {
            if !names.is_empty() {
                body.insert(name.to_owned(), json!(names));
            }
        }
        for (name, value) in self.scalars() {
            if let Some(value) = value {
                body.insert(name.to_owned(), scalar(value));
            }
        }
        Json::Object(body)
    }
}

fn condition(predicate: &Predicate) -> Json {
    let each = |parts: &[Predicate]| parts.iter().map(condition).collect::<Vec<_>>();
    match predicate {
        Predicate::All(parts) => json!({ "and": each(parts) }),
        Predicate::Any(parts) => json!({ "or": each(parts) }),
        Predicate::Not(inner) => json!({ "not": condition(inner) }),
        Predicate::Test(Test { path, negated, operation }) => {
            let value = match operation.operator {
                "in" | "nin" | "between" => {
                    operation.operands.iter().map(|operand| scalar(operand)).collect()
                }
                _ => scalar(&operation.operands[0]),
            };
            let field = path.join(".");
            let test = json!({ "field": field, "op": operation.operator, "value": value });
            if *negated { json!({ "not": test }) } else { test }
        }
    }
}

/// Numbers and booleans as such, which is the same as their text.
fn scalar(text: &str) -> Json {
    match serde_json::from_str::<Json>(text) {
        Ok(value @ (Json::Bool(_) | Json::Number(_))) if format!("{value}") == text => value,
        _ => Json::from(text),
    }
}
