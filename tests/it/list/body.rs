//! Queries in a body: with QUERY, and with POST for those who cannot send it.

use rstest::rstest;
use serde_json::json;

use super::start;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::assert_snapshot;

#[rstest]
#[tokio::test]
async fn a_query_in_a_body_is_answered_like_one_in_the_url(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let (_app, ada) = start(backend).await;
    for (url, body) in [
        ("projects", json!({})),
        (
            "projects?name=icontains.boat&sort=-name&fields=name&include=owner&page=1&limit=1&count=none",
            json!({
                "where": { "field": "name", "op": "icontains", "value": "boat" }, "sort": ["-name"],
                "fields": ["name"], "include": ["owner"], "page": 1, "limit": 1, "count": "none",
            }),
        ),
        (
            "projects?or=(status.eq.archived,and(isPublic.is.true,name.not.in.(Boat,\"a,b\")))",
            json!({ "where": { "or": [
                { "field": "status", "op": "eq", "value": "archived" },
                { "and": [
                    { "field": "isPublic", "op": "is", "value": true },
                    { "not": { "field": "name", "op": "in", "value": ["Boat", "a,b"] } },
                ] },
            ] } }),
        ),
        (
            "projects/aggregate?select=count()&groupBy=status&having=count().gt.1&sort=-count(),status",
            json!({
                "select": ["count()"], "groupBy": ["status"], "sort": ["-count()", "status"],
                "having": { "field": "count()", "op": "gt", "value": 1 },
            }),
        ),
    ] {
        let expected = ada.get(url).await;
        assert_eq!(expected.status, 200, "{url}: {expected}");
        let posted = ada.post("projects/query", body.clone()).await;
        assert_eq!(posted.json(), expected.json(), "{url}");
        let queried = ada.request("QUERY", "projects").json(&body).send().await;
        assert_eq!(queried.body, posted.body, "{url}");
    }
    let list = ada.get("projects?limit=1").await;
    assert_eq!(list.header("Accept-Query"), "\"application/json\"");
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_in_a_body_is_refused_where_it_is(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let (_app, ada) = start(backend).await;
    let test = |field: &str| json!({ "field": field, "op": "eq", "value": "x" });
    let mut outcomes = String::new();
    for body in [
        json!([]),
        json!({ "filter": {} }),
        json!({ "where": {} }),
        json!({ "where": { "and": [] } }),
        json!({ "where": { "and": [test("name")], "or": [test("name")] } }),
        json!({ "where": { "not": { "not": test("name") } } }),
        json!({ "where": { "or": [test("name"), test("colour")] } }),
        json!({ "where": { "or": [test("name"), { "field": "name", "op": "resembles", "value": "x" }] } }),
        json!({ "where": { "field": "name", "op": "in", "value": "x" } }),
        json!({ "where": { "field": "name", "op": "eq", "value": ["x"] } }),
        json!({ "where": { "field": "name", "op": "eq", "value": null } }),
        json!({ "where": { "field": "name", "op": "eq", "value": {} } }),
        json!({ "where": { "field": "status", "op": "eq", "value": "lost" } }),
        json!({ "where": { "field": "name", "op": "eq", "value": "\u{0}" } }),
        json!({ "sort": "name" }),
        json!({ "sort": ["colour"] }),
        json!({ "sort": ["name,status"] }),
        json!({ "fields": [] }),
        json!({ "page": 0 }),
        json!({ "page": 1, "cursor": "" }),
        json!({ "limit": 101 }),
        json!({ "limit": 1.5 }),
        json!({ "cursor": "x" }),
        json!({ "having": test("count()") }),
    ] {
        let answer = ada.post("projects/query", body.clone()).await;
        outcomes.extend([&body.to_string(), "\n    ", &answer.problem(), "\n"]);
    }
    insta::assert_snapshot!("refusals_in_a_body", outcomes);

    let many = vec![test("name"); 51];
    assert_eq!(ada.post("projects/query", json!({ "where": { "and": many } })).await.status, 400);
    let deep = (0..120).fold(test("name"), |inner, _| json!({ "or": [inner] }));
    assert_eq!(ada.post("projects/query", json!({ "where": deep })).await.status, 400);
    let long = json!({ "q": "x".repeat(65 * 1024) });
    assert_eq!(ada.post("projects/query", long).await.status, 413);
    assert_snapshot!(ada.post("projects/query?limit=1", json!({})).await, @r#"
    400
    {
      "type":"/problems/bad-query",
      "title":"Bad query parameter",
      "status":400,
      "detail":"this address takes no query parameters",
      "instance":"/api/v1/projects/query",
      "requestId":"[request]",
      "errors":[
        {"parameter":"limit","code":"parameter","message":"this address takes no query parameters"}
      ]
    }
    "#);
}
