//! What the OpenAPI document says of a resource: made from its table, so the two cannot differ.

use service::{
    Writable,
    field::{Column, Kind},
    query::{DEFAULT_LIMIT, MAX_LIMIT},
    table::Table,
};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HttpMethod, Object, ObjectBuilder, Ref, RefOr, Required, Schema,
        path::{
            Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItemBuilder,
            Paths, PathsBuilder,
        },
        request_body::RequestBodyBuilder,
        response::{Response, ResponseBuilder},
        schema::{
            ArrayBuilder, ArrayItems, KnownFormat, OneOfBuilder, SchemaFormat, SchemaType, Type,
        },
    },
};

use crate::{problem::Problems, resource::BASE};

type Named = Vec<(String, RefOr<Schema>)>;
/// Makes the schemas of a resource's inputs.
pub(crate) type Inputs = Option<fn(&Table) -> Named>;

/// The inputs of `E`, with what they refer to.
pub(crate) fn inputs<E: Writable>(table: &Table) -> Named {
    let name = table.type_name();
    let mut schemas = vec![
        (format!("Create{name}"), E::Create::schema()),
        (format!("Update{name}"), E::Update::schema()),
    ];
    E::Create::schemas(&mut schemas);
    E::Update::schemas(&mut schemas);
    schemas
}

/// A row, a row as a caller selects it, and a page of these.
pub(crate) fn rows(table: &Table) -> Named {
    let name = table.type_name();
    let columns = || {
        table.columns.iter().fold(ObjectBuilder::new(), |object, column| {
            object.property(&column.name, schema_of(column))
        })
    };
    let whole =
        table.columns.iter().fold(columns(), |object, column| object.required(&column.name));
    let view = table.relations.iter().fold(columns().required("id"), |object, relation| {
        let target = Ref::from_schema_name(relation.target().type_name());
        if relation.many {
            object.property(relation.name, ArrayBuilder::new().items(target))
        } else {
            let null = Object::with_type(Type::Null);
            object.property(relation.name, OneOfBuilder::new().item(target).item(null))
        }
    });
    let mut schemas = vec![
        (name.clone(), Schema::from(whole).into()),
        (format!("{name}View"), Schema::from(view).into()),
        (format!("{name}Page"), page_of(Ref::from_schema_name(format!("{name}View")))),
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
    let number =
        |minimum: u64| ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum));
    let page = ObjectBuilder::new()
        .property("items", ArrayBuilder::new().items(item))
        .property("total", number(0).description(Some("the rows of all pages")))
        .property("page", number(1))
        .property("limit", number(1).maximum(Some(MAX_LIMIT)))
        .property("totalPages", number(0));
    let page = ["items", "total", "page", "limit", "totalPages"]
        .into_iter()
        .fold(page, ObjectBuilder::required);
    Schema::from(page).into()
}

fn schema_of(column: &Column) -> ObjectBuilder {
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
    let types = if column.nullable {
        SchemaType::from_iter([kind, Type::Null])
    } else {
        SchemaType::new(kind)
    };
    let values = column.choices.iter().map(|choice| serde_json::Value::from(choice.as_str()));
    let null = column.nullable.then_some(serde_json::Value::Null);
    ObjectBuilder::new()
        .schema_type(types)
        .format(format.map(SchemaFormat::KnownFormat))
        .enum_values((!column.choices.is_empty()).then(|| values.chain(null)))
}

/// The parameters of a list of `table`.
pub(crate) fn list_parameters(table: &Table) -> Vec<Parameter> {
    let names = |wanted: fn(&Column) -> bool| {
        table
            .columns
            .iter()
            .filter(|column| wanted(column))
            .map(|column| &*column.name)
            .collect::<Vec<_>>()
    };
    let keys = names(|column| column.uses.sort).join("|");
    let key = format!("-?({keys})(\\.nullsfirst)?");
    let mut parameters = vec![
        number("page", 1, None, 1, "The page, from 1; page × limit reaches 10,000 rows at most."),
        number("limit", 1, Some(MAX_LIMIT), DEFAULT_LIMIT, "The most rows on a page."),
        text(
            "sort",
            &format!("^{key}(,{key}){{0,4}}$"),
            "Keys with commas between them; `-` is descending, nulls come last unless `.nullsfirst`. Without it, the newest row comes first.",
            "-createdAt",
        ),
        text(
            "or",
            "^\\(.+\\)$",
            "At least one of the tests in parentheses holds: `or=(name.ilike.*x*,and(…))`. Also `and`, `not.or`, `not.and`.",
            "(id.is.notnull,id.is.null)",
        ),
    ];
    parameters.extend(row_parameters(table));
    parameters
        .extend(table.columns.iter().filter(|column| column.uses.filter).map(filter_parameter));
    parameters
}

/// The parameters of reading one row of `table`.
fn row_parameters(table: &Table) -> Vec<Parameter> {
    let list_of = |names: Vec<&str>| {
        let names = names.join("|");
        format!("^({names})(,({names}))*$")
    };
    let mut parameters = vec![text(
        "fields",
        &list_of(table.columns.iter().map(|column| &*column.name).collect()),
        "Members to answer with, commas between them; `id` is always there.",
        "id",
    )];
    if let Some(relation) = table.relations.first() {
        let names: Vec<_> = table.relations.iter().map(|relation| relation.name).collect();
        let description = format!(
            "Related rows to embed, commas between them: {}. To-many relations give their first 100 rows.",
            names.join(", ")
        );
        parameters.push(text(
            "include",
            &format!("^({})$", names.join("|")),
            &description,
            relation.name,
        ));
    }
    parameters
}

fn filter_parameter(column: &Column) -> Parameter {
    let example = match column.kind {
        Kind::Text if column.choices.is_empty() => "ilike.*a*".to_owned(),
        Kind::Text => format!("eq.{}", column.choices.first().map_or("", String::as_str)),
        Kind::Boolean => "is.true".to_owned(),
        Kind::Time => "gte.2026-01-31T09:00:00.000Z".to_owned(),
        Kind::Uuid | Kind::Integer | Kind::Double | Kind::Date | Kind::Json => {
            "is.notnull".to_owned()
        }
    };
    let pattern = "^(not\\.)?(eq|ne|gt|gte|lt|lte|like|ilike|contains|icontains|startswith|istartswith|in|nin|between|is)\\.";
    text(&column.name, pattern, "`operator.value`; given twice, both hold.", &example)
}

fn number(
    name: &str,
    minimum: u64,
    maximum: Option<u64>,
    default: u64,
    description: &str,
) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(minimum))
        .maximum(maximum)
        .default(Some(default.into()));
    parameter(name, schema, description).build()
}

fn text(name: &str, pattern: &str, description: &str, example: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    parameter(name, schema, description).example(Some(example.into())).build()
}

fn parameter(name: &str, schema: ObjectBuilder, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
}

fn id_parameter() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(schema))
        .build()
}

/// The generic routes of `table`.
pub(crate) fn paths(table: &'static Table, writable: bool) -> Paths {
    let name = table.type_name();
    let plural = camel(table.path);
    let (collection, item) =
        (format!("{BASE}/{}", table.path), format!("{BASE}/{}/{{id}}", table.path));
    let row = |status: &str, description: &str| (status.to_owned(), json(&name, description));
    let view = |suffix: &str, description: &str| {
        ("200".to_owned(), json(&format!("{name}{suffix}"), description))
    };
    let start = |id: String, summary: &str| operation(table, id, summary);
    let body = |kind: &str, media: &str| {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(format!("{kind}{name}"))))
            .build();
        Some(
            RequestBodyBuilder::new()
                .content(media, content)
                .required(Some(Required::True))
                .build(),
        )
    };
    let list = start(format!("list{plural}"), "A page of the rows that you see")
        .parameters(Some(list_parameters(table)));
    let get = start(format!("get{name}"), "One row")
        .parameter(id_parameter())
        .parameters(Some(row_parameters(table)));
    let mut collection_item = item_with(HttpMethod::Get, list, view("Page", "a page"));
    let mut one = item_with(HttpMethod::Get, get, view("View", "the row"));
    let mut paths = PathsBuilder::new();
    if writable {
        let create = start(format!("create{name}"), "Creates a row")
            .request_body(body("Create", "application/json"));
        collection_item = add(collection_item, HttpMethod::Post, create, row("201", "the new row"));
        let update = start(format!("update{name}"), "Changes the members given (JSON merge patch)")
            .parameter(id_parameter())
            .request_body(body("Update", "application/merge-patch+json"));
        one = add(one, HttpMethod::Patch, update, row("200", "the row as it is now"));
        let delete = start(format!("delete{name}"), "Deletes the row").parameter(id_parameter());
        let gone = ("204".to_owned(), ResponseBuilder::new().description("it is gone").build());
        one = add(one, HttpMethod::Delete, delete, gone);
        if table.soft_delete {
            let restore =
                start(format!("restore{name}"), "Brings the row back").parameter(id_parameter());
            let restore = item_with(HttpMethod::Post, restore, row("200", "the row as it is now"));
            paths = paths.path(format!("{item}/restore"), restore.build());
        }
    }
    paths.path(collection, collection_item.build()).path(item, one.build()).build()
}

fn operation(table: &Table, id: String, summary: &str) -> OperationBuilder {
    OperationBuilder::new().tag(table.path).operation_id(Some(id)).summary(Some(summary))
}

fn item_with(
    method: HttpMethod,
    operation: OperationBuilder,
    success: (String, Response),
) -> PathItemBuilder {
    add(PathItemBuilder::new(), method, operation, success)
}

fn add(
    item: PathItemBuilder,
    method: HttpMethod,
    operation: OperationBuilder,
    (status, response): (String, Response),
) -> PathItemBuilder {
    let operation: Operation = Problems::responses()
        .into_iter()
        .fold(operation.response(status, response), |operation, (status, problem)| {
            operation.response(status, problem)
        })
        .build();
    item.operation(method, operation)
}

fn json(schema: &str, description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

/// `audit-logs` → `AuditLogs`.
fn camel(path: &str) -> String {
    let words = path.split('-').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    });
    words.collect()
}
