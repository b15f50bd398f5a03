//! Organizations and what belongs to them as resources, and who sees what.

use rstest::rstest;
use serde_json::json;

use super::{call, found, join, verify_everybody};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

#[rstest]
#[tokio::test]
async fn the_projects_of_an_organization_are_for_its_members_while_they_are(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);
    let kites = found(&ada, "kites").await;
    let project = json!({ "name": "Kite", "organizationId": kites });
    let kite = format!("projects/{}", ada.post("projects", project).await.id());
    let may = async |client: &Client| {
        let see = client.get(&kite).await.status;
        let listed = client.get("projects").await.total();
        let edit = client.patch(&kite, json!({ "clientName": client.id })).await.status;
        (see, listed, edit)
    };
    let none = (404, 0, 404);

    assert_eq!(may(&bob).await, none);
    let id = call(&ada, "invite-member", json!({ "email": bob.email, "role": "admin" })).await.id();
    assert_eq!(may(&bob).await, none);
    call(&bob, "accept-invitation", json!({ "invitationId": id })).await;
    let cats = join(&ada, &kites, &cat, "member").await;
    assert_eq!(may(&bob).await, (200, 1, 200));
    assert_eq!(may(&cat).await, (200, 1, 403));
    assert_eq!(may(&dan).await, none);

    call(&ada, "update-member-role", json!({ "memberId": cats, "role": "owner" })).await;
    assert_eq!(may(&cat).await, (200, 1, 200));
    let owned = json!({ "newOwnerId": cat.id });
    assert_eq!(bob.post(format!("{kite}/transfer"), owned.clone()).await.status, 403);
    assert_eq!(cat.post(format!("{kite}/transfer"), owned).await.status, 200);

    call(&bob, "leave", json!({ "organizationId": kites })).await;
    assert_eq!(may(&bob).await, none);
    // Who owns a project keeps it when they leave; it is moved by who moves them.
    call(&cat, "leave", json!({ "organizationId": kites })).await;
    assert_eq!(may(&cat).await, (200, 1, 200));
    assert_eq!(may(&ada).await, (200, 1, 200));
}

#[rstest]
#[tokio::test]
async fn organizations_and_members_are_lists_like_any_other(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, dan, root] = app.users(["ada", "bob", "dan", "root"]);
    let kites = found(&ada, "kites").await;
    found(&dan, "boats").await;
    join(&ada, &kites, &bob, "admin").await;

    assert_snapshot!(bob.get("organizations?include=members,invitations,projects").await, @r#"
    200
    Link: </api/v1/organizations?include=members,invitations,projects&page=1&limit=10>; rel="first", </api/v1/organizations?include=members,invitations,projects&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","name":"kites","slug":"kites","logo":null,"createdAt":"[time]","updatedAt":"[time]","members":[{"id":"[id-2]","organizationId":"[id-1]","userId":"[ada]","role":"owner","createdAt":"[time]","updatedAt":"[time]"},{"id":"[id-3]","organizationId":"[id-1]","userId":"[bob]","role":"admin","createdAt":"[time]","updatedAt":"[time]"}],"invitations":[{"id":"[id-4]","organizationId":"[id-1]","email":"bob@example.com","role":"admin","status":"accepted","expiresAt":"[time]","inviterId":"[ada]","createdAt":"[time]","updatedAt":"[time]"}],"projects":[]}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_snapshot!(bob.get("members?role=eq.admin&include=user,organization").await, @r#"
    200
    Link: </api/v1/members?role=eq.admin&include=user,organization&page=1&limit=10>; rel="first", </api/v1/members?role=eq.admin&include=user,organization&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","organizationId":"[id-2]","userId":"[bob]","role":"admin","createdAt":"[time]","updatedAt":"[time]","user":{"id":"[bob]","name":"bob","image":null,"username":null,"createdAt":"[time]","updatedAt":"[time]"},"organization":{"id":"[id-2]","name":"kites","slug":"kites","logo":null,"createdAt":"[time]","updatedAt":"[time]"}}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    let total = async |client: &Client, path: &str| client.get(path).await.total();
    for (path, totals) in [
        ("organizations", [1, 1, 1, 2]),
        ("members", [2, 2, 1, 3]),
        ("invitations", [1, 1, 0, 1]),
        ("organizations?slug=eq.boats", [0, 0, 1, 1]),
    ] {
        for (client, expected) in [&ada, &bob, &dan, &root].into_iter().zip(totals) {
            assert_eq!(total(client, path).await, expected, "{path}");
        }
    }
    assert_eq!(dan.get(format!("organizations/{kites}")).await.status, 404);
    assert_eq!(bob.get(format!("organizations/{kites}")).await.status, 200);
    let metadata = bob.get("organizations?metadata=is.null").await;
    assert_eq!(metadata.status, 400);
}

#[rstest]
#[tokio::test]
async fn invitations_are_for_who_may_invite(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "admin").await;
    join(&ada, &kites, &cat, "member").await;
    for (email, role) in [("dan@example.com", "owner"), ("eve@example.com", "member")] {
        call(&ada, "invite-member", json!({ "email": email, "role": role })).await;
    }
    for (client, emails) in [
        (&ada, &["dan@example.com", "eve@example.com"][..]),
        (&bob, &["eve@example.com"]),
        (&cat, &[]),
        (&dan, &[]),
    ] {
        let list = client.get("invitations?status=eq.pending&sort=id").await;
        assert_eq!(list.each("email"), emails);
    }
    assert_snapshot!(bob.get("invitations?status=eq.pending").await, @r#"
    200
    Link: </api/v1/invitations?status=eq.pending&page=1&limit=10>; rel="first", </api/v1/invitations?status=eq.pending&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","organizationId":"[id-2]","email":"eve@example.com","role":"member","status":"pending","expiresAt":"[time]","inviterId":"[ada]","createdAt":"[time]","updatedAt":"[time]"}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
}

#[rstest]
#[tokio::test]
async fn sessions_are_their_users_and_users_the_administrators(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    found(&ada, "kites").await;

    assert_snapshot!(ada.get("sessions?include=user").await, @r#"
    200
    Link: </api/v1/sessions?include=user&page=1&limit=10>; rel="first", </api/v1/sessions?include=user&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","userId":"[ada]","expiresAt":"[time]","ipAddress":"127.0.0.1","userAgent":null,"impersonatedBy":null,"activeOrganizationId":"[id-2]","createdAt":"[time]","updatedAt":"[time]","user":{"id":"[ada]","name":"ada","image":null,"username":null,"createdAt":"[time]","updatedAt":"[time]"}}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_eq!(root.get("sessions").await.total(), 7);
    for secret in ["tokenHash", "token", "token_hash"] {
        for clause in ["sort", "fields", "include"] {
            assert_eq!(root.get(format!("sessions?{clause}={secret}")).await.status, 400);
        }
        assert_eq!(root.get(format!("sessions?{secret}=is.notnull")).await.status, 400);
    }

    assert_eq!(root.get("users?sort=name").await.each("name").len(), 7);
    assert_snapshot!(root.get(format!("users/{}", ada.id)).await, @r#"
    200
    {
      "id":"[ada]",
      "name":"ada",
      "image":null,
      "username":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    for path in ["users".to_owned(), format!("users/{}", ada.id), "users/export".to_owned()] {
        assert_eq!(ada.get(&path).await.status, 403, "{path}");
        assert_eq!(app.anonymous().get(&path).await.status, 401, "{path}");
    }
    assert_eq!(ada.post("users/query", json!({})).await.status, 403);
}

#[rstest]
#[tokio::test]
async fn owners_read_the_trail_of_their_organization(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, dan] = app.users(["ada", "bob", "dan"]);
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "admin").await;

    let trail = format!("audit-logs?rootId=eq.{kites}&sort=id");
    assert_eq!(
        ada.get(&trail).await.each("action"),
        ["create", "create", "invite", "accept", "accept"]
    );
    for client in [&bob, &dan] {
        assert_eq!(client.get(&trail).await.total(), 0);
    }
}
