//! Enums, domains and composites. A value can be added to an enum; everything else is a new type, to which the columns of the
//! old one are converted.

use super::{
    Plan,
    object::{address, ordered},
};
use crate::{
    catalog::{Object, ObjectKind},
    definition::identifier,
    mend::Step,
};

/// Whether the first list of values is the second with values added.
pub(super) fn is_extended(expected: &str, actual: &str) -> bool {
    let mut rest = values(expected).into_iter();
    values(actual).iter().all(|value| rest.any(|other| other == *value))
}

/// The quoted values of a list.
fn values(list: &str) -> Vec<&str> {
    let (mut values, mut start, mut open) = (Vec::new(), 0, false);
    for (place, letter) in list.char_indices() {
        if letter == '\'' {
            open = !open;
        } else if letter == ',' && !open {
            values.extend(list.get(start..place).map(str::trim));
            start = place + 1;
        }
    }
    values.extend(list.get(start..).map(str::trim).filter(|value| !value.is_empty()));
    values
}

/// Values are added outside of the transaction, in which they could not be used.
pub(super) fn new_values(plan: &Plan<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for (object, expected) in &plan.expected.objects {
        let Some(actual) = plan.actual.objects.get(object) else { continue };
        if object.kind != ObjectKind::Enum || plan.replaced_types.contains(object) {
            continue;
        }
        let actual = values(actual);
        let mut before: Option<&str> = None;
        for value in values(expected) {
            if !actual.contains(&value) {
                let place = match (before, actual.first()) {
                    (Some(before), _) => format!(" AFTER {before}"),
                    (None, Some(first)) => format!(" BEFORE {first}"),
                    (None, None) => String::new(),
                };
                let name = address(object);
                steps.push(Step::new(format!("ALTER TYPE {name} ADD VALUE {value}{place}")));
            }
            before = Some(value);
        }
    }
    steps
}

/// Makes way for the types that are replaced.
pub(super) fn rename_replaced(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for object in &plan.replaced_types {
        let (name, old) = (address(object), identifier(&replaced(object)));
        steps.push(Step::new(format!("ALTER TYPE {name} RENAME TO {old}")));
    }
}

/// Makes the types that are missing, or replaced.
pub(super) fn create(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    let made = plan.expected.objects.keys().filter(|object| {
        matches!(object.kind, ObjectKind::Enum | ObjectKind::Type)
            && (!plan.actual.objects.contains_key(object) || plan.replaced_types.contains(object))
    });
    for object in ordered(made, &plan.expected.objects) {
        let Some(definition) = plan.expected.objects.get(object) else { continue };
        let name = address(object);
        let sql = match (object.kind, definition.split_once(' ')) {
            (ObjectKind::Enum, _) => format!("CREATE TYPE {name} AS ENUM ({definition})"),
            (ObjectKind::Type, Some(("domain", rest))) => format!("CREATE DOMAIN {name} AS {rest}"),
            (ObjectKind::Type, Some((_, rest))) => format!("CREATE TYPE {name} AS {rest}"),
            _ => continue,
        };
        steps.push(Step::new(sql));
    }
}

/// Drops what the new types have replaced.
pub(super) fn drop_replaced(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for object in &plan.replaced_types {
        let word = if plan.is_domain(object) { "DOMAIN" } else { "TYPE" };
        steps.push(Step::new(format!("DROP {word} {}", identifier(&replaced(object)))));
    }
}

fn replaced(object: &Object) -> String {
    format!("{}_replaced", object.name)
}
