//! Random operators and values.

use super::{WRONG, Wonder};
use crate::model::compare::Operation;
use crate::model::invent;
use crate::model::schema::{Column, Kind};
use crate::model::value::{Value, moment};

const OPERATORS: &[&str] = &[
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

impl Wonder<'_> {
    pub(super) fn operation(&mut self, column: &Column, known: &[&Value]) -> Operation {
        let ordered = &OPERATORS[..6];
        let fitting: Vec<&str> = match column.kind {
            _ if self.wrong() => OPERATORS.to_vec(),
            Kind::Text => OPERATORS.to_vec(),
            Kind::Boolean => vec!["eq", "ne", "in", "nin", "is", "is"],
            _ => [ordered, &["in", "nin", "between", "is"]].concat(),
        };
        let operator = *OPERATORS
            .iter()
            .find(|operator| *operator == self.random.of(&fitting))
            .unwrap_or(&"eq");
        let operands = match operator {
            "is" => {
                let fitting = ["null", "notnull"];
                let strange = self.wrong() || column.kind == Kind::Boolean;
                let choices = if strange { &["true", "false", "null"] } else { &fitting[..] };
                vec![(*self.random.of(choices)).to_owned()]
            }
            "in" | "nin" => {
                let count = if self.wrong() { 101 } else { *self.random.of(&[0, 1, 3, 5, 9]) };
                (0..count).map(|_| self.operand(column, known)).collect()
            }
            "between" => {
                let count = if self.wrong() { 3 } else { 2 };
                let mut operands: Vec<_> =
                    (0..count).map(|_| self.operand(column, known)).collect();
                if self.random.percent(80) {
                    operands.sort();
                }
                operands
            }
            _ if ordered.contains(&operator) => vec![self.operand(column, known)],
            _ => vec![self.pattern(operator, column, known)],
        };
        Operation { operator, operands }
    }

    /// Often a value that there is, in one of the forms that stand for it.
    fn operand(&mut self, column: &Column, known: &[&Value]) -> String {
        let random = &mut self.random;
        if random.percent(2 * WRONG) {
            let strange = [
                "",
                "x",
                "yes",
                "TRUE",
                "1.5",
                "+1",
                " 1",
                "99999999999999999999",
                "2026-01-31",
                "null",
                "{}",
                "1e3",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00Z",
                "9998-12-31T23:59:59.999999999Z",
                "9999-01-01T00:00:00Z",
                "2016-12-31T23:59:60Z",
                "2026-01-31T24:00:00Z",
                "2026-01-31 09:00:00Z",
                "2026-01-31T09:00:00",
            ];
            return (*random.of(&strange)).to_owned();
        }
        let value = match column.kind {
            _ if !known.is_empty() && random.percent(70) => (*random.of(known)).clone(),
            _ if !column.choices.is_empty() => Value::text(*random.of(column.choices)),
            Kind::Id => Value::Id(random.id()),
            Kind::Text => Value::Text(invent::text(random)),
            Kind::Boolean => Value::Boolean(random.percent(50)),
            Kind::Integer => Value::Integer(invent::number(random)),
            Kind::Time => Value::Time(invent::moment(random)),
            Kind::Document | Kind::Fraction => {
                return (*random.of(&["0", "1.5", "-2", "60", "1e3"])).to_owned();
            }
        };
        match value {
            Value::Time(micros) => match random.below(4) {
                0 => moment(micros).replace('Z', "999+00:00"),
                1 => moment(micros).replace('Z', "-00:00").replace('T', "t"),
                2 => moment(micros + 3_600_000_000).replace('Z', "+01:00"),
                _ => moment(micros),
            },
            Value::Id(id) if random.percent(10) => id.simple().to_string().to_uppercase(),
            other => other.written(),
        }
    }

    /// A piece of a text that there is, with the case of letters changed and wildcards put in.
    fn pattern(&mut self, operator: &str, column: &Column, known: &[&Value]) -> String {
        let text = self.operand(column, known);
        let random = &mut self.random;
        let letters: Vec<char> = text.chars().collect();
        let start = random.below(letters.len() + 1);
        let end = start + random.below(letters.len() - start + 1);
        let whole = random.percent(25);
        let letters = if whole { &letters[..] } else { &letters[start..end] };
        let mut pattern = String::new();
        for letter in letters {
            match random.below(6) {
                0 => pattern.extend(letter.to_uppercase()),
                1 => pattern.extend(letter.to_lowercase()),
                2 if random.percent(30) => pattern.push('*'),
                _ => pattern.push(*letter),
            }
        }
        if operator.ends_with("like") && random.percent(80) {
            pattern = format!("*{pattern}*");
        }
        pattern
    }
}
