//! One visibility, three ways to ask: a list, a single row, and a plain reckoning over the data say the same.
//!
//! The server renders a scope differently for sets and for single rows; this is what keeps the two together.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client};

/// A project and the names of those who see it; an administrator sees all that is not deleted.
type Row = (String, BTreeSet<&'static str>);

const PEOPLE: [&str; 6] = ["ada", "bob", "cat", "dan", "eve", "root"];

/// Every combination of: in an organization or not, public or not, shared or not, deleted or not.
async fn stage(app: &App, people: &[Client; 6]) -> Vec<Row> {
    let [ada, bob, cat, dan, ..] = people;
    let organization = app.organization("works", &[(ada, "owner"), (bob, "member")]).await;
    let mut rows = Vec::new();
    for bits in 0..32 {
        let [owned_by_ada, organized, public, shared, deleted] =
            [1, 2, 4, 8, 16].map(|bit| bits & bit != 0);
        let (owner, name) = if owned_by_ada { (ada, "ada") } else { (dan, "dan") };
        let project = owner
            .post("projects", json!({ "name": format!("{bits}"), "isPublic": public }))
            .await
            .id();
        let mut seen_by = BTreeSet::from(["root", name]);
        if organized {
            let (organization, id) = (app.literal(&organization), app.literal(&project));
            app.execute(&format!(
                "UPDATE project SET organization_id = {organization} WHERE id = {id}"
            ))
            .await;
            seen_by.extend(["ada", "bob"]);
        }
        if public {
            seen_by.extend(PEOPLE);
        }
        if shared {
            let member = json!({ "userId": cat.id, "role": "viewer" });
            assert_eq!(owner.post(format!("projects/{project}/members"), member).await.status, 201);
            seen_by.insert("cat");
        }
        let task = json!({ "projectId": project, "title": "One" });
        assert_eq!(owner.post("tasks", task).await.status, 201);
        if deleted {
            assert_eq!(owner.delete(format!("projects/{project}")).await.status, 204);
            seen_by.clear();
        }
        rows.push((project, seen_by));
    }
    rows
}

#[rstest]
#[tokio::test]
async fn a_list_a_row_and_the_rules_agree(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let people = app.users(PEOPLE);
    let rows = stage(&app, &people).await;

    for (person, name) in people.iter().zip(PEOPLE) {
        let expected: BTreeSet<_> = rows
            .iter()
            .filter(|(_, seen_by)| seen_by.contains(name))
            .map(|(id, _)| id.clone())
            .collect();
        let list = person.get("projects?limit=100").await;
        assert_eq!(BTreeSet::from_iter(list.each("id")), expected, "{name}'s list");
        assert_eq!(list.total(), u64::try_from(expected.len()).expect("few"), "{name}'s total");
        let tasks = person.get("tasks?limit=100").await;
        assert_eq!(BTreeSet::from_iter(tasks.each("projectId")), expected, "{name}'s tasks");
        let stats = person.get("projects/stats").await.json();
        assert_eq!(stats["total"], expected.len(), "{name}'s stats");
        for (id, _) in &rows {
            let status = person.get(format!("projects/{id}")).await.status;
            assert_eq!(status == 200, expected.contains(id), "{name} reads {id}: {status}");
        }
    }
}
