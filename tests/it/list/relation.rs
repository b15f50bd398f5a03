//! Tests of related rows.

use rstest::rstest;
use serde_json::json;

use super::found;
use crate::harness::App;
use crate::harness::Backend::{self, Postgres, Sqlite};

#[rstest]
#[tokio::test]
async fn rows_are_found_by_their_related_rows(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let task = |title: &str, done: bool| json!({ "title": title, "done": done });
    for (client, name, tasks) in [
        (&ada, "Kite", json!([task("Cut", true), task("Glue", false)])),
        (&ada, "Boat", json!([task("Cut", false), task("Caulk", true)])),
        (&ada, "Idea", json!([])),
        (&bob, "Plane", json!([task("Cut", true)])),
    ] {
        let body = json!({ "name": name, "isPublic": true, "tasks": tasks });
        assert_eq!(client.post("projects", body).await.status, 201);
    }
    let boat = ada.get("projects?name=eq.Boat").await.each("id").concat();
    let member = json!({ "userId": bob.id, "role": "editor" });
    assert_eq!(ada.post(format!("projects/{boat}/members"), member).await.status, 201);

    let outcomes = found(
        &ada,
        &[
            "owner.name=eq.bob",
            "owner.name=not.eq.bob",
            "tasks.title=eq.Cut",
            // One task that is both.
            "tasks.title=eq.Cut&tasks.done=is.true",
            "and=(tasks.title.eq.Cut,tasks.done.is.true)",
            // Some task that is either; and, in two groups of their own, perhaps two tasks.
            "or=(tasks.title.eq.Glue,tasks.title.eq.Caulk)",
            "not.and=(tasks.done.is.true)",
            "tasks.done=not.is.true",
            "not.or=(tasks.title.eq.Glue,tasks.title.eq.Caulk)",
            "tasks=is.empty",
            "tasks=is.notempty",
            "tasks=not.is.empty",
            "members=is.notempty",
            "members.role=eq.editor",
            "members.user.name=eq.bob",
            "members.user=is.notempty",
            "or=(tasks=is.empty)",
            "or=(tasks.is.empty,owner.name.eq.bob)",
            "or=(members.user.name.eq.bob,and(tasks.title.eq.Cut,tasks.done.is.true,isPublic.is.true))",
            "tasks.title=in.(Glue,Caulk)&tasks.done=is.true",
            "organization=is.empty&theme=is.empty&name=startswith.I",
        ],
    )
    .await;
    insta::assert_snapshot!("relations", outcomes);
    for (query, titles) in [
        ("project.owner.name=eq.bob", vec!["Cut"]),
        ("project.tasks.title=eq.Glue", vec!["Cut", "Glue"]),
        ("project.members=is.notempty", vec!["Caulk", "Cut"]),
    ] {
        assert_eq!(
            ada.get(format!("tasks?sort=title&{query}")).await.each("title"),
            titles,
            "{query}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn related_rows_that_the_caller_does_not_see_do_not_count(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let organization = app.organization("kites", &[(&ada, "owner")]).await;
    let body = json!({ "name": "Open", "isPublic": true, "organizationId": organization });
    assert_eq!(ada.post("projects", body).await.status, 201);

    for (query, of_ada, of_bob) in [
        ("projects", 1, 1),
        ("projects?organization.name=eq.kites", 1, 0),
        ("projects?organization.name=not.eq.kites", 0, 0),
        ("projects?not.and=(organization.name.eq.kites)", 0, 1),
        ("projects?organization=is.empty", 0, 1),
        ("projects?organization=is.notempty", 1, 0),
        ("projects?or=(organization.name.eq.kites,name.eq.nothing)", 1, 0),
        ("projects/distinct?fields=name&organization.name=eq.kites", 1, 0),
        ("projects/aggregate?groupBy=name&organization=is.empty", 0, 1),
    ] {
        assert_eq!(ada.get(query).await.total(), of_ada, "{query}");
        assert_eq!(bob.get(query).await.total(), of_bob, "{query}");
    }
}

#[rstest]
#[tokio::test]
async fn two_relations_are_embedded_with_two_statements(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let settings = [("LOG_QUERIES", "true"), ("RUST_LOG", "info,sqlx::query=debug")];
    let app = App::start_with(backend, &settings).await;
    let [ada] = app.users(["ada"]);
    for _ in 0..20 {
        let body = json!({ "name": "Kite", "tasks": [{ "title": "Cut" }, { "title": "Glue" }] });
        assert_eq!(ada.post("projects", body).await.status, 201);
    }
    let path = "projects?cursor=&include=owner,tasks&limit=20";
    assert_eq!(ada.get(path).await.each("tasks").len(), 20);
    assert_eq!(ada.get(path).await.each("owner").len(), 20);
    assert!(app.stop().success());

    let log = app.output();
    // The last request begins with looking up the session.
    let (_, last) = log.rsplit_once("token_hash").expect("statements are logged");
    let statements: Vec<_> =
        last.lines().skip(1).filter(|line| line.contains("\"SELECT")).collect();
    assert_eq!(statements.len(), 3, "{statements:#?}");
}
