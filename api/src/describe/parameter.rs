//! The parameters of lists, as the document describes them: each field, relation and figure by its name.

use serde_json::{Value, json};
use service::{
    field::{Column, Kind},
    query::{self, DEFAULT_LIMIT, MAX_INCLUDES, MAX_LIMIT, MAX_PATH, MAX_SORT_KEYS, ast::Count},
    table::{Relation, Table},
};
use utoipa::openapi::{
    ObjectBuilder, RefOr, Required, Schema,
    path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle},
    schema::{ArrayBuilder, KnownFormat, SchemaFormat, Type},
};

/// The parameters of a list of rows of `table`.
pub(crate) fn list(table: &Table) -> Vec<Parameter> {
    let mut parameters = vec![
        page(),
        limit(),
        text(
            "cursor",
            "A page beside a position instead of by number: empty for the first, then `nextCursor` or `prevCursor` of the last answer.",
            "",
        ),
        count(),
        sort(
            sort_keys(table),
            "nulls come last unless `.nullsfirst`. Without it, the newest row comes first.",
        ),
    ];
    parameters.extend(row(table));
    parameters.extend(which(table));
    parameters
}

/// The parameters of an export of `table`: those of a list, but for its pages.
pub(crate) fn export(table: &Table) -> Vec<Parameter> {
    let paged = ["page", "limit", "cursor", "count"];
    let format = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["ndjson", "csv"]))
        .default(Some("ndjson".into()));
    let format = parameter("format", format, "What the rows are written as.");
    let rest = list(table).into_iter().filter(|parameter| !paged.contains(&&*parameter.name));
    std::iter::once(format).chain(rest).collect()
}

/// The parameters of groups of rows of `table`, with figures.
pub(crate) fn aggregate(table: &Table) -> Vec<Parameter> {
    let figures = query::figures(table);
    let keys = query::group_keys(table);
    let descending = |names: &[String]| {
        names.iter().flat_map(|name| [name.clone(), format!("-{name}")]).collect::<Vec<_>>()
    };
    let sorts = [descending(&keys), descending(&figures)].concat();
    let mut parameters = vec![
        page(),
        limit(),
        count(),
        names("select", figures, query::MAX_FIGURES, "The figures of each group.", "count()"),
        names(
            "groupBy",
            keys,
            query::MAX_GROUP_KEYS,
            "What the rows of a group have in common; without it, all rows are one group.",
            "",
        ),
        text(
            "having",
            "What a group must satisfy: a test of a figure, `count().gt.5`, or `and(…)` and `or(…)` of such tests.",
            "count().gte.1",
        ),
        sort(sorts, "the keys decide among equals."),
    ];
    parameters.extend(which(table));
    parameters
}

/// The parameters of what is distinct among rows of `table`.
pub(crate) fn distinct(table: &Table) -> Vec<Parameter> {
    let keys = query::group_keys(table);
    let sorts = keys.iter().flat_map(|name| [name.clone(), format!("-{name}")]).collect();
    let example = keys.first().cloned().unwrap_or_default();
    let mut fields = names(
        "fields",
        keys,
        query::MAX_GROUP_KEYS,
        "The fields whose values are to be distinct together.",
        &example,
    );
    fields.required = Required::True;
    let mut parameters =
        vec![page(), limit(), count(), fields, sort(sorts, "the fields decide among equals.")];
    parameters.extend(which(table));
    parameters
}

/// The parameters of one row of `table`.
pub(crate) fn row(table: &Table) -> Vec<Parameter> {
    let fields = table.columns.iter().map(|column| column.name.clone()).collect();
    let mut parameters = vec![names(
        "fields",
        fields,
        usize::MAX,
        "The members to answer with; `id` is always there.",
        "id",
    )];
    if !table.relations.is_empty() {
        let relations = table.relations.iter().map(|relation| relation.name.to_owned()).collect();
        let description =
            "Related rows to embed. To-many relations give their first 100 rows that you see.";
        parameters.push(names("include", relations, MAX_INCLUDES, description, ""));
    }
    parameters
}

/// What a row must satisfy.
fn which(table: &Table) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    if !table.search.is_empty() {
        let searched: Vec<_> = table.search.iter().map(|column| &*column.name).collect();
        let description = format!(
            "Words to find in {}, without regard to case or accents: `word`, `\"a phrase\"`, `-not`, `OR`, `begin*`. The best come first, unless `sort` is given.",
            searched.join(", ")
        );
        parameters.push(text("q", &description, "report"));
        let schema = ObjectBuilder::new().schema_type(Type::Boolean);
        parameters.push(parameter(
            "highlight",
            schema,
            "Shows, with `q`, where the words were found: `highlights`, HTML with `<mark>`.",
        ));
    }
    for (name, meaning) in [
        ("or", "At least one of the tests in parentheses holds: `or=(name.ilike.*x*,and(…))`."),
        ("and", "All of the tests in parentheses hold."),
        ("not.or", "None of the tests in parentheses holds."),
        ("not.and", "Not all of the tests in parentheses hold."),
    ] {
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^\\(.+\\)$"));
        let example = json!("(id.is.notnull,id.is.null)");
        parameters.push(parameter_of(name, schema, meaning).example(Some(example)).build());
    }
    parameters.extend(filters(table, "", MAX_PATH));
    parameters
}

/// A parameter for each field that can be tested, also of related rows.
fn filters(table: &Table, path: &str, depth: usize) -> Vec<Parameter> {
    let own = table.columns.iter().filter(|column| column.uses.filter);
    let mut parameters: Vec<_> = own.map(|column| filter(path, column)).collect();
    for relation in &table.relations {
        let path = format!("{path}{}", relation.name);
        parameters.push(exists(&path, relation));
        if depth > 0 {
            parameters.extend(filters(relation.target(), &format!("{path}."), depth - 1));
        }
    }
    parameters
}

fn exists(path: &str, relation: &Relation) -> Parameter {
    let values: [Value; 2] = ["is.empty".into(), "is.notempty".into()];
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values));
    let rows = if relation.many { "related rows" } else { "a related row" };
    parameter(path, schema, &format!("Whether there are {rows} that you see."))
}

fn filter(path: &str, column: &Column) -> Parameter {
    let example = match column.kind {
        Kind::Text if column.choices.is_empty() => "ilike.*a*".to_owned(),
        Kind::Text => format!("eq.{}", column.choices.first().map_or("", String::as_str)),
        Kind::Boolean => "is.true".to_owned(),
        Kind::Time => "gte.2026-01-31T09:00:00.000Z".to_owned(),
        Kind::Integer | Kind::Double => "gte.1".to_owned(),
        Kind::Uuid | Kind::Date | Kind::Json => "is.notnull".to_owned(),
    };
    let name = format!("{path}{}", column.name);
    let description = if path.is_empty() {
        "`operator.value`; given twice, both hold."
    } else {
        "`operator.value` of a related row; all tests of one relation hold for the same row."
    };
    let pattern = format!("^(not\\.)?({})\\.", operators(column).join("|"));
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    parameter_of(&name, schema, description).example(Some(example.into())).build()
}

/// The operators that fit a column.
pub(crate) fn operators(column: &Column) -> Vec<&'static str> {
    let mut operators = vec!["is"];
    if column.kind != Kind::Json {
        operators.extend(["eq", "ne", "in", "nin"]);
    }
    if !matches!(column.kind, Kind::Json | Kind::Boolean) {
        operators.extend(["gt", "gte", "lt", "lte", "between"]);
    }
    if column.kind == Kind::Text {
        operators.extend(["like", "ilike", "contains", "icontains", "startswith", "istartswith"]);
    }
    operators
}

/// The keys that rows can be sorted by, in each of their spellings.
pub(crate) fn sort_keys(table: &Table) -> Vec<String> {
    let columns = table.columns.iter().filter(|column| column.uses.sort);
    let spellings = columns.flat_map(|column| {
        let nulls = if column.nullable { &["", ".nullsfirst"][..] } else { &[""] };
        let spelled = |sign: &str, nulls: &str| format!("{sign}{}{nulls}", column.name);
        nulls.iter().flat_map(move |nulls| [spelled("", nulls), spelled("-", nulls)])
    });
    spellings.collect()
}

fn sort(keys: Vec<String>, rest: &str) -> Parameter {
    let description =
        format!("The order, the most significant key first; `-` is descending, {rest}");
    names("sort", keys, MAX_SORT_KEYS, &description, "")
}

fn page() -> Parameter {
    number(
        "page",
        None,
        1,
        "The page, from 1; page × limit reaches 10,000 rows at most: beyond that, use `cursor`.",
    )
}

fn limit() -> Parameter {
    number("limit", Some(MAX_LIMIT), DEFAULT_LIMIT, "The most items on a page.")
}

fn count() -> Parameter {
    let values = Count::ALL.map(Count::name);
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values));
    parameter(
        "count",
        schema,
        "How `total` is counted: `exact` (the default with `page`), `bounded` (to 10,000), `none` (the default with `cursor`).",
    )
}

/// Names with commas between them.
fn names(
    name: &str,
    values: Vec<String>,
    most: usize,
    description: &str,
    example: &str,
) -> Parameter {
    let item = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.into_iter().map(Value::from)));
    let items = ArrayBuilder::new().items(item).min_items(Some(1)).unique_items(true);
    let items = if most == usize::MAX { items } else { items.max_items(Some(most)) };
    let example = (!example.is_empty()).then(|| json!([example]));
    parameter_of(name, items, description)
        .style(Some(ParameterStyle::Form))
        .explode(Some(false))
        .example(example)
        .build()
}

fn number(name: &str, maximum: Option<u64>, default: u64, description: &str) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(maximum)
        .default(Some(default.into()));
    parameter(name, schema, description)
}

fn text(name: &str, description: &str, example: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    parameter_of(name, schema, description).example(Some(example.into())).build()
}

fn parameter(name: &str, schema: impl Into<RefOr<Schema>>, description: &str) -> Parameter {
    parameter_of(name, schema, description).build()
}

fn parameter_of(
    name: &str,
    schema: impl Into<RefOr<Schema>>,
    description: &str,
) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
}

/// The `{id}` of a path.
pub(crate) fn id() -> Parameter {
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
