//! What happens to an organization at the same time turns out as if it had happened one after the other.

use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{NO_MAIL, call, found, join, outcome, verify_everybody};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client};

/// What comes of calls that are made at the same time, in order.
async fn at_once(calls: impl IntoIterator<Item = (&Client, &'static str, Value)>) -> Vec<String> {
    let mut set = JoinSet::new();
    for (client, route, body) in calls {
        let client = client.clone();
        set.spawn(async move { outcome(&call(&client, route, body).await) });
    }
    let mut outcomes = set.join_all().await;
    outcomes.sort_unstable();
    outcomes
}

fn one_and(others: usize, refusal: &str) -> Vec<String> {
    let mut outcomes = vec![refusal.to_owned(); others];
    outcomes.insert(0, "200".to_owned());
    outcomes
}

#[rstest]
#[tokio::test]
async fn of_many_who_want_one_slug_one_gets_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let users = app.users(["ada", "bob", "cat", "dan"]);

    let body = json!({ "name": "Kites", "slug": "kites" });
    let calls = users.iter().chain(&users).map(|user| (user, "create", body.clone()));
    assert_eq!(at_once(calls).await, one_and(7, "400 ORGANIZATION_ALREADY_EXISTS"));
    assert_eq!((app.count("organization").await, app.count("member").await), (1, 1));
}

#[rstest]
#[tokio::test]
async fn an_address_is_invited_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &NO_MAIL).await;
    verify_everybody(&app).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "admin").await;
    let mails = app.count("email").await;

    let body = json!({ "email": "eve@example.com", "role": "member" });
    let calls = [&ada, &bob].repeat(4);
    let calls = calls.into_iter().map(|user| (user, "invite-member", body.clone()));
    assert_eq!(
        at_once(calls).await,
        one_and(7, "400 USER_IS_ALREADY_INVITED_TO_THIS_ORGANIZATION")
    );
    assert_eq!((app.count("invitation").await, app.count("email").await), (2, mails + 1));
}

#[rstest]
#[tokio::test]
async fn an_invitation_is_accepted_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    found(&ada, "kites").await;
    let body = json!({ "email": bob.email, "role": "member" });
    let id = call(&ada, "invite-member", body).await.id();

    let accept = || (&bob, "accept-invitation", json!({ "invitationId": id }));
    assert_eq!(at_once((0..8).map(|_| accept())).await, one_and(7, "400 INVITATION_NOT_FOUND"));
    assert_eq!(app.count("member").await, 2);
    assert_eq!(app.sql("SELECT status FROM invitation").await, ["accepted"]);
    let trail = app.audit_actions().await;
    for action in ["accept member", "accept invitation"] {
        assert_eq!(trail.iter().filter(|other| *other == action).count(), 1, "{trail:?}");
    }
}

#[rstest]
#[tokio::test]
async fn an_invitation_has_one_answer(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    found(&ada, "kites").await;
    let body = json!({ "email": bob.email, "role": "member" });
    let id = call(&ada, "invite-member", body).await.id();

    let answer = |client, route| (client, route, json!({ "invitationId": id }));
    let calls = [
        answer(&bob, "accept-invitation"),
        answer(&bob, "reject-invitation"),
        answer(&ada, "cancel-invitation"),
    ];
    let calls = calls.iter().chain(&calls).cloned();
    assert_eq!(at_once(calls).await, one_and(5, "400 INVITATION_NOT_FOUND"));
    let accepted = app.sql("SELECT status FROM invitation").await == ["accepted"];
    assert_eq!(app.count("member").await, if accepted { 2 } else { 1 });
}

#[rstest]
#[tokio::test]
async fn the_last_place_is_taken_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let users = app.users(["ada", "bob", "cat", "dan", "eve"]);
    let ada = &users[0];
    let kites = found(ada, "kites").await;
    let mut accepts = Vec::new();
    for user in &users[1..] {
        let body = json!({ "email": user.email, "role": "member" });
        let id = call(ada, "invite-member", body).await.id();
        accepts.push((user, "accept-invitation", json!({ "invitationId": id })));
    }
    // 98 more members.
    let (numbers, user) = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 98)",
        super::invitation::numbered(backend, "2"),
    );
    app.execute(&format!(
        r#"INSERT INTO "user" (id, name, email, email_verified, role, banned, two_factor_enabled, onboarding_complete, created_at, updated_at)
         {numbers} SELECT {user}, 'u', 'u' || i || '@example.com', true, 'user', false, false, false, created_at, updated_at
         FROM n, (SELECT created_at, updated_at FROM organization) AS one"#
    ))
    .await;
    app.execute(&format!(
        "INSERT INTO member (id, organization_id, user_id, role, created_at, updated_at) \
         {numbers} SELECT {user}, organization_id, {user}, 'member', created_at, updated_at \
         FROM n, (SELECT * FROM member) AS one"
    ))
    .await;

    let outcomes = at_once(accepts).await;
    assert_eq!(outcomes, one_and(3, "403 ORGANIZATION_MEMBERSHIP_LIMIT_REACHED"), "{kites}");
    assert_eq!(app.count("member").await, 100);
    // Who was turned away can still come.
    let open = app.sql("SELECT status FROM invitation WHERE status = 'pending'").await;
    assert_eq!(open.len(), 3);
}

#[rstest]
#[tokio::test]
async fn an_owner_is_left_whoever_leaves(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "owner").await;
    join(&ada, &kites, &cat, "member,owner").await;

    // Each leaves several times over.
    let body = json!({ "organizationId": kites });
    let calls = [&ada, &bob, &cat].repeat(3);
    let outcomes = at_once(calls.into_iter().map(|user| (user, "leave", body.clone()))).await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "200").count(), 2, "{outcomes:?}");
    assert!(
        outcomes.contains(&"400 YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER".to_owned()),
        "{outcomes:?}"
    );
    assert_eq!(app.count("member").await, 1);
}

#[rstest]
#[tokio::test]
async fn an_owner_is_left_however_they_stop_to_be_one(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kites = found(&ada, "kites").await;
    let bobs = join(&ada, &kites, &bob, "owner").await;
    let adas = super::read(&ada, "get-active-member").await.id();

    let calls = [
        (&ada, "leave", json!({ "organizationId": kites })),
        (&bob, "leave", json!({ "organizationId": kites })),
        (&ada, "update-member-role", json!({ "memberId": adas, "role": "member" })),
        (&bob, "update-member-role", json!({ "memberId": bobs, "role": "admin" })),
        (&ada, "remove-member", json!({ "memberIdOrEmail": bobs })),
        (&bob, "remove-member", json!({ "memberIdOrEmail": adas })),
        (&ada, "update-member-role", json!({ "memberId": bobs, "role": "member" })),
        (&bob, "update-member-role", json!({ "memberId": adas, "role": "member" })),
    ];
    let outcomes = at_once(calls).await;
    let owners = app.sql("SELECT role FROM member WHERE role = 'owner'").await;
    assert_eq!(owners.len(), 1, "{outcomes:?}");
}
