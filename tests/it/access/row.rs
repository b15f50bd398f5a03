//! Every list shows each caller the rows that are theirs to see, and no trace of others.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;

use super::{LISTS, quiet};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::Client;
use crate::model::ask::{List, Spelling, Verb};
use crate::model::store::client;
use crate::model::world::{Caller, Row, View};
use crate::model::{Expected, Query, Random, Value, World, invent};

/// Every list as it is without conditions, and with those that say most about related rows.
fn queries(world: &World) -> Vec<Query> {
    let ids = |table: &str| world.all(table).iter().map(Row::id).collect::<Vec<_>>();
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
                        page.as_object_mut()
                            .expect("a page")
                            .retain(|name, _| !name.ends_with("Cursor"));
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
    let expected =
        json!({ "total": total, "active": active, "inactive": inactive, "archived": archived });
    assert_eq!(answer.json(), expected, "TEST_SEED={seed}");
}
