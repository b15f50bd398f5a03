//! The bodies of lists, as the document describes them.

use serde_json::{Value, json};
use service::{
    field::{Column, Kind},
    query::{
        self, DEFAULT_LIMIT, MAX_FIGURES, MAX_GROUP_KEYS, MAX_INCLUDES, MAX_LIMIT, MAX_PATH,
        MAX_SORT_KEYS, ast::Function,
    },
    table::Table,
};
use utoipa::openapi::{
    AllOfBuilder, Object, ObjectBuilder, Ref, RefOr, Schema,
    schema::{
        AdditionalProperties, ArrayBuilder, ArrayItems, KnownFormat, OneOfBuilder, SchemaFormat,
        SchemaType, Type,
    },
};

use super::{
    Named,
    parameter::{operators, sort_keys},
};

/// What lists of `table` answer with and take: a row, a row as a caller selects it, pages of rows and of groups, and a
/// query.
pub(crate) fn rows(table: &Table) -> Named {
    let name = table.type_name();
    let columns = || {
        table.columns.iter().fold(ObjectBuilder::new(), |object, column| {
            object.property(&column.name, schema_of(column))
        })
    };
    let whole =
        table.columns.iter().fold(columns(), |object, column| object.required(&column.name));
    let mut view = table.relations.iter().fold(columns().required("id"), |object, relation| {
        let target = Ref::from_schema_name(relation.target().type_name());
        if relation.many {
            object.property(relation.name, ArrayBuilder::new().items(target))
        } else {
            let null = Object::with_type(Type::Null);
            object.property(relation.name, OneOfBuilder::new().item(target).item(null))
        }
    });
    if !table.search.is_empty() {
        let html = || ObjectBuilder::new().schema_type(Type::String);
        let found = table
            .search
            .iter()
            .fold(ObjectBuilder::new(), |object, column| object.property(&column.name, html()));
        view = view.property("highlights", found);
    }
    let mut schemas = vec![
        (name.clone(), Schema::from(whole).into()),
        (format!("{name}View"), Schema::from(view).into()),
        (format!("{name}Page"), page_of(Ref::from_schema_name(format!("{name}View")))),
        (format!("{name}Group"), Schema::from(group(table)).into()),
        (format!("{name}GroupPage"), page_of(Ref::from_schema_name(format!("{name}Group")))),
        (format!("{name}Condition"), Schema::from(condition(table)).into()),
        (format!("{name}Query"), Schema::from(query(table)).into()),
    ];
    // What is embedded is described even where it has no routes of its own.
    for relation in &table.relations {
        let target = relation.target();
        let object = target.columns.iter().fold(ObjectBuilder::new(), |object, column| {
            object.property(&column.name, schema_of(column)).required(&column.name)
        });
        schemas.push((target.type_name(), Schema::from(object).into()));
    }
    schemas
}

/// A page of `item`.
pub(crate) fn page_of(item: impl Into<ArrayItems>) -> RefOr<Schema> {
    let number = |minimum: u64| {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
            .minimum(Some(minimum))
    };
    let limit =
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(MAX_LIMIT));
    let cursor = |description: &str| {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some(description))
    };
    let lower_bound = ObjectBuilder::new().schema_type(Type::Boolean).description(Some(
        "there are more rows than `total`, which was as far as they were counted",
    ));
    let page = ObjectBuilder::new()
        .property("items", ArrayBuilder::new().items(item))
        .property(
            "total",
            number(0).description(Some("the rows of all pages; null when not counted")),
        )
        .property("totalIsLowerBound", lower_bound)
        .property("page", number(1).description(Some("null beside a cursor")))
        .property("limit", limit)
        .property(
            "totalPages",
            number(0).description(Some("null when not counted, or beside a cursor")),
        )
        .property(
            "nextCursor",
            cursor("leads to the rows after these; there beside a cursor, null at the end"),
        )
        .property(
            "prevCursor",
            cursor("leads to the rows before these; there beside a cursor, null at the start"),
        );
    let page = ["items", "total", "page", "limit", "totalPages"]
        .into_iter()
        .fold(page, ObjectBuilder::required);
    Schema::from(page).into()
}

fn group(table: &Table) -> ObjectBuilder {
    let mut group = ObjectBuilder::new();
    for key in query::group_keys(table) {
        let schema = match table.columns.iter().find(|column| column.name == key) {
            Some(column) => schema_of(column),
            None => {
                ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            }
        };
        group = group.property(key, schema);
    }
    for figure in query::figures(table) {
        let schema = figure_schema(table, &figure);
        group = group.property(figure, schema);
    }
    group.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}

fn figure_schema(table: &Table, figure: &str) -> ObjectBuilder {
    let (function, field) = figure.trim_end_matches(')').split_once('(').unwrap_or_default();
    let is = |function: Function, name: &str| function.name() == name;
    let column = table.columns.iter().find(|column| column.name == field);
    match column.filter(|_| is(Function::Min, function) || is(Function::Max, function)) {
        Some(column) => nullable_schema_of(column, true),
        None if is(Function::Sum, function) || is(Function::Avg, function) => {
            ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Null]))
        }
        None => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)),
    }
}

/// A condition of `where`, which nests.
fn condition(table: &Table) -> OneOfBuilder {
    let own = || Ref::from_schema_name(format!("{}Condition", table.type_name()));
    let several = || ArrayBuilder::new().items(own()).min_items(Some(1));
    let closed = |object: ObjectBuilder| {
        object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
    };
    let joined = |name: &str| closed(ObjectBuilder::new().property(name, several()).required(name));
    let not = closed(ObjectBuilder::new().property("not", own()).required("not"));
    OneOfBuilder::new().item(joined("and")).item(joined("or")).item(not).item(closed(test(table)))
}

fn test(table: &Table) -> ObjectBuilder {
    let mut fields = Vec::new();
    let mut used = vec!["is"];
    paths(table, "", MAX_PATH, &mut fields, &mut used);
    let scalar = || SchemaType::from_iter([Type::String, Type::Number, Type::Boolean]);
    let one = || ObjectBuilder::new().schema_type(scalar());
    let value = OneOfBuilder::new().item(one()).item(ArrayBuilder::new().items(one()));
    ObjectBuilder::new()
        .property("field", choice(fields))
        .property("op", choice(used.into_iter().map(str::to_owned).collect()))
        .property("value", value)
        .required("field")
        .required("op")
        .required("value")
}

fn paths(
    table: &Table,
    path: &str,
    depth: usize,
    fields: &mut Vec<String>,
    used: &mut Vec<&'static str>,
) {
    for column in table.columns.iter().filter(|column| column.uses.filter) {
        fields.push(format!("{path}{}", column.name));
        for operator in operators(column) {
            if !used.contains(&operator) {
                used.push(operator);
            }
        }
    }
    for relation in &table.relations {
        fields.push(format!("{path}{}", relation.name));
        if depth > 0 {
            let path = format!("{path}{}.", relation.name);
            paths(relation.target(), &path, depth - 1, fields, used);
        }
    }
}

/// The body of a query.
fn query(table: &Table) -> ObjectBuilder {
    let several = |values: Vec<String>, most: usize| {
        ArrayBuilder::new().items(choice(values)).min_items(Some(1)).max_items(Some(most))
    };
    let condition = || Ref::from_schema_name(format!("{}Condition", table.type_name()));
    let text = |description: &str| {
        ObjectBuilder::new().schema_type(Type::String).description(Some(description))
    };
    let number = |most: Option<u64>, default: u64| {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(most)
            .default(Some(default.into()))
    };
    let names: Vec<_> = table.columns.iter().map(|column| column.name.clone()).collect();
    let relations: Vec<_> =
        table.relations.iter().map(|relation| relation.name.to_owned()).collect();
    let figures = query::figures(table);
    let keys = query::group_keys(table);
    let sorts = [keys.clone(), figures.clone()].concat();
    let sorts = sorts.into_iter().flat_map(|name| [format!("-{name}"), name]);
    let mut orders = sort_keys(table);
    orders.extend(sorts.filter(|name| !orders.contains(name)).collect::<Vec<_>>());
    let width = names.len();
    let mut query = ObjectBuilder::new()
        .property("where", condition())
        .property("sort", several(orders, MAX_SORT_KEYS))
        .property("fields", several(names, width))
        .property("page", number(None, 1))
        .property(
            "cursor",
            text("instead of `page`: empty for the first page, then what the last answer gave"),
        )
        .property("limit", number(Some(MAX_LIMIT), DEFAULT_LIMIT))
        .property("count", choice(["exact", "bounded", "none"].map(str::to_owned).into()))
        .property("select", several(figures, MAX_FIGURES))
        .property("groupBy", several(keys, MAX_GROUP_KEYS))
        .property(
            "having",
            AllOfBuilder::new().item(having()).description(Some("what a group must satisfy")),
        );
    if !relations.is_empty() {
        query = query.property("include", several(relations, MAX_INCLUDES));
    }
    if !table.search.is_empty() {
        query = query
            .property("q", text("words to find"))
            .property("highlight", ObjectBuilder::new().schema_type(Type::Boolean));
    }
    query.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}

/// Like a condition, of figures.
fn having() -> ObjectBuilder {
    let example = json!({ "field": "count()", "op": "gt", "value": 5 });
    ObjectBuilder::new().schema_type(Type::Object).examples([example])
}

fn choice(values: Vec<String>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.into_iter().map(Value::from)))
}

fn schema_of(column: &Column) -> ObjectBuilder {
    nullable_schema_of(column, column.nullable)
}

fn nullable_schema_of(column: &Column, nullable: bool) -> ObjectBuilder {
    let (kind, format) = match column.kind {
        Kind::Uuid => (Type::String, Some(KnownFormat::Uuid)),
        Kind::Text => (Type::String, None),
        Kind::Boolean => (Type::Boolean, None),
        Kind::Integer => (Type::Integer, Some(KnownFormat::Int64)),
        Kind::Double => (Type::Number, Some(KnownFormat::Double)),
        Kind::Date => (Type::String, Some(KnownFormat::Date)),
        Kind::Time => (Type::String, Some(KnownFormat::DateTime)),
        Kind::Json => return ObjectBuilder::new().schema_type(SchemaType::AnyValue),
    };
    let types =
        if nullable { SchemaType::from_iter([kind, Type::Null]) } else { SchemaType::new(kind) };
    let values = column.choices.iter().map(|choice| Value::from(choice.as_str()));
    let null = nullable.then_some(Value::Null);
    ObjectBuilder::new()
        .schema_type(types)
        .format(format.map(SchemaFormat::KnownFormat))
        .enum_values((!column.choices.is_empty()).then(|| values.chain(null)))
}
