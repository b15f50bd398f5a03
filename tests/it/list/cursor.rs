//! Pages beside a cursor.

use rstest::rstest;
use serde_json::{Value, json};

use super::start;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Client, assert_snapshot};

/// A cursor as it stands in an answer; empty where there is none.
async fn cursor(client: &Client, path: &str, member: &str) -> String {
    client.get(path).await.json()[member].as_str().unwrap_or_default().to_owned()
}

#[rstest]
#[tokio::test]
async fn a_page_beside_a_cursor_leads_on_and_back(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;
    let page = |cursor: &str| {
        format!("projects?sort=clientName&fields=name,clientName&limit=2&cursor={cursor}")
    };

    assert_snapshot!(ada.get(page("")).await, @r#"
    200
    Link: </api/v1/projects?sort=clientName&fields=name,clientName&cursor=&limit=2>; rel="first", </api/v1/projects?sort=clientName&fields=name,clientName&cursor=[cursor]&limit=2>; rel="next"
    {
      "items":[
        {"id":"[id-1]","name":"Épée (long): \"x\", y","clientName":"Sea & Sons"},
        {"id":"[id-2]","name":"Zulu 'quoted'","clientName":"Sea*Sons"}
      ],
      "total":null,
      "page":null,
      "limit":2,
      "totalPages":null,
      "nextCursor":"[cursor]",
      "prevCursor":null
    }
    "#);
    let second = cursor(&ada, &page(""), "nextCursor").await;
    assert_snapshot!(ada.get(page(&second)).await, @r#"
    200
    Link: </api/v1/projects?sort=clientName&fields=name,clientName&cursor=&limit=2>; rel="first", </api/v1/projects?sort=clientName&fields=name,clientName&cursor=[cursor]&limit=2>; rel="prev", </api/v1/projects?sort=clientName&fields=name,clientName&cursor=[cursor]&limit=2>; rel="next"
    {
      "items":[
        {"id":"[id-1]","name":"Boat","clientName":"Wind Ltd"},
        {"id":"[id-2]","name":"100%_off","clientName":"wind ltd"}
      ],
      "total":null,
      "page":null,
      "limit":2,
      "totalPages":null,
      "nextCursor":"[cursor]",
      "prevCursor":"[cursor]"
    }
    "#);
    let third = cursor(&ada, &page(&second), "nextCursor").await;
    let last = ada.get(page(&third)).await.json();
    assert_eq!(last["nextCursor"], Value::Null);
    let back = last["prevCursor"].as_str().expect("there are rows before");
    let names = ada.get(page(&second)).await.each("name");
    assert_eq!(ada.get(page(back)).await.each("name"), names);
}

#[rstest]
#[tokio::test]
async fn a_cursor_survives_the_row_it_was_made_of(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;
    let first = "projects?sort=name&limit=2&cursor=";
    let after = cursor(&ada, first, "nextCursor").await;
    let last = ada.get(first).await.each("id").pop().expect("a row");
    assert_eq!(ada.delete(format!("projects/{last}")).await.status, 204);

    let answer = ada.get(format!("{first}{after}")).await;
    assert_eq!(answer.each("name"), ["Zulu 'quoted'", "back\\slash"]);
}

#[rstest]
#[tokio::test]
async fn a_cursor_fits_one_list_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let (app, ada) = start(backend).await;
    let own =
        cursor(&ada, "projects?sort=name&status=eq.active&limit=1&cursor=", "nextCursor").await;
    let kept = format!("projects?sort=name&status=eq.active&limit=7&fields=name&cursor={own}");
    assert_eq!(ada.get(&kept).await.status, 200);
    // The count may change from page to page, the rows and their order may not.
    assert_eq!(ada.get(format!("{kept}&count=exact")).await.total(), 3);

    let mut altered = own.clone();
    altered.replace_range(30..31, if own[30..31] == *"A" { "B" } else { "A" });
    let [bob] = app.users(["bob"]);
    let body = json!({ "sort": ["name"], "where": { "field": "status", "op": "eq", "value": "active" }, "cursor": own });
    assert_eq!(ada.post("projects/query", body).await.status, 200);
    // A cursor is a place, not a permission: whoever has it sees what he may see.
    assert_eq!(bob.get(&kept).await.each("name"), ["Boat", "Épée (long): \"x\", y"]);
    for path in [
        format!("projects?sort=-name&status=eq.active&cursor={own}"),
        format!("projects?sort=name,id&status=eq.active&cursor={own}"),
        format!("projects?sort=name&cursor={own}"),
        format!("projects?sort=name&status=eq.inactive&cursor={own}"),
        format!("projects?sort=name&status=eq.active&status=eq.active&cursor={own}"),
        format!("themes?sort=name&cursor={own}"),
        format!("users/{}/projects?cursor={own}", ada.id),
        format!("projects?sort=name&status=eq.active&cursor={altered}"),
        format!("projects?sort=name&status=eq.active&cursor={}", &own[..20]),
    ] {
        let answer = ada.get(&path).await;
        assert_eq!(answer.status, 400, "{path}: {answer}");
        assert_eq!(answer.json()["errors"][0]["parameter"], "cursor", "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn rows_are_counted_as_asked(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;
    let project = ada.get("projects?limit=1").await.each("id").concat();
    let tasks: Vec<_> = (0..10_000).map(|n| json!({ "title": format!("{n}") })).collect();
    let bulk = format!("projects/{project}/tasks/bulk");
    for _ in 0..2 {
        let answer = ada.post(&bulk, json!({ "tasks": tasks })).await;
        assert_eq!(answer.status, 201, "{answer}");
    }
    for (query, total, pages, bound) in [
        ("page=1", json!(20_000), json!(2_000), Value::Null),
        ("page=1&count=exact", json!(20_000), json!(2_000), Value::Null),
        ("page=1&count=bounded", json!(10_000), json!(1_000), json!(true)),
        ("page=1&count=none", Value::Null, Value::Null, Value::Null),
        ("page=1&count=bounded&title=startswith.99", json!(222), json!(23), Value::Null),
        ("cursor=", Value::Null, Value::Null, Value::Null),
        ("cursor=&count=exact", json!(20_000), Value::Null, Value::Null),
        ("cursor=&count=bounded", json!(10_000), Value::Null, json!(true)),
    ] {
        let body = ada.get(format!("tasks?fields=id&{query}")).await.json();
        let counted = (&body["total"], &body["totalPages"], &body["totalIsLowerBound"]);
        assert_eq!(counted, (&total, &pages, &bound), "{query}");
    }
}
