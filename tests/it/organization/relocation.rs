//! Moving a user from one organization to another.

use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{active, found, join, verify_everybody};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

/// Kites and boats, both of ada, and bob, who is a member of kites with three projects there, one of them deleted.
struct Stage {
    app: App,
    kites: String,
    boats: String,
    projects: [String; 3],
}

impl Stage {
    async fn set(backend: Backend) -> Self {
        let app = App::start(backend).await;
        verify_everybody(&app).await;
        let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
        let boats = found(&ada, "boats").await;
        let kites = found(&ada, "kites").await;
        for user in [&bob, &cat] {
            join(&ada, &kites, user, "member").await;
        }
        let make = async |name: &str| {
            bob.post("projects", json!({ "name": name, "organizationId": kites })).await.id()
        };
        let projects = [make("Box").await, make("Delta").await, make("Gone").await];
        bob.delete(format!("projects/{}", projects[2])).await;
        bob.post("projects", json!({ "name": "Own" })).await;
        Self { app, kites, boats, projects }
    }

    fn body(&self, change: &Value) -> Value {
        let [cat] = self.app.users(["cat"]);
        let mut body = json!({
            "fromOrganizationId": self.kites, "toOrganizationId": self.boats, "newOwnerId": cat.id,
        });
        for (name, value) in change.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    }

    async fn go(&self, client: &Client, change: Value) -> crate::harness::Answer {
        let [bob] = self.app.users(["bob"]);
        client.post(format!("users/{}/move", bob.id), self.body(&change)).await
    }
}

#[rstest]
#[tokio::test]
async fn a_user_moves_and_their_projects_stay(#[values(Sqlite, Postgres)] backend: Backend) {
    let stage = Stage::set(backend).await;
    let [ada, bob, cat] = stage.app.users(["ada", "bob", "cat"]);
    let before = stage.app.audit_actions().await.len();

    assert_snapshot!(stage.go(&ada, json!({})).await, @r#"
    200
    {
      "id":"[id-1]",
      "organizationId":"[id-2]",
      "userId":"[bob]",
      "role":"member",
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);

    assert_eq!(
        stage.app.audit_actions().await[before..],
        ["transfer project", "transfer project", "transfer project", "move member", "move member"]
    );
    assert_eq!(active(&bob).await, Value::Null);
    let memberships = format!("members?userId=eq.{}&include=organization", bob.id);
    assert_eq!(ada.get(memberships).await.json()["items"][0]["organization"]["slug"], "boats");
    for project in &stage.projects[..2] {
        assert_eq!(bob.get(format!("projects/{project}")).await.status, 404);
        assert_eq!(cat.get(format!("projects/{project}")).await.json()["ownerId"], *cat.id);
    }
    // What was deleted is the new owner's to bring back.
    let restored = cat.post(format!("projects/{}/restore", stage.projects[2]), json!({})).await;
    assert_eq!(restored.json()["ownerId"], *cat.id);
    assert_eq!(bob.get("projects").await.each("name"), ["Own"]);
    // The owner of both reads it in the trail of each.
    let trail = ada.get("audit-logs?action=eq.move&sort=id").await;
    assert_eq!(trail.total(), 2);
    assert_eq!(trail.json()["items"][0]["rootId"], *stage.kites);
    assert_eq!(trail.json()["items"][1]["rootId"], *stage.boats);
}

#[rstest]
#[tokio::test]
async fn who_may_not_moves_nobody(#[values(Sqlite, Postgres)] backend: Backend) {
    let stage = Stage::set(backend).await;
    let [ada, bob, cat, dan, root] = stage.app.users(["ada", "bob", "cat", "dan", "root"]);
    let planes = found(&dan, "planes").await;
    let trains = found(&dan, "trains").await;
    join(&dan, &trains, &ada, "admin").await;

    let mut told = Vec::new();
    for (name, client, change) in [
        ("nobody", &stage.app.anonymous(), json!({})),
        ("a stranger", &dan, json!({})),
        ("the user", &bob, json!({})),
        ("out of sight", &ada, json!({ "toOrganizationId": planes })),
        ("not an owner there", &ada, json!({ "toOrganizationId": trains })),
        ("nowhere", &ada, json!({ "toOrganizationId": dan.id })),
        ("the same", &ada, json!({ "toOrganizationId": stage.kites })),
        ("from elsewhere", &root, json!({ "fromOrganizationId": planes })),
        ("to a stranger", &ada, json!({ "newOwnerId": dan.id })),
        ("to the user", &ada, json!({ "newOwnerId": bob.id })),
        ("to nobody", &ada, json!({ "newOwnerId": planes })),
        ("as a chef", &ada, json!({ "role": "chef" })),
        ("as two", &ada, json!({ "role": "admin,owner" })),
        ("more", &ada, json!({ "unknown": 1 })),
    ] {
        told.push(format!("{name}: {}", stage.go(client, change).await.problem()));
    }
    let nobody = ada.post(format!("users/{planes}/move"), stage.body(&json!({}))).await;
    told.push(format!("nobody: {}", nobody.problem()));
    let own = ada.post(format!("users/{}/move", ada.id), stage.body(&json!({}))).await;
    told.push(format!("the only owner: {}", own.problem()));
    join(&ada, &stage.boats, &bob, "member").await;
    told.push(format!("a member there: {}", stage.go(&ada, json!({})).await.problem()));
    assert_snapshot!(told.join("\n"), @"
    nobody: 401 unauthenticated
    WWW-Authenticate: Bearer
    a stranger: 400 unknown-reference
        /toOrganizationId reference: refers to a row that does not exist
    the user: 400 unknown-reference
        /toOrganizationId reference: refers to a row that does not exist
    out of sight: 400 unknown-reference
        /toOrganizationId reference: refers to a row that does not exist
    not an owner there: 403 forbidden
    nowhere: 400 unknown-reference
        /toOrganizationId reference: refers to a row that does not exist
    the same: 422 invalid
        /toOrganizationId same: is the organization to leave
    from elsewhere: 422 invalid
        /fromOrganizationId member: the user does not belong to it
    to a stranger: 400 unknown-reference
        /newOwnerId reference: refers to a row that does not exist
    to the user: 400 unknown-reference
        /newOwnerId reference: refers to a row that does not exist
    to nobody: 400 unknown-reference
        /newOwnerId reference: refers to a row that does not exist
    as a chef: 422 invalid
        /role choice: unknown variant `chef`, expected one of `owner`, `admin`, `member`
    as two: 422 invalid
        /role choice: unknown variant `admin,owner`, expected one of `owner`, `admin`, `member`
    more: 422 invalid
        /unknown unknown: unknown field `unknown`, expected one of `fromOrganizationId`, `toOrganizationId`, `newOwnerId`, `role`
    nobody: 404 not-found
    the only owner: 422 invalid
        /fromOrganizationId onlyOwner: the user is its only owner
    a member there: 409 taken
        /toOrganizationId taken: another row already has this value
    ");
    assert_eq!(cat.get(format!("projects/{}", stage.projects[0])).await.json()["ownerId"], *bob.id);
}

#[rstest]
#[tokio::test]
async fn an_administrator_moves_anybody_and_gives_a_role(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let stage = Stage::set(backend).await;
    let [root] = stage.app.users(["root"]);
    let moved = stage.go(&root, json!({ "role": "admin" })).await;
    assert_eq!((moved.status, moved.json()["role"].clone()), (200, json!("admin")));
}

#[rstest]
#[tokio::test]
async fn a_user_moves_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let stage = Stage::set(backend).await;
    let [ada, bob, cat] = stage.app.users(["ada", "bob", "cat"]);
    let mut moves = JoinSet::new();
    for _ in 0..8 {
        let (ada, path, body) =
            (ada.clone(), format!("users/{}/move", bob.id), stage.body(&json!({})));
        moves.spawn(async move { ada.post(path, body).await.status });
    }
    let mut statuses = moves.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422, 422, 422, 422, 422]);
    let owner = cat.get(format!("projects/{}", stage.projects[0])).await.json()["ownerId"].clone();
    assert_eq!(owner, *cat.id);
    assert_eq!(stage.app.count("member").await, 4);
}
