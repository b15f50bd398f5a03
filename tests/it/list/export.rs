//! Exports.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

/// A project with a task for each title.
async fn project(
    client: &Client,
    titles: impl Iterator<Item = String>,
    description: &str,
) -> String {
    let project = client.post("projects", json!({ "name": "Kite" })).await.id();
    let tasks: Vec<_> =
        titles.map(|title| json!({ "title": title, "description": description })).collect();
    let answer =
        client.post(format!("projects/{project}/tasks/bulk"), json!({ "tasks": tasks })).await;
    assert_eq!(answer.status, 201, "{answer}");
    project
}

#[rstest]
#[tokio::test]
async fn rows_are_exported_as_json_lines_and_as_csv(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let titles = ["=1+1", "a,\"b\"", "two\nlines", "Épée", "-1"];
    project(&ada, titles.iter().map(ToString::to_string), "").await;

    let query = "sort=title&fields=title,done,description";
    assert_snapshot!(ada.get(format!("tasks/export?{query}")).await, @r#"
    200
    Content-Type: application/x-ndjson
    {
      "id":"[id-1]",
      "title":"-1",
      "description":"",
      "done":false
    }
    {
      "id":"[id-2]",
      "title":"=1+1",
      "description":"",
      "done":false
    }
    {
      "id":"[id-3]",
      "title":"a,\"b\"",
      "description":"",
      "done":false
    }
    {
      "id":"[id-4]",
      "title":"two\nlines",
      "description":"",
      "done":false
    }
    {
      "id":"[id-5]",
      "title":"Épée",
      "description":"",
      "done":false
    }
    "#);
    assert_snapshot!(ada.get(format!("tasks/export?format=csv&{query}")).await, @r#"
    200
    Content-Type: text/csv; charset=utf-8; header=present
    id,title,description,done
    [id-1],'-1,,false
    [id-2],'=1+1,,false
    [id-3],"a,""b""",,false
    [id-4],"two
    lines",,false
    [id-5],Épée,,false
    "#);
    assert_snapshot!(ada.get(format!("tasks/export?format=csv&{query}&include=project&title=eq.-1")).await, @r#"
    200
    Content-Type: text/csv; charset=utf-8; header=present
    id,title,description,done,project
    [id-1],'-1,,false,"{""id"":""[id-2]"",""name"":""Kite"",""description"":null,""clientName"":null,""status"":""active"",""isPublic"":false,""ownerId"":""[ada]"",""organizationId"":null,""themeId"":null,""createdAt"":""[time]"",""updatedAt"":""[time]""}"
    "#);
    assert_snapshot!(bob.get(format!("tasks/export?format=csv&{query}")).await, @"
    200
    Content-Type: text/csv; charset=utf-8; header=present
    id,title,description,done
    ");
    assert_eq!(bob.get("tasks/export").await.text(), "");
    assert_eq!(app.anonymous().get("tasks/export").await.status, 401);
    let csv =
        ada.request("GET", "tasks/export?format=csv").header("Accept", "text/csv").send().await;
    assert_eq!(csv.status, 200);
    assert_eq!(csv.header("Content-Disposition"), "attachment; filename=\"tasks.csv\"");

    for (query, parameter) in [
        ("format=xml", "format"),
        ("format=csv&format=csv", "format"),
        ("page=2", "page"),
        ("cursor=", "page"),
        ("limit=5", "limit"),
        ("count=none", "count"),
        ("select=count()", "select"),
        ("colour=eq.red", "colour"),
        ("fields=colour", "fields"),
        ("format=csv&fields=colour", "fields"),
    ] {
        let answer = ada.get(format!("tasks/export?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {answer}");
        assert_eq!(answer.json()["errors"][0]["parameter"], parameter, "{query}");
    }
}

#[rstest]
#[tokio::test]
async fn an_export_is_of_one_moment_and_has_each_row_once(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let kite =
        project(&ada, (0..10_000).map(|n| format!("{:04}", n * 7919 % 10_000)), &"x".repeat(1_000))
            .await;

    let mut export = ada.request("GET", "tasks/export?sort=-title").stream().await;
    let mut bytes = export.chunk().await.expect("readable").expect("a first batch").to_vec();
    let late = json!({ "projectId": kite, "title": "0000 late" });
    assert_eq!(ada.post("tasks", late).await.status, 201);
    while let Some(chunk) = export.chunk().await.expect("the rest") {
        bytes.extend(chunk);
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    let titles: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a row")["title"].clone())
        .collect();
    let expected: Vec<_> = (0..10_000).rev().map(|n| json!(format!("{n:04}"))).collect();
    assert!(titles == expected, "{} rows, {:?} …", titles.len(), titles.first());
}

#[rstest]
#[tokio::test]
async fn an_export_ends_when_its_reader_goes(#[values(Sqlite, Postgres)] backend: Backend) {
    let settings = [("WORKERS", "1"), ("DATABASE_MAX_CONNECTIONS", "4")];
    let app = App::start_with(backend, &settings).await;
    let [ada] = app.users(["ada"]);
    project(&ada, (0..10_000).map(|n| n.to_string()), &"x".repeat(2_000)).await;

    // More than what fits into the buffers of two sockets, so these wait for their readers.
    let mut readers = Vec::new();
    for _ in 0..2 {
        let reader = ada.request("GET", "tasks/export").stream().await;
        assert_eq!(reader.status(), 200);
        readers.push(reader);
    }
    assert_snapshot!(ada.get("tasks/export").await.problem(), @"
    503 unavailable
    Retry-After: 5
    ");
    // Whoever does not export is not kept waiting.
    assert_eq!(ada.get("tasks?limit=1").await.status, 200);
    assert_eq!(ada.post("projects", json!({ "name": "Boat" })).await.status, 201);
    drop(readers);
    for attempt in 0.. {
        let again = ada.request("GET", "tasks/export").stream().await;
        if again.status() == 200 {
            break;
        }
        assert!(attempt < 100, "the exports never ended");
        sleep(Duration::from_millis(50)).await;
    }
}
