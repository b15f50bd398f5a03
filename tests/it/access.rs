//! Nobody learns through a list what they may not see: neither a column that is not declared, in any clause, nor a row
//! that is somebody else's, in any answer.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Value as Json, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client};
use crate::model::ask::{List, Spelling, Verb};
use crate::model::store::client;
use crate::model::world::{Caller, View};
use crate::model::{Column, Expected, Query, Random, Table, Value, World, invent};

/// The lists that take every clause.
const LISTS: [&str; 4] = ["project", "task", "theme", "audit_log"];

async fn quiet(backend: Backend) -> App {
    App::start_with(backend, &[("RUST_LOG", "error")]).await
}

/// Every table of the database with its columns, as the database names them.
async fn columns(app: &App, backend: Backend) -> Vec<(String, String)> {
    let query = match backend {
        Sqlite => {
            "SELECT m.name || ' ' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name <> 'seaql_migrations'"
        }
        Postgres => {
            "SELECT table_name || ' ' || column_name FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'"
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
    words.filter(|word| !word.is_empty()).fold(first, |name, word| {
        name + &word[..1].to_uppercase() + &word[1..]
    })
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
        let address = format!("{path}/aggregate?select=count()&{name}=is.null");
        answers.push((address.clone(), root.get(&address).await.status));
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
    for column in ["user email", "user role", "user ban_reason", "organization metadata", "project deleted_at"] {
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
            if matches!(list, List::Of(_)) && column.kind != crate::model::schema::Kind::Time {
                let groups = root.get(format!("{path}/distinct?fields={}", column.name)).await;
                assert_eq!(groups.status, status(column.aggregate), "{}: {groups}", column.name);
            }
        }
    }
}

/// Every list as it is without conditions, and with those that say most about related rows.
fn queries(world: &World) -> Vec<Query> {
    let ids = |table: &str| world.all(table).iter().map(|row| row.id()).collect::<Vec<_>>();
    let mut lists: Vec<_> = LISTS.map(List::Of).into_iter().chain([List::TaskCounts]).collect();
    lists.extend(ids("project").into_iter().map(List::Members));
    lists.extend(ids("user").into_iter().map(List::Memberships));
    let mut queries = Vec::new();
    for list in lists {
        let limit = Some("100".to_owned());
        let rows = Query { limit, ..Query::of(list, Verb::Rows) };
        let relations = list.table().relations.iter().map(|relation| relation.name.to_owned());
        let all = Query { include: relations.collect(), ..rows.clone() };
        if matches!(list, List::Of(_) | List::TaskCounts) {
            queries.push(Query { page: Some("2".to_owned()), ..rows.clone() });
            queries.push(Query { cursor: Some(String::new()), ..rows.clone() });
            queries.push(all);
        }
        if matches!(list, List::Of(_)) {
            let groups = Query { group_by: vec!["id".to_owned()], ..rows.clone() };
            let select = ["count()", "min(createdAt)", "max(updatedAt)", "countDistinct(id)"];
            let select = select.map(str::to_owned).to_vec();
            queries.push(Query { verb: Verb::Groups, select: select.clone(), ..rows.clone() });
            queries.push(Query { verb: Verb::Groups, ..groups.clone() });
            queries.push(Query {
                verb: Verb::Distinct,
                fields: vec!["createdAt.day".to_owned()],
                ..rows.clone()
            });
            for spelling in [Spelling::Query, Spelling::Post] {
                queries.push(Query { spelling, ..rows.clone() });
                queries.push(Query { spelling, select: select.clone(), ..groups.clone() });
            }
        }
        queries.push(rows);
    }
    queries
}

/// Writes into every project and task who it is, so that a trace of it is recognised anywhere.
fn mark(world: &mut World) {
    for table in ["project", "task"] {
        for row in world.rows.get_mut(table).expect("there are rows") {
            let mark = Value::Text(format!("mark of {}", row.id()));
            row.0.insert("description", mark);
        }
    }
}

#[rstest]
#[tokio::test]
async fn every_list_shows_each_caller_what_is_theirs(#[values(Sqlite, Postgres)] backend: Backend) {
    let seed = Random::seed();
    let mut world = invent::world(&mut Random::new(seed));
    mark(&mut world);
    let app = quiet(backend).await;
    world.store(&app, backend).await;
    let users = world.all("user").iter().take(4).map(|user| Caller(Some(user.id())));
    let callers: Vec<_> = users.chain([Caller(None)]).collect();
    let mut sights = BTreeSet::new();
    for caller in callers {
        let view = View::new(&world, caller);
        let client = client(&app, caller);
        let visible = |table: &str, id| view.has(table, id);
        let unseen: Vec<_> = ["project", "task"]
            .iter()
            .flat_map(|table| world.all(table).iter().map(move |row| (table, row.id())))
            .filter(|(table, id)| !visible(table, *id))
            .map(|(_, id)| format!("mark of {id}"))
            .collect();
        sights.insert(unseen.len());
        for query in queries(&world) {
            let (method, address) = query.address();
            let request = client.request(method, &address);
            let body = query.spelling != Spelling::Url;
            let request = if body { request.json(&query.body()) } else { request };
            let answer = request.send().await;
            let context = format!("TEST_SEED={seed}: {:?} {method} {address}", caller.0);
            match view.answer(&query) {
                Expected::Problem(statuses) => {
                    assert!(statuses.contains(&answer.status), "{context}: {answer}");
                }
                Expected::Page(mut page) => {
                    let mut body = answer.json();
                    // Where a cursor leads is the subject of other tests.
                    for page in [&mut page, &mut body] {
                        page.as_object_mut().expect("a page").retain(|name, _| !name.ends_with("Cursor"));
                    }
                    assert_eq!(body, page, "{context}");
                }
            }
            let text = answer.text();
            assert!(unseen.iter().all(|mark| !text.contains(mark)), "{context}: {answer}");
        }
        stats(&client, &view, &world, seed).await;
    }
    assert!(sights.len() > 2, "TEST_SEED={seed}: the callers see the same: {sights:?}");
}

/// The one route that counts by itself.
async fn stats(client: &Client, view: &View<'_>, world: &World, seed: u64) {
    let answer = client.get("projects/stats").await;
    if view.caller.0.is_none() {
        assert_eq!(answer.status, 401, "TEST_SEED={seed}: {answer}");
        return;
    }
    let projects = world.all("project").iter().filter(|row| view.has("project", row.id()));
    let count = |status| projects.clone().filter(|row| row.is("status", status)).count();
    let [active, inactive, archived] = ["active", "inactive", "archived"].map(count);
    let total = projects.clone().count();
    let expected = json!({ "total": total, "active": active, "inactive": inactive, "archived": archived });
    assert_eq!(answer.json(), expected, "TEST_SEED={seed}");
}
