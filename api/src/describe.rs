//! What the OpenAPI document says of a resource: made from its table, so the two cannot differ.

use service::{Writable, table::Table};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HttpMethod, Ref, RefOr, Required, Schema,
        path::{Operation, OperationBuilder, PathItemBuilder, Paths, PathsBuilder},
        request_body::RequestBodyBuilder,
        response::{Response, ResponseBuilder},
        schema::AnyOfBuilder,
    },
};

use crate::{problem::Problems, resource::BASE};

pub(crate) mod parameter;
mod schema;

pub(crate) use schema::{page_of, rows};

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
        .parameters(Some(parameter::list(table)));
    let get = start(format!("get{name}"), "One row")
        .parameter(parameter::id())
        .parameters(Some(parameter::row(table)));
    let mut collection_item = item_with(HttpMethod::Get, list, view("Page", "a page"));
    let mut one = item_with(HttpMethod::Get, get, view("View", "the row"));
    let mut paths = PathsBuilder::new();
    if writable {
        let create = start(format!("create{name}"), "Creates a row")
            .request_body(body("Create", "application/json"));
        collection_item = add(collection_item, HttpMethod::Post, create, row("201", "the new row"));
        let update = start(format!("update{name}"), "Changes the members given (JSON merge patch)")
            .parameter(parameter::id())
            .request_body(body("Update", "application/merge-patch+json"));
        one = add(one, HttpMethod::Patch, update, row("200", "the row as it is now"));
        let delete = start(format!("delete{name}"), "Deletes the row").parameter(parameter::id());
        let gone = ("204".to_owned(), ResponseBuilder::new().description("it is gone").build());
        one = add(one, HttpMethod::Delete, delete, gone);
        if table.soft_delete {
            let restore =
                start(format!("restore{name}"), "Brings the row back").parameter(parameter::id());
            let restore = item_with(HttpMethod::Post, restore, row("200", "the row as it is now"));
            paths = paths.path(format!("{item}/restore"), restore.build());
        }
    }
    for (verb, operation, answer) in lists(table) {
        let method = if verb == "query" { HttpMethod::Post } else { HttpMethod::Get };
        paths = paths.path(
            format!("{collection}/{verb}"),
            item_with(method, operation, ("200".to_owned(), answer)).build(),
        );
    }
    paths.path(collection, collection_item.build()).path(item, one.build()).build()
}

/// The lists below the address of `table`: their names, what they take, what they answer with.
fn lists(table: &Table) -> Vec<(&'static str, OperationBuilder, Response)> {
    let (name, plural) = (table.type_name(), camel(table.path));
    let groups = || json(&format!("{name}GroupPage"), "a page of groups");
    let aggregate = operation(
        table,
        format!("aggregate{plural}"),
        "A page of groups of the rows that you see, with figures",
    )
    .parameters(Some(parameter::aggregate(table)));
    let distinct = operation(
        table,
        format!("distinct{plural}"),
        "A page of what is distinct among the rows that you see",
    )
    .parameters(Some(parameter::distinct(table)));
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(format!("{name}Query")))).build();
    let body = RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True))
        .build();
    let description = "For queries that are too long for a URL. `QUERY` on the list itself takes the same body (RFC 10008). With `select` or `groupBy` it answers with groups, else with rows.";
    let query = operation(
        table,
        format!("query{plural}"),
        "A page of the rows that you see, or of groups of them, by a query in the body",
    )
    .description(Some(description))
    .request_body(Some(body));
    let either = AnyOfBuilder::new()
        .item(Ref::from_schema_name(format!("{name}Page")))
        .item(Ref::from_schema_name(format!("{name}GroupPage")));
    let content = ContentBuilder::new().schema(Some(either)).build();
    let either =
        ResponseBuilder::new().description("a page").content("application/json", content).build();
    let export = operation(table, format!("export{plural}"), "All rows that you see, streamed")
        .description(Some("Of one moment, whatever the length; an answer that breaks off is not complete. In CSV (RFC 4180), a text that a spreadsheet would take for a formula begins with an apostrophe."))
        .parameters(Some(parameter::export(table)));
    let text = || ContentBuilder::new().schema(Some(String::schema())).build();
    let rows = ResponseBuilder::new()
        .description("the rows: one JSON object in each line, or CSV")
        .content("application/x-ndjson", text())
        .content("text/csv", text())
        .build();
    vec![
        ("export", export, rows),
        ("aggregate", aggregate, groups()),
        ("distinct", distinct, groups()),
        ("query", query, either),
    ]
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
