//! Random queries, for properties that hold of all of them.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    Cursors, ListQuery, Position,
    ast::{
        Aggregate, Count, Figure, Form, Function, GroupKey, Operation, Part, Path, Pattern,
        Predicate, SortKey, Test, Window,
    },
    group::is_name,
};

/// A query that the grammar has.
pub(super) fn query() -> impl Strategy<Value = ListQuery> {
    let shape = (option::of(vec(name(), 1..4)), vec(name(), 0..4), window(), option::of(count()));
    let order = vec(sort_key(), 0..5);
    (vec(predicate(test()), 0..4), order, shape, option::of(aggregate())).prop_map(
        |(filter, mut sort, (mut fields, mut include, (window, limit), count), aggregate)| {
            // Nothing is named twice.
            sort.sort_by_key(ToString::to_string);
            sort.dedup();
            include.sort();
            include.dedup();
            if let Some(fields) = &mut fields {
                fields.sort();
                fields.dedup();
            }
            ListQuery {
                filter: Predicate::All(filter),
                sort,
                fields,
                include,
                window,
                limit,
                count,
                aggregate,
                ..ListQuery::default()
            }
        },
    )
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_]{0,6}".prop_filter("a name", |name| {
        let parameter = [
            "page",
            "limit",
            "cursor",
            "count",
            "q",
            "highlight",
            "sort",
            "fields",
            "include",
            "select",
            "groupBy",
            "having",
        ];
        is_name(name) && !parameter.contains(&name.as_str())
    })
}

/// Any text, and often one full of what means something in the grammar.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{0,12}", "[-,.:()\"\\\\*%_&=+ #é]{0,8}"]
}

fn test() -> impl Strategy<Value = Predicate> {
    let operation = || {
        prop_oneof![
            text().prop_map(Operation::Eq),
            text().prop_map(Operation::Ne),
            text().prop_map(Operation::Gt),
            text().prop_map(Operation::Gte),
            text().prop_map(Operation::Lt),
            text().prop_map(Operation::Lte),
            vec(text(), 0..4).prop_map(Operation::In),
            vec(text(), 0..4).prop_map(Operation::NotIn),
            (text(), text()).prop_map(|(low, high)| Operation::Between(low, high)),
            (select(vec![Form::Like, Form::Contains, Form::StartsWith]), text(), any::<bool>())
                .prop_map(|(form, text, insensitive)| {
                    Operation::Like(Pattern { form, text, insensitive })
                }),
            select(vec![
                Operation::IsNull,
                Operation::IsNotNull,
                Operation::IsTrue,
                Operation::IsFalse,
                Operation::IsEmpty,
                Operation::IsNotEmpty,
            ]),
        ]
    };
    (vec(name(), 0..2), name(), operation()).prop_map(|(relations, field, operation)| {
        Predicate::Test(Test {
            parameter: String::new(),
            path: Path { relations, field },
            operation,
        })
    })
}

/// A test, or groups of them up to the deepest that is allowed.
fn predicate(test: impl Strategy<Value = Predicate> + 'static) -> impl Strategy<Value = Predicate> {
    let negated = |predicate: BoxedStrategy<Predicate>| {
        (predicate, any::<bool>()).prop_map(|(predicate, not)| predicate.negate(not)).boxed()
    };
    negated(test.boxed()).prop_recursive(4, 12, 3, move |inner| {
        let group = prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Predicate::All),
            vec(inner, 1..4).prop_map(Predicate::Any),
        ];
        negated(group.boxed())
    })
}

fn sort_key() -> impl Strategy<Value = SortKey> {
    (name(), any::<bool>(), any::<bool>()).prop_map(|(field, descending, nulls_first)| SortKey {
        field,
        descending,
        nulls_first,
    })
}

fn window() -> impl Strategy<Value = (Window, u64)> {
    let keys = vec(
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            text().prop_map(Value::from)
        ],
        1..4,
    );
    let position = (any::<u64>(), any::<i64>(), any::<bool>(), any::<bool>(), keys).prop_map(
        |(binding, made_at, backwards, inclusive, keys)| Position {
            binding,
            made_at,
            backwards,
            inclusive,
            keys,
        },
    );
    let window = prop_oneof![
        (1_u64..=100).prop_map(Window::Page),
        option::of(position).prop_map(Window::Cursor),
    ];
    (window, 1_u64..=100)
}

fn count() -> impl Strategy<Value = Count> {
    select(Count::ALL.to_vec())
}

fn figure() -> impl Strategy<Value = Figure> {
    (select(Function::ALL.to_vec()), name()).prop_map(|(function, field)| Figure {
        function,
        field: if function == Function::Count { String::new() } else { field },
    })
}

fn aggregate() -> impl Strategy<Value = Aggregate> {
    let key = (name(), option::of(select(Part::ALL.to_vec())))
        .prop_map(|(field, part)| GroupKey { field, part });
    let tested = (figure(), text()).prop_map(|(figure, text)| {
        let path = Path { relations: Vec::new(), field: figure.to_string() };
        Predicate::Test(Test { parameter: String::new(), path, operation: Operation::Gt(text) })
    });
    (vec(figure(), 0..3), vec(key, 1..3), vec(predicate(tested), 0..3)).prop_map(
        |(mut select, mut group_by, having)| {
            select.sort_by_key(ToString::to_string);
            select.dedup();
            group_by.sort_by_key(ToString::to_string);
            group_by.dedup();
            Aggregate { select, group_by, having: Predicate::All(having) }
        },
    )
}

/// `query` as a body.
pub(super) fn json(query: &ListQuery, cursors: &Cursors) -> Value {
    let mut body = json!({
        "where": condition(&query.filter),
        "sort": query.sort.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "fields": query.fields,
        "include": query.include,
        "limit": query.limit,
        "count": query.count.map(Count::name),
    });
    match &query.window {
        Window::Page(page) => body["page"] = json!(page),
        Window::Cursor(position) => {
            let cursor = position.as_ref().map(|position| cursors.seal(position));
            body["cursor"] = json!(cursor.unwrap_or_default());
        }
    }
    if let Some(aggregate) = &query.aggregate {
        let texts = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>();
        body["select"] = json!(texts(&mut aggregate.select.iter().map(ToString::to_string)));
        body["groupBy"] = json!(texts(&mut aggregate.group_by.iter().map(ToString::to_string)));
        body["having"] = condition(&aggregate.having);
    }
    if let Value::Object(members) = &mut body {
        // What is empty is left out, as it is in a URL.
        members.retain(|name, value| {
            let conditions = value.get("and").unwrap_or(value).as_array();
            name == "cursor" || !value.is_null() && !conditions.is_some_and(Vec::is_empty)
        });
    }
    body
}

fn condition(predicate: &Predicate) -> Value {
    let all = |inner: &[Predicate]| inner.iter().map(condition).collect::<Vec<_>>();
    match predicate {
        Predicate::All(inner) => json!({ "and": all(inner) }),
        Predicate::Any(inner) => json!({ "or": all(inner) }),
        Predicate::Not(inner) => json!({ "not": condition(inner) }),
        Predicate::Test(test) => {
            let value = match &test.operation {
                Operation::Eq(value)
                | Operation::Ne(value)
                | Operation::Gt(value)
                | Operation::Gte(value)
                | Operation::Lt(value)
                | Operation::Lte(value) => json!(value),
                Operation::In(values) | Operation::NotIn(values) => json!(values),
                Operation::Between(low, high) => json!([low, high]),
                Operation::Like(pattern) => json!(pattern.text),
                Operation::IsNull => json!("null"),
                Operation::IsNotNull => json!("notnull"),
                Operation::IsTrue => json!(true),
                Operation::IsFalse => json!(false),
                Operation::IsEmpty => json!("empty"),
                Operation::IsNotEmpty => json!("notempty"),
            };
            json!({ "field": test.path.to_string(), "op": test.operation.name(), "value": value })
        }
    }
}
