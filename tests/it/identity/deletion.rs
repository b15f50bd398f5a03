//! The end of a user.

use rstest::rstest;
use serde_json::json;

use super::letter::{link, token};
use super::session::age_sessions;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, PASSWORD, assert_snapshot};

const PATH: &str = "/api/auth/delete-user";

#[rstest]
#[tokio::test]
async fn a_user_goes_with_what_is_theirs_alone(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let shared = app.organization("shared", &[(&ada, "owner"), (&bob, "owner")]).await;
    app.organization("alone", &[(&ada, "owner")]).await;
    ada.post("projects", json!({ "name": "Kite" })).await;
    let kept = ada.post("projects", json!({ "name": "Boat", "organizationId": shared })).await.id();

    let answer = ada.post(PATH, json!({ "password": PASSWORD })).await;

    assert_snapshot!(answer, @r#"
    200
    {"success":true,"message":"User deleted"}
    "#);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(ada.get("projects").await.status, 401);
    let projects = bob.get("projects").await;
    assert_eq!(projects.each("name"), ["Boat"]);
    assert_eq!(bob.get(format!("projects/{kept}")).await.json()["ownerId"], bob.id);
    assert_eq!(app.sql("SELECT name FROM organization").await, ["shared"]);
    let id = app.literal(&ada.id);
    for table in ["session", "account", "member"] {
        let left = app.sql(&format!("SELECT 'one' FROM {table} WHERE user_id = {id}")).await;
        assert!(left.is_empty(), "{table}");
    }
    let actions = app.audit_actions().await;
    for action in ["delete organization", "transfer project", "delete project", "delete user"] {
        assert!(actions.iter().any(|done| done == action), "{action} in {actions:?}");
    }
}

#[rstest]
#[tokio::test]
async fn others_are_not_left_without_an_owner(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    app.organization("shared", &[(&ada, "owner"), (&bob, "admin")]).await;
    ada.post("projects", json!({ "name": "Kite" })).await;

    assert_snapshot!(ada.post(PATH, json!({ "password": PASSWORD })).await, @r#"
    400
    Content-Type: application/json
    {
      "message":"You cannot leave the organization as the only owner",
      "code":"YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER"
    }
    "#);
    assert_eq!(ada.get("projects").await.each("name"), ["Kite"]);
}

#[rstest]
#[tokio::test]
async fn what_a_user_owned_where_they_belong_no_longer_stays_there(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let shared = app.organization("shared", &[(&ada, "member"), (&bob, "owner")]).await;
    let project =
        ada.post("projects", json!({ "name": "Boat", "organizationId": shared })).await.id();
    ada.post("/api/auth/organization/leave", json!({ "organizationId": shared })).await;

    assert_eq!(ada.post(PATH, json!({ "password": PASSWORD })).await.status, 200);

    assert_eq!(bob.get(format!("projects/{project}")).await.json()["ownerId"], bob.id);
}

#[rstest]
#[tokio::test]
async fn of_two_owners_who_go_at_once_one_stays(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    app.organization("shared", &[(&ada, "owner"), (&bob, "owner"), (&cat, "member")]).await;

    let (first, second) = tokio::join!(ada.post(PATH, json!({})), bob.post(PATH, json!({})));

    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{first}\n{second}");
    let owners = app.sql("SELECT role FROM member WHERE role = 'owner'").await;
    assert_eq!(owners.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_password_that_is_given_must_be_right(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);

    let refused = ada.post(PATH, json!({ "password": "wrong horse battery staple" })).await;

    assert_eq!((refused.status, refused.json()["code"].clone()), (400, json!("INVALID_PASSWORD")));
    assert_eq!(app.anonymous().post(PATH, json!({})).await.status, 401);
    assert_eq!(ada.get("projects").await.status, 200);
}

#[rstest]
#[tokio::test]
async fn who_signed_in_long_ago_follows_a_link(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    age_sessions(&app, backend).await;

    assert_snapshot!(ada.post(PATH, json!({ "callbackURL": "/bye" })).await, @r#"
    200
    {"success":true,"message":"Verification email sent"}
    "#);
    let link = link(&app, &ada.email, "delete-account").await;
    // The link is of use to who is signed in as the user that it was sent to.
    assert_snapshot!(app.anonymous().get(&link).await, @r#"
    404
    Content-Type: application/json
    {"message":"Failed to get user info","code":"FAILED_TO_GET_USER_INFO"}
    "#);
    let refused = bob.post(PATH, json!({ "token": token(&link) })).await;
    assert_eq!((refused.status, refused.json()["code"].clone()), (404, json!("INVALID_TOKEN")));
    let followed = ada.get(&link).await;
    assert_eq!((followed.status, followed.header("location")), (302, "/bye".to_owned()));
    assert_eq!(ada.get("projects").await.status, 401);
    assert_eq!(bob.get("projects").await.status, 200);
}
