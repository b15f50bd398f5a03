//! Views, triggers, policies and functions, and what else is no table.

use std::collections::BTreeMap;

use super::Plan;
use crate::{
    catalog::{Object, ObjectKind},
    definition::{identifier, in_order},
    mend::Step,
};

/// What names a thing of this kind in a statement.
pub(super) fn address(object: &Object) -> String {
    let parts = object.name.split_once('.');
    match (object.kind, parts) {
        (ObjectKind::Trigger | ObjectKind::Policy, Some((table, name))) => {
            format!("{} ON {}", identifier(name), identifier(table))
        }
        (ObjectKind::Function, _) => match object.name.split_once('(') {
            Some((name, arguments)) => format!("{}({arguments}", identifier(name)),
            None => identifier(&object.name),
        },
        _ => identifier(&object.name),
    }
}

/// Drops what changes or goes.
pub(super) fn drop(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for object in &plan.gone {
        let word = match object.kind {
            ObjectKind::Trigger => "TRIGGER",
            ObjectKind::Policy => "POLICY",
            _ => continue,
        };
        steps.push(Step::new(format!("DROP {word} {}", address(object))));
    }
    let views = plan.gone.iter().copied().filter(|object| !is_of_table(object));
    for object in ordered(views, &plan.actual.objects).into_iter().rev() {
        let word = match object.kind {
            ObjectKind::View => "VIEW",
            ObjectKind::MaterializedView => "MATERIALIZED VIEW",
            _ => "FUNCTION",
        };
        steps.push(Step::new(format!("DROP {word} {}", address(object))));
    }
}

fn is_of_table(object: &Object) -> bool {
    matches!(object.kind, ObjectKind::Trigger | ObjectKind::Policy)
}

/// Each after those that it mentions.
pub(super) fn ordered<'a>(
    objects: impl Iterator<Item = &'a Object>,
    definitions: &BTreeMap<Object, String>,
) -> Vec<&'a Object> {
    let objects: Vec<_> = objects.collect();
    let text = |object: &Object| definitions.get(object).map_or("", String::as_str);
    let names = in_order(objects.iter().map(|object| (object.name.as_str(), text(object))));
    let find = |name: &str| objects.iter().copied().find(|object| object.name == name);
    names.into_iter().filter_map(find).collect()
}

/// Makes or replaces functions.
pub(super) fn functions(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    let made = plan.made.iter().copied().filter(|object| object.kind == ObjectKind::Function);
    for object in ordered(made, &plan.expected.objects) {
        let definition = plan.expected.objects.get(object);
        steps.extend(definition.map(|definition| Step::new(definition.trim_end())));
    }
}

/// Makes what is missing but functions.
pub(super) fn create(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    use ObjectKind::{MaterializedView, Policy, Trigger, View};
    let of = |kinds: [ObjectKind; 2]| {
        let made = plan.made.iter().copied().filter(move |object| kinds.contains(&object.kind));
        ordered(made, &plan.expected.objects)
    };
    for object in of([View, MaterializedView]).into_iter().chain(of([Trigger, Policy])) {
        let Some(definition) = plan.expected.objects.get(object) else { continue };
        let name = address(object);
        let definition = definition.trim();
        match object.kind {
            View => steps.push(Step::new(format!("CREATE VIEW {name} AS {definition}"))),
            MaterializedView => {
                // Behind what it shows stand its indexes.
                let mut statements = definition.split(";\n");
                let query = statements.next().unwrap_or_default();
                steps.push(Step::new(format!("CREATE MATERIALIZED VIEW {name} AS {query}")));
                steps.extend(statements.map(Step::new));
            }
            Policy => {
                steps.push(Step::new(format!("CREATE POLICY {name} {definition}")));
            }
            _ => {
                let create = definition.strip_suffix(" (disabled)");
                steps.push(Step::new(create.unwrap_or(definition)));
                if let (Some(_), Some((table, trigger))) = (create, object.name.split_once('.')) {
                    let (table, trigger) = (identifier(table), identifier(trigger));
                    steps.push(Step::new(format!("ALTER TABLE {table} DISABLE TRIGGER {trigger}")));
                }
            }
        }
    }
}

/// What nothing uses any more.
pub(super) fn drop_unused(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    let extra = plan.actual.objects.keys().filter(|object| {
        !plan.expected.objects.contains_key(object) && !plan.gone.contains(object)
    });
    for object in ordered(extra, &plan.actual.objects).into_iter().rev() {
        let name = address(object);
        match object.kind {
            ObjectKind::Function => steps.push(Step::new(format!("DROP ROUTINE {name}"))),
            ObjectKind::Type if plan.is_domain(object) => {
                steps.push(Step::new(format!("DROP DOMAIN {name}")));
            }
            ObjectKind::Enum | ObjectKind::Type => {
                steps.push(Step::new(format!("DROP TYPE {name}")));
            }
            ObjectKind::Sequence => steps.push(Step::destroying(
                format!("DROP SEQUENCE {name}"),
                format!("how far the sequence {} has counted", object.name),
            )),
            _ => {}
        }
    }
}
