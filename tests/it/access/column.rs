//! A hidden column is unknown in every clause of every list, and a field serves only what it is declared for.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::{LISTS, quiet};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client};
use crate::model::ask::List;
use crate::model::schema::Kind;
use crate::model::store::client;
use crate::model::world::Caller;
use crate::model::{Column, Random, Table, World, invent};

/// Every table of the database with its columns, as the database names them.
async fn columns(app: &App, backend: Backend) -> Vec<(String, String)> {
    let query = match backend {
        Sqlite => {
            "SELECT m.name || ' ' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT IN ('seaql_migrations', '_migration_history', '_slow_statement')"
        }
        Postgres => {
            "SELECT table_name || ' ' || column_name FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name NOT IN ('seaql_migrations', '_migration_history', '_slow_statement')"
        }
    };
    let rows = app.sql(query).await;
    let split = |row: &String| {
        let (table, column) = row.split_once(' ').expect("two names");
        (table.to_owned(), column.to_owned())
    };
    rows.iter().map(split).collect()
}

/// `client_name` → `clientName`
fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words
        .filter(|word| !word.is_empty())
        .fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

/// A table and every path of relations to another, at most two long.
fn paths(table: &'static Table) -> Vec<(String, &'static Table)> {
    let mut paths = vec![(String::new(), table)];
    for relation in table.relations {
        let first = format!("{}.", relation.name);
        paths.push((first.clone(), relation.target()));
        for relation in relation.target().relations {
            paths.push((format!("{first}{}.", relation.name), relation.target()));
        }
    }
    paths
}

/// Asks in every way that a field can be named in a filter.
async fn filters(root: &Client, list: List, name: &str) -> Vec<(String, u16)> {
    let path = list.path();
    let mut answers = Vec::new();
    for query in [
        format!("{name}=is.null"),
        format!("{name}=eq.1"),
        format!("{name}=not.ilike.*a*"),
        format!("or=({name}.is.null)"),
        format!("or=(id.is.notnull,not.and({name}.gt.a))"),
        format!("not.or=({name}.not.in.(a))"),
    ] {
        let address = format!("{path}?{query}");
        answers.push((address.clone(), root.get(&address).await.status));
    }
    if matches!(list, List::Of(_)) {
        for inner in [
            json!({ "field": name, "op": "is", "value": "notnull" }),
            json!({ "or": [{ "not": { "field": name, "op": "startswith", "value": "a" } }] }),
        ] {
            answers.push(send(root, &path, json!({ "where": inner })).await);
        }
        for verb in ["aggregate?select=count()&", "distinct?fields=id&", "export?"] {
            let address = format!("{path}/{verb}{name}=is.null");
            answers.push((address.clone(), root.get(&address).await.status));
        }
    }
    answers
}

/// Asks in every way that a field can be named outside filters.
async fn clauses(root: &Client, list: List, name: &str) -> Vec<(String, u16)> {
    let path = list.path();
    let mut addresses = vec![
        format!("{path}?sort={name}"),
        format!("{path}?sort=id,-{name}.nullsfirst"),
        format!("{path}?fields={name}"),
        format!("{path}?fields=id,{name}"),
        format!("{path}?include={name}"),
        format!("{path}?cursor=&sort={name}"),
        format!("{path}?groupBy={name}"),
        format!("{path}?select=max({name})"),
    ];
    let mut bodies = Vec::new();
    if matches!(list, List::Of(_)) {
        addresses.extend([
            format!("{path}/distinct?fields={name}"),
            format!("{path}/export?fields={name}"),
            format!("{path}/export?sort={name}"),
            format!("{path}/aggregate?groupBy={name}"),
            format!("{path}/aggregate?groupBy={name}.year"),
            format!("{path}/aggregate?groupBy=id&sort={name}"),
        ]);
        for function in ["count", "countDistinct", "sum", "avg", "min", "max"] {
            let figure = format!("{function}({name})");
            addresses.push(format!("{path}/aggregate?select={figure}"));
            addresses.push(format!("{path}/aggregate?select=count()&having={figure}.is.notnull"));
            addresses.push(format!("{path}/aggregate?select=count()&sort={figure}"));
        }
        bodies.extend([
            json!({ "sort": [name] }),
            json!({ "fields": [name] }),
            json!({ "include": [name] }),
            json!({ "groupBy": [name] }),
            json!({ "select": [format!("min({name})")] }),
            json!({ "select": ["count()"], "having": { "field": format!("max({name})"), "op": "is", "value": "null" } }),
            json!({ name: "1" }),
        ]);
    }
    let mut answers = Vec::new();
    for address in addresses {
        answers.push((address.clone(), root.get(&address).await.status));
    }
    for body in bodies {
        answers.push(send(root, &path, body).await);
    }
    answers
}

async fn send(root: &Client, path: &str, body: Json) -> (String, u16) {
    let answer = root.request("QUERY", path).json(&body).send().await;
    (format!("QUERY {path} {body}"), answer.status)
}

/// The lists of a stage with a project and its member.
fn lists(world: &World) -> Vec<List> {
    let lists = LISTS.map(List::Of).into_iter();
    let members = List::Members(world.all("project")[0].id());
    lists.chain([members, List::TaskCounts]).collect()
}

fn refused(answers: Vec<(String, u16)>) {
    for (asked, status) in answers {
        assert_eq!(status, 400, "{asked}");
    }
}

#[rstest]
#[tokio::test]
async fn no_clause_names_a_hidden_column(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = quiet(backend).await;
    let mut world = invent::world(&mut Random::new(1));
    world.rows.get_mut("project").expect("there are projects")[0].0.remove("deletedAt");
    world.store(&app, backend).await;
    let root = client(&app, Caller(Some(world.all("user")[0].id())));
    let columns = columns(&app, backend).await;
    assert!(columns.len() > 80, "these are not all columns: {columns:?}");

    let mut hidden = BTreeSet::new();
    for list in lists(&world) {
        for (path, table) in paths(list.table()) {
            let known: BTreeSet<_> = table.shown().map(|column| column.name.to_owned()).collect();
            let mut foreign = BTreeSet::new();
            for (owner, column) in &columns {
                let spellings = BTreeSet::from([column.clone(), camel_case(column)]);
                let unknown = spellings.difference(&known).map(|name| format!("{path}{name}"));
                if owner != table.name {
                    foreign.extend(unknown);
                    continue;
                }
                for name in unknown {
                    hidden.insert(format!("{owner} {column}"));
                    refused(filters(&root, list, &name).await);
                    refused(clauses(&root, list, &name).await);
                }
            }
            for name in foreign.iter().filter(|_| path.is_empty()) {
                let or = format!("or=({name}.is.null,id.is.notnull)");
                for query in [or, format!("sort={name}"), format!("fields={name}")] {
                    let address = format!("{}?{query}", list.path());
                    refused(vec![(address.clone(), root.get(&address).await.status)]);
                }
            }
        }
    }
    for column in [
        "user email",
        "user role",
        "user ban_reason",
        "organization metadata",
        "project deleted_at",
    ] {
        assert!(hidden.contains(column), "{column} has not been tried: {hidden:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_field_serves_only_what_it_is_declared_for(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = quiet(backend).await;
    let mut world = invent::world(&mut Random::new(2));
    world.rows.get_mut("project").expect("there are projects")[0].0.remove("deletedAt");
    world.store(&app, backend).await;
    let root = client(&app, Caller(Some(world.all("user")[0].id())));
    for list in lists(&world) {
        for (path, table) in paths(list.table()) {
            for Column { name, filter, .. } in table.shown() {
                let name = format!("{path}{name}");
                let answer = root.get(format!("{}?{name}=is.null", list.path())).await;
                assert_eq!(answer.status, if *filter { 200 } else { 400 }, "{name}: {answer}");
                // What is embedded can be filtered, and nothing else.
                if !path.is_empty() {
                    refused(clauses(&root, list, &name).await);
                }
            }
        }
        let path = list.path();
        for column in list.table().shown() {
            let status = |allowed| if allowed { 200 } else { 400 };
            let sorted = root.get(format!("{path}?sort={}", column.name)).await;
            assert_eq!(sorted.status, status(column.sort), "sort={}: {sorted}", column.name);
            let shown = root.get(format!("{path}?fields={}", column.name)).await;
            assert_eq!(shown.status, 200, "fields={}: {shown}", column.name);
            if matches!(list, List::Of(_)) && column.kind != Kind::Time {
                let groups = root.get(format!("{path}/distinct?fields={}", column.name)).await;
                assert_eq!(groups.status, status(column.aggregate), "{}: {groups}", column.name);
            }
        }
    }
}
