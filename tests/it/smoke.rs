//! The way of one row through the whole server: the first test to read, and the first to break.

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::PASSWORD;
use crate::harness::{App, assert_snapshot};

#[rstest]
#[tokio::test]
async fn somebody_signs_in_and_keeps_a_project(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    assert_snapshot!(app.anonymous().post("/api/auth/sign-in/email", credentials).await, @r#"
    200
    {
      "redirect":false,
      "token":"[token]",
      "user":{"id":"[ada]","name":"ada","email":"ada@example.com","emailVerified":false,"image":null,"username":null,"displayUsername":null,"role":"user","banned":false,"banReason":null,"banExpires":null,"twoFactorEnabled":false,"onboardingComplete":false,"locale":null,"createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);
    assert_snapshot!(ada.get("/api/auth/get-session").await, @r#"
    200
    {
      "session":{"id":"[id-1]","token":"[token]","userId":"[ada]","expiresAt":"[time]","createdAt":"[time]","updatedAt":"[time]","ipAddress":"127.0.0.1","userAgent":null,"impersonatedBy":null,"activeOrganizationId":null},
      "user":{"id":"[ada]","name":"ada","email":"ada@example.com","emailVerified":false,"image":null,"username":null,"displayUsername":null,"role":"user","banned":false,"banReason":null,"banExpires":null,"twoFactorEnabled":false,"onboardingComplete":false,"locale":null,"createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);

    let kite = ada.post("projects", json!({ "name": "Kite", "description": "It flies" })).await;
    assert_snapshot!(kite, @r#"
    201
    Location: /api/v1/projects/[id-1]
    {
      "id":"[id-1]",
      "name":"Kite",
      "description":"It flies",
      "clientName":null,
      "status":"active",
      "isPublic":false,
      "ownerId":"[ada]",
      "organizationId":null,
      "themeId":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    let path = format!("projects/{}", kite.id());
    assert_eq!(ada.get(&path).await.text(), kite.text());
    assert_snapshot!(ada.get("projects").await, @r#"
    200
    Link: </api/v1/projects?page=1&limit=10>; rel="first", </api/v1/projects?page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","name":"Kite","description":"It flies","clientName":null,"status":"active","isPublic":false,"ownerId":"[ada]","organizationId":null,"themeId":null,"createdAt":"[time]","updatedAt":"[time]"}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_snapshot!(ada.patch(&path, json!({ "name": "Box kite", "description": null })).await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Box kite",
      "description":null,
      "clientName":null,
      "status":"active",
      "isPublic":false,
      "ownerId":"[ada]",
      "organizationId":null,
      "themeId":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_snapshot!(ada.delete(&path).await, @"204");
    assert_snapshot!(ada.get(&path).await.problem(), @"404 not-found");
    assert_eq!(app.audit_actions().await, ["create project", "update project", "delete project"]);
}
