//! Groups with figures, and what is distinct.

use rstest::rstest;
use serde_json::json;

use super::start;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

/// One line per query: the query, then the groups, or why it was refused.
async fn groups(client: &Client, queries: &[&str]) -> String {
    let mut lines = String::new();
    for query in queries {
        let answer = client.get(query).await;
        let outcome = if answer.status == 200 {
            let body = answer.json();
            let items = body["items"].as_array().expect("a page has items");
            let items: Vec<_> = items.iter().map(ToString::to_string).collect();
            format!("{} of {}: {}", items.len(), body["total"], items.join(" "))
        } else {
            answer.problem()
        };
        lines.extend([query, "\n    ", &outcome, "\n"]);
    }
    lines
}

#[rstest]
#[tokio::test]
async fn groups_have_figures(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;

    assert_snapshot!(
        ada.get("projects/aggregate?select=count(),min(name)&groupBy=status&sort=-count()&limit=2").await,
        @r#"
    200
    Link: </api/v1/projects/aggregate?sort=-count()&select=count(),min(name)&groupBy=status&page=1&limit=2>; rel="first", </api/v1/projects/aggregate?sort=-count()&select=count(),min(name)&groupBy=status&page=2&limit=2>; rel="next", </api/v1/projects/aggregate?sort=-count()&select=count(),min(name)&groupBy=status&page=2&limit=2>; rel="last"
    {
      "items":[
        {"status":"active","count()":3,"min(name)":"100%_off"},
        {"status":"inactive","count()":2,"min(name)":"Zulu 'quoted'"}
      ],
      "total":3,
      "page":1,
      "limit":2,
      "totalPages":2
    }
    "#
    );
    let outcomes = groups(
        &ada,
        &[
            "projects/aggregate?select=count()",
            "projects/aggregate?select=count()&name=eq.nothing",
            "projects/aggregate?select=max(name),min(clientName)&name=eq.nothing",
            "projects/aggregate?select=count()&groupBy=status&name=eq.nothing",
            "projects/aggregate?select=count(),countDistinct(clientName),min(clientName),max(clientName)",
            "projects/aggregate?select=count()&groupBy=clientName",
            "projects/aggregate?select=count()&groupBy=clientName&sort=-clientName.nullsfirst",
            "projects/aggregate?select=count()&groupBy=isPublic,status",
            "projects/aggregate?select=count()&groupBy=status&having=count().gt.2",
            "projects/aggregate?groupBy=status&having=or(count().eq.1,max(name).eq.Zulu%20'quoted')",
            "projects/aggregate?groupBy=status&having=not.and(count().eq.1)&having=count().lt.9",
            "projects/aggregate?groupBy=status&having=max(name).gt.Z&sort=min(name)",
            "projects/aggregate?select=count()&groupBy=status&isPublic=is.true",
            "projects/aggregate?select=count()&owner.name=eq.ada",
            "projects/distinct?fields=status",
            "projects/distinct?fields=status,isPublic&sort=-status&limit=2",
            "projects/distinct?fields=clientName&status=eq.active",
            "projects/aggregate",
            "projects/aggregate?select=count",
            "projects/aggregate?select=count(),count()",
            "projects/aggregate?select=sum(name)",
            "projects/aggregate?select=avg(createdAt)",
            "projects/aggregate?select=max(deletedAt)",
            "projects/aggregate?select=max(tasks.title)",
            "projects/aggregate?groupBy=deletedAt",
            "projects/aggregate?groupBy=createdAt",
            "projects/aggregate?groupBy=createdAt.hour",
            "projects/aggregate?groupBy=status.day",
            "projects/aggregate?groupBy=status&sort=name",
            "projects/aggregate?groupBy=status&having=name.eq.x",
            "projects/aggregate?groupBy=status&having=count().eq.many",
            "projects/aggregate?groupBy=status&cursor=",
            "projects/aggregate?groupBy=status&fields=name",
            "projects/distinct",
            "projects/distinct?fields=status&select=count()",
            "projects/distinct?fields=createdAt",
        ],
    )
    .await;
    insta::assert_snapshot!("groups", outcomes);
}

#[rstest]
#[tokio::test]
async fn days_months_and_years_are_those_of_utc(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    for (name, time) in [
        ("a", "2024-02-29 23:59:59.999999"),
        ("b", "2024-03-01 00:00:00.000000"),
        ("c", "2024-12-31 23:59:59.000000"),
        ("d", "2025-01-01 00:00:00.000000"),
    ] {
        assert_eq!(ada.post("projects", json!({ "name": name })).await.status, 201);
        app.execute(&format!(
            "UPDATE project SET created_at = '{time}+00:00' WHERE name = '{name}'"
        ))
        .await;
    }
    let outcomes = groups(
        &ada,
        &[
            "projects/aggregate?select=count()&groupBy=createdAt.day",
            "projects/aggregate?select=count()&groupBy=createdAt.month",
            "projects/aggregate?select=count()&groupBy=createdAt.year&sort=-createdAt.year",
            "projects/aggregate?select=min(createdAt),max(createdAt)",
            "projects/distinct?fields=createdAt.month",
        ],
    )
    .await;
    insta::assert_snapshot!("parts_of_time", outcomes);
}
