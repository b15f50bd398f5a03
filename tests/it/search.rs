//! Full-text search, seen from outside.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

async fn start(backend: Backend) -> (App, Client) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    for (name, client, description) in [
        ("Red boat", None, Some("A dinghy for the harbour")),
        ("Blue Boats", Some("Épée Ltd"), None),
        ("Kite", Some("Harbour Boat Club"), Some("Red, then blue. Not a boat!")),
        ("Boathouse", None, Some("<b>Where</b> the red & the blue live")),
        ("日本語の凧", None, Some("Straße, İstanbul, e-mail: a@b.c")),
        ("Plane", None, None),
    ] {
        let body = json!({ "name": name, "clientName": client, "description": description });
        assert_eq!(ada.post("projects", body).await.status, 201);
    }
    (app, ada)
}

/// One line per `q`: what it finds, best first, or why it was refused.
async fn found(client: &Client, queries: &[&str]) -> String {
    let mut lines = String::new();
    for query in queries {
        let answer = client.get(format!("projects?fields=name&q={}", escaped(query))).await;
        let outcome =
            if answer.status == 200 { answer.each("name").join(" | ") } else { answer.problem() };
        let outcome = if outcome.is_empty() { "nothing" } else { &outcome };
        lines.extend([query, "\n    ", outcome, "\n"]);
    }
    lines
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

#[rstest]
#[tokio::test]
async fn rows_are_found_by_their_words(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;

    let outcomes = found(
        &ada,
        &[
            "boat",
            "BOAT",
            "boat*",
            "red boat",
            "\"red boat\"",
            "\"boat red\"",
            "\"harbour boa\"*",
            "boat -red",
            "boat -\"red boat\"",
            "red OR kite",
            "red blue OR plane",
            "red OR blue -kite",
            "epee",
            "ÉPÉE",
            "e\u{301}pe\u{301}e",
            "straße",
            "istanbul",
            "email",
            "e-mail",
            "\"e mail a b\"",
            "日本",
            "本日",
            "凧",
            "where",
            "b",
            "nothing",
            "boa",
            "-boat",
            "…",
            "\"",
            "boat' OR 1=1 --",
            "name:boat",
            "boat & red | blue",
            "NEAR(red blue)",
            "{name} : boat",
            "^boat",
            "boat:*",
            "😀 boat",
            "\u{202e}boat",
            "\\",
            "%",
        ],
    )
    .await;
    insta::assert_snapshot!("search", outcomes);
}

#[rstest]
#[tokio::test]
async fn what_was_found_is_shown_on_request(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;
    assert_snapshot!(ada.get("projects?q=blue+OR+epee&highlight=true&fields=name,description,clientName").await, @r#"
    200
    Link: </api/v1/projects?q=blue%20OR%20epee&highlight=true&fields=name,description,clientName&page=1&limit=10>; rel="first", </api/v1/projects?q=blue%20OR%20epee&highlight=true&fields=name,description,clientName&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","name":"Blue Boats","description":null,"clientName":"Épée Ltd","highlights":{"clientName":"<mark>Épée</mark> Ltd","name":"<mark>Blue</mark> Boats"}},
        {"id":"[id-2]","name":"Boathouse","description":"<b>Where</b> the red & the blue live","clientName":null,"highlights":{"description":"&lt;b&gt;Where&lt;/b&gt; the red &amp; the <mark>blue</mark> live"}},
        {"id":"[id-3]","name":"Kite","description":"Red, then blue. Not a boat!","clientName":"Harbour Boat Club","highlights":{"description":"Red, then <mark>blue</mark>. Not a boat!"}}
      ],
      "total":3,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    // Only of what is shown.
    let highlights = |answer: Value| answer["items"][0]["highlights"].clone();
    let plain = ada.get("projects?q=dinghy&highlight=true&fields=name").await.json();
    assert_eq!(highlights(plain), json!({}));
    let without = ada.get("projects?q=dinghy&highlight=false&fields=name").await.json();
    assert_eq!(highlights(without), Value::Null);
    assert_eq!(
        ada.get("projects/export?q=dinghy&highlight=true&fields=description").await.json()["highlights"]
            ["description"],
        "A <mark>dinghy</mark> for the harbour"
    );
    let body = json!({ "q": "\"red boat\"", "highlight": true, "fields": ["name"] });
    let posted = ada.post("projects/query", body).await.json();
    assert_eq!(highlights(posted), json!({ "name": "<mark>Red boat</mark>" }));
}

#[rstest]
#[tokio::test]
async fn a_search_goes_with_everything_else(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;
    for (query, names) in [
        ("projects?q=boat&sort=name", vec!["Blue Boats", "Kite", "Red boat"]),
        ("projects?q=boat*&sort=-name&limit=2", vec!["Red boat", "Kite"]),
        ("projects?q=boat&name=startswith.R", vec!["Red boat"]),
        ("projects?q=red&or=(name.eq.Kite,name.eq.Plane)", vec!["Kite"]),
    ] {
        let expected: Vec<_> =
            names.into_iter().filter(|name| *name != "Blue Boats" || query.contains('*')).collect();
        assert_eq!(ada.get(query).await.each("name"), expected, "{query}");
    }
    let grouped = ada.get("projects/aggregate?select=count()&q=boat*").await.json();
    assert_eq!(grouped["items"], json!([{ "count()": 4 }]));
    assert_eq!(ada.get("projects?q=boat&count=bounded").await.total(), 2);
    assert_eq!(
        ada.get("themes?q=boat").await.problem(),
        "400 bad-query\n    q parameter: themes cannot be searched"
    );

    // By rank, best first, each row once.
    let all = ada.get("projects?q=boat*+OR+red+OR+blue&fields=name").await.each("name");
    assert_eq!(all.len(), 4);
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("projects?q=boat*+OR+red+OR+blue&fields=name&limit=1&cursor={cursor}");
        let page = ada.get(path).await;
        walked.extend(page.each("name"));
        match page.json()["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(walked, all);
}

#[rstest]
#[tokio::test]
async fn what_is_searched_is_what_is_there(#[values(Sqlite, Postgres)] backend: Backend) {
    let (app, ada) = start(backend).await;
    let [bob] = app.users(["bob"]);
    let count = async |client: &Client, query: &str| client.get(query).await.total();
    let kite = ada.get("projects?q=kite").await.each("id").concat();
    assert_eq!(count(&bob, "projects?q=kite").await, 0);

    assert_eq!(
        ada.patch(format!("projects/{kite}"), json!({ "name": "Glider", "description": null }))
            .await
            .status,
        200
    );
    assert_eq!(
        (count(&ada, "projects?q=kite").await, count(&ada, "projects?q=glider").await),
        (0, 1)
    );
    assert_eq!(count(&ada, "projects?q=then").await, 0);
    assert_eq!(ada.delete(format!("projects/{kite}")).await.status, 204);
    assert_eq!(count(&ada, "projects?q=glider").await, 0);
    assert_eq!(ada.post(format!("projects/{kite}/restore"), json!({})).await.status, 200);
    assert_eq!(count(&ada, "projects?q=glider").await, 1);

    let tasks = json!({ "tasks": [{ "title": "Varnish the hull" }, { "title": "Sew", "description": "the hull's cover" }] });
    assert_eq!(ada.post(format!("projects/{kite}/tasks/bulk"), tasks).await.status, 201);
    assert_eq!(ada.get("tasks?q=hull").await.each("title"), ["Varnish the hull", "Sew"]);
    assert_eq!(count(&bob, "tasks?q=hull").await, 0);
    let sew = ada.get("tasks?q=cover").await.each("id").concat();
    assert_eq!(ada.delete(format!("tasks/{sew}")).await.status, 204);
    assert_eq!(count(&ada, "tasks?q=cover").await, 0);
    assert_eq!(app.count("_task_search").await, 1);

    // Rows that others have written are found from the next start on.
    app.execute("UPDATE project SET name = 'Zeppelin' WHERE name = 'Plane'").await;
    app.execute("DELETE FROM _project_search WHERE name = 'plane'").await;
    app.execute("UPDATE _task_search SET version = 0, title = 'old'").await;
    assert_eq!(count(&ada, "projects?q=zeppelin").await, 0);
    assert!(app.stop().success());
    app.restart();
    assert_eq!(count(&ada, "projects?q=zeppelin").await, 1);
    assert_eq!((count(&ada, "tasks?q=varnish").await, count(&ada, "tasks?q=old").await), (1, 0));
}
