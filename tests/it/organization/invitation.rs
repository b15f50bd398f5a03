//! Invitations, from both ends.

use rstest::rstest;
use serde_json::{Value, json};

use super::{NO_MAIL, active, call, found, join, outcome, read, verify_everybody};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

async fn invite(client: &Client, email: &str, role: &str) -> String {
    outcome(&call(client, "invite-member", json!({ "email": email, "role": role })).await)
}

/// Lets everything that waits for an answer have waited too long.
async fn expire(app: &App) {
    app.execute("UPDATE invitation SET expires_at = (SELECT min(created_at) FROM organization)")
        .await;
}

#[rstest]
#[tokio::test]
async fn an_invitation_is_sent_accepted_and_over(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &NO_MAIL).await;
    verify_everybody(&app).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kites = found(&ada, "kites").await;
    let mails = app.count("email").await;

    let body = json!({ "email": bob.email.to_uppercase(), "role": ["admin", "member"] });
    let invitation = call(&ada, "invite-member", body).await;
    assert_snapshot!(invitation, @r#"
    200
    {
      "id":"[id-1]",
      "organizationId":"[id-2]",
      "email":"bob@example.com",
      "role":"admin,member",
      "status":"pending",
      "expiresAt":"[time]",
      "createdAt":"[time]",
      "inviterId":"[ada]"
    }
    "#);
    assert_eq!(app.count("email").await, mails + 1);
    let sent = "SELECT kind || ' ' || recipient FROM email ORDER BY id DESC LIMIT 1";
    assert_eq!(app.sql(sent).await, ["invitation bob@example.com"]);
    let (id, json) = (invitation.id(), invitation.json());
    assert!(json["expiresAt"].as_str() > json["createdAt"].as_str(), "{invitation}");

    assert_snapshot!(read(&bob, &format!("get-invitation?id={id}")).await, @r#"
    200
    {
      "id":"[id-1]",
      "organizationId":"[id-2]",
      "email":"bob@example.com",
      "role":"admin,member",
      "status":"pending",
      "expiresAt":"[time]",
      "createdAt":"[time]",
      "inviterId":"[ada]",
      "organizationName":"kites",
      "organizationSlug":"kites",
      "inviterEmail":"ada@example.com"
    }
    "#);
    assert_snapshot!(read(&bob, "list-user-invitations").await, @r#"
    200
    [
      {"id":"[id-1]","organizationId":"[id-2]","email":"bob@example.com","role":"admin,member","status":"pending","expiresAt":"[time]","createdAt":"[time]","inviterId":"[ada]","organizationName":"kites"}
    ]
    "#);
    let accept = async || call(&bob, "accept-invitation", json!({ "invitationId": id })).await;
    assert_snapshot!(accept().await, @r#"
    200
    {
      "invitation":{"id":"[id-1]","organizationId":"[id-2]","email":"bob@example.com","role":"admin,member","status":"accepted","expiresAt":"[time]","createdAt":"[time]","inviterId":"[ada]"},
      "member":{"id":"[id-3]","organizationId":"[id-2]","userId":"[bob]","role":"admin,member","createdAt":"[time]"}
    }
    "#);
    assert_eq!(active(&bob).await, kites);

    // It works once.
    assert_eq!(outcome(&accept().await), "400 INVITATION_NOT_FOUND");
    for route in ["reject-invitation", "cancel-invitation"] {
        let client = if route.starts_with("cancel") { &ada } else { &bob };
        let answer = call(client, route, json!({ "invitationId": id })).await;
        assert_eq!(outcome(&answer), "400 INVITATION_NOT_FOUND");
    }
    assert_eq!(read(&bob, "list-user-invitations").await.text(), "[]");
    assert_eq!(
        outcome(&read(&bob, &format!("get-invitation?id={id}")).await),
        "400 INVITATION_NOT_FOUND"
    );
    assert_eq!(
        app.audit_actions().await,
        [
            "create organization",
            "create member",
            "invite invitation",
            "accept member",
            "accept invitation"
        ]
    );
}

#[rstest]
#[tokio::test]
async fn an_invitation_is_for_who_has_shown_that_the_address_is_theirs(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    found(&ada, "kites").await;
    let body = json!({ "email": bob.email, "role": "member" });
    let id = call(&ada, "invite-member", body).await.id();
    let unverified = "403 EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION";
    let answer = async |client: &Client, route: &str| {
        outcome(&call(client, route, json!({ "invitationId": id })).await)
    };
    let stranger = "403 YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION";
    for route in ["accept-invitation", "reject-invitation"] {
        assert_eq!(answer(&bob, route).await, unverified);
        assert_eq!(answer(&cat, route).await, stranger);
    }
    assert_eq!(
        outcome(&read(&cat, &format!("get-invitation?id={id}")).await),
        "403 YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION"
    );
    let to_see = "403 EMAIL_VERIFICATION_REQUIRED_FOR_INVITATION";
    assert_eq!(outcome(&read(&bob, &format!("get-invitation?id={id}")).await), to_see);
    assert_eq!(outcome(&read(&bob, "list-user-invitations").await), to_see);
    assert_eq!(read(&bob, "list-user-invitations?email=a@example.com").await.status, 400);

    verify_everybody(&app).await;
    assert_eq!(answer(&cat, "accept-invitation").await, stranger);
    let rejected = call(&bob, "reject-invitation", json!({ "invitationId": id })).await;
    assert_snapshot!(rejected, @r#"
    200
    {
      "invitation":{"id":"[id-1]","organizationId":"[id-2]","email":"bob@example.com","role":"member","status":"rejected","expiresAt":"[time]","createdAt":"[time]","inviterId":"[ada]"},
      "member":null
    }
    "#);
    for route in ["accept-invitation", "reject-invitation"] {
        assert_eq!(answer(&bob, route).await, "400 INVITATION_NOT_FOUND");
    }
    assert_eq!(app.count("member").await, 1);
}

#[rstest]
#[tokio::test]
async fn owners_and_administrators_invite_and_owners_invite_owners(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start_with(backend, &NO_MAIL).await;
    verify_everybody(&app).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);
    assert_eq!(invite(&ada, "x@example.com", "member").await, "400 ORGANIZATION_NOT_FOUND");
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "admin").await;
    join(&ada, &kites, &cat, "member").await;

    assert_eq!(invite(&ada, "not an address", "member").await, "400 INVALID_EMAIL");
    assert_eq!(
        invite(&cat, "x@example.com", "member").await,
        "403 YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION"
    );
    let no_owner = "403 YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE";
    assert_eq!(invite(&bob, "x@example.com", "owner").await, no_owner);
    assert_eq!(invite(&bob, "x@example.com", "member,owner").await, no_owner);
    for role in [" owner", "owner ", "member, owner", "chef", ""] {
        for client in [&ada, &bob] {
            assert_eq!(invite(client, "x@example.com", role).await, "400 ROLE_NOT_FOUND", "{role}");
        }
    }
    let member = "400 USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION";
    assert_eq!(invite(&ada, &cat.email.to_uppercase(), "member").await, member);
    let foreign = json!({ "email": "x@example.com", "role": "member", "organizationId": kites });
    assert_eq!(outcome(&call(&dan, "invite-member", foreign).await), "400 MEMBER_NOT_FOUND");

    assert_eq!(invite(&ada, "x@example.com", "owner").await, "200");
    let invited = "400 USER_IS_ALREADY_INVITED_TO_THIS_ORGANIZATION";
    assert_eq!(invite(&ada, "X@example.com", "member").await, invited);
    // An administrator neither sends it once more, nor sees it, nor takes it back.
    let again = json!({ "email": "x@example.com", "role": "member", "resend": true });
    assert_eq!(outcome(&call(&bob, "invite-member", again.clone()).await), no_owner);
    let listed = async |client: &Client| {
        let list = read(client, "list-invitations").await.json();
        let emails = list.as_array().into_iter().flatten().map(|row| row["email"].to_string());
        emails.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(listed(&bob).await, r#""bob@example.com" "cat@example.com""#);
    assert_eq!(listed(&ada).await, r#""bob@example.com" "cat@example.com" "x@example.com""#);
    let id = read(&ada, "list-invitations").await.json()[2]["id"].clone();
    let cancel = async |client: &Client| {
        call(client, "cancel-invitation", json!({ "invitationId": id })).await
    };
    let not_yours = "403 YOU_ARE_NOT_ALLOWED_TO_CANCEL_THIS_INVITATION";
    assert_eq!(outcome(&cancel(&bob).await), not_yours);
    assert_eq!(outcome(&cancel(&cat).await), not_yours);
    assert_eq!(outcome(&cancel(&dan).await), "400 MEMBER_NOT_FOUND");

    // Sent once more, it is the same invitation.
    let mails = app.count("email").await;
    let resent = call(&ada, "invite-member", again).await;
    assert_eq!(
        (resent.json()["id"].clone(), resent.json()["role"].clone()),
        (id.clone(), json!("owner"))
    );
    assert_eq!(app.count("email").await, mails + 1);
    assert_snapshot!(cancel(&ada).await, @r#"
    200
    {
      "id":"[id-1]",
      "organizationId":"[id-2]",
      "email":"x@example.com",
      "role":"owner",
      "status":"canceled",
      "expiresAt":"[time]",
      "createdAt":"[time]",
      "inviterId":"[ada]"
    }
    "#);
    assert_eq!(outcome(&cancel(&ada).await), "400 INVITATION_NOT_FOUND");
    assert_eq!(invite(&ada, "x@example.com", "member").await, "200");

    assert_eq!(
        outcome(&read(&cat, "list-invitations").await),
        "403 YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION"
    );
    let of_kites = format!("list-invitations?organizationId={kites}");
    assert_eq!(
        outcome(&read(&dan, &of_kites).await),
        "403 YOU_ARE_NOT_A_MEMBER_OF_THIS_ORGANIZATION"
    );
    assert_snapshot!(read(&dan, "list-invitations").await, @r#"
    400
    Content-Type: application/json
    {"message":"Organization ID is required"}
    "#);
}

#[rstest]
#[tokio::test]
async fn an_invitation_expires_and_is_worth_no_more_than_its_inviter(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "admin").await;
    let id =
        call(&bob, "invite-member", json!({ "email": cat.email, "role": "member" })).await.id();

    let get = async || outcome(&read(&cat, &format!("get-invitation?id={id}")).await);
    assert_eq!(get().await, "200");
    call(&bob, "leave", json!({ "organizationId": kites })).await;
    assert_eq!(get().await, "400 INVITER_IS_NO_LONGER_A_MEMBER_OF_THE_ORGANIZATION");

    let accept =
        async || outcome(&call(&cat, "accept-invitation", json!({ "invitationId": id })).await);
    assert_eq!(accept().await, "400 INVITER_IS_NO_LONGER_A_MEMBER_OF_THE_ORGANIZATION");

    expire(&app).await;
    assert_eq!(accept().await, "400 INVITATION_NOT_FOUND");
    assert_eq!(get().await, "400 INVITATION_NOT_FOUND");
    // It does not stand in the way of another, and is not sent again.
    let again = json!({ "email": cat.email, "role": "member", "resend": true });
    let second = call(&ada, "invite-member", again).await.id();
    assert_ne!(second, id);
    assert_eq!(accept().await, "400 INVITATION_NOT_FOUND");
    let answer = call(&cat, "accept-invitation", json!({ "invitationId": second })).await;
    assert_eq!(answer.status, 200, "{answer}");
}

#[rstest]
#[tokio::test]
async fn an_organization_has_a_hundred_members_and_invites_a_hundred(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let kites = found(&ada, "kites").await;
    let id =
        call(&ada, "invite-member", json!({ "email": bob.email, "role": "member" })).await.id();

    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)";
    let [row, user] = ["1", "2"].map(|digit| numbered(backend, digit));
    app.execute(&format!(
        "INSERT INTO invitation (id, organization_id, email, role, status, expires_at, inviter_id, created_at, updated_at) \
         {numbers} SELECT {row}, organization_id, 'u' || i || '@example.com', role, status, expires_at, inviter_id, created_at, updated_at \
         FROM n, (SELECT * FROM invitation) AS one"
    ))
    .await;
    assert_eq!(invite(&ada, "x@example.com", "member").await, "403 INVITATION_LIMIT_REACHED");

    app.execute(&format!(
        r#"INSERT INTO "user" (id, name, email, email_verified, role, banned, two_factor_enabled, onboarding_complete, created_at, updated_at)
         {numbers} SELECT {user}, 'u', 'u' || i || '@example.com', true, 'user', false, false, false, created_at, updated_at
         FROM n, (SELECT created_at, updated_at FROM organization) AS one"#
    ))
    .await;
    app.execute(&format!(
        "INSERT INTO member (id, organization_id, user_id, role, created_at, updated_at) \
         {numbers} SELECT {row}, organization_id, {user}, 'member', created_at, updated_at \
         FROM n, (SELECT * FROM member) AS one"
    ))
    .await;
    let accept = async || call(&bob, "accept-invitation", json!({ "invitationId": id })).await;
    assert_eq!(outcome(&accept().await), "403 ORGANIZATION_MEMBERSHIP_LIMIT_REACHED");
    assert_eq!(active(&bob).await, Value::Null);
    let gone = json!({ "memberIdOrEmail": "u7@example.com", "organizationId": kites });
    assert_eq!(call(&ada, "remove-member", gone).await.status, 200);
    assert_eq!(accept().await.status, 200);
}

/// An id made of a digit and the number `i`.
pub(super) fn numbered(backend: Backend, digit: &str) -> String {
    match backend {
        Sqlite => format!("unhex('{digit}0000000000000000000' || printf('%012d', i))"),
        Postgres => format!("('{digit}0000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid"),
    }
}
