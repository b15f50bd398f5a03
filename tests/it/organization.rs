//! Organizations, as Better Auth's clients make and run them.

mod invitation;
mod lists;
mod member;
mod race;
mod relocation;

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client, assert_snapshot};

/// Settings with which messages wait where a test can count them: nobody answers there.
const NO_MAIL: [(&str, &str); 2] =
    [("MAIL_FROM", "no-reply@example.com"), ("SMTP_URL", "smtp://127.0.0.1:9")];

/// Calls a route of organizations.
async fn call(client: &Client, route: &str, body: Value) -> Answer {
    client.post(format!("/api/auth/organization/{route}"), body).await
}

async fn read(client: &Client, route: &str) -> Answer {
    client.get(format!("/api/auth/organization/{route}")).await
}

/// The status and the code of a refusal, or the status of anything else.
fn outcome(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match body["code"].as_str() {
        Some(code) => format!("{} {code}", answer.status),
        None => answer.status.to_string(),
    }
}

/// Makes an organization that is active for its owner from then on, and gives its id.
async fn found(owner: &Client, slug: &str) -> String {
    call(owner, "create", json!({ "name": slug, "slug": slug })).await.id()
}

/// Lets everybody have shown that their address is theirs.
async fn verify_everybody(app: &App) {
    app.execute(r#"UPDATE "user" SET email_verified = true"#).await;
}

/// Invites somebody and lets them accept; gives the id of the membership. Everybody's address must be verified.
async fn join(owner: &Client, organization: &str, user: &Client, role: &str) -> String {
    let invite = json!({ "email": user.email, "role": role, "organizationId": organization });
    let invitation = call(owner, "invite-member", invite).await.id();
    let accepted = call(user, "accept-invitation", json!({ "invitationId": invitation })).await;
    assert_eq!(accepted.status, 200, "{accepted}");
    accepted.json()["member"]["id"].as_str().expect("an id").to_owned()
}

/// The organization that the client's session works for.
async fn active(client: &Client) -> Value {
    client.get("/api/auth/get-session").await.json()["session"]["activeOrganizationId"].clone()
}

#[rstest]
#[tokio::test]
async fn an_organization_is_made_with_its_owner_and_is_active(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let body =
        json!({ "name": "Kites", "slug": "kites", "metadata": { "colour": "red" }, "unknown": 7 });

    let kites = call(&ada, "create", body).await;
    assert_snapshot!(kites, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Kites",
      "slug":"kites",
      "logo":null,
      "createdAt":"[time]",
      "metadata":{"colour":"red"},
      "members":[
        {"id":"[id-2]","organizationId":"[id-1]","userId":"[ada]","role":"owner","createdAt":"[time]"}
      ]
    }
    "#);
    assert_eq!(active(&ada).await, kites.id());
    assert_eq!(app.audit_actions().await, ["create organization", "create member"]);

    let boats = json!({ "name": "Boats", "slug": "boats", "logo": null, "keepCurrentActiveOrganization": true });
    assert_snapshot!(call(&ada, "create", boats).await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Boats",
      "slug":"boats",
      "logo":null,
      "createdAt":"[time]",
      "members":[
        {"id":"[id-2]","organizationId":"[id-1]","userId":"[ada]","role":"owner","createdAt":"[time]"}
      ]
    }
    "#);
    assert_eq!(active(&ada).await, kites.id());
    assert_snapshot!(read(&ada, "list").await, @r#"
    200
    [
      {"id":"[id-1]","name":"Kites","slug":"kites","logo":null,"createdAt":"[time]","metadata":"{\"colour\":\"red\"}"},
      {"id":"[id-2]","name":"Boats","slug":"boats","logo":null,"createdAt":"[time]","metadata":null}
    ]
    "#);
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_a_new_organization_is_said(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    found(&ada, "kites").await;
    let create = async |body: Value| outcome(&call(&bob, "create", body).await);

    assert_eq!(
        create(json!({ "name": "Kites", "slug": "kites" })).await,
        "400 ORGANIZATION_ALREADY_EXISTS"
    );
    for body in [
        json!({}),
        json!({ "name": "Boats" }),
        json!({ "name": "", "slug": "boats" }),
        json!({ "name": "Boats", "slug": "" }),
        json!({ "name": "Boats", "slug": "b".repeat(256) }),
        json!({ "name": "B\0ats", "slug": "boats" }),
        json!({ "name": "Boats", "slug": "boats", "metadata": "red" }),
        json!({ "name": 7, "slug": "boats" }),
    ] {
        assert_eq!(create(body.clone()).await, "400 VALIDATION_ERROR", "{body}");
    }
    assert_eq!(app.count("organization").await, 1);
    assert_eq!(app.count("member").await, 1);

    let status =
        async |slug: &str| outcome(&call(&bob, "check-slug", json!({ "slug": slug })).await);
    assert_eq!(status("kites").await, "400 ORGANIZATION_SLUG_ALREADY_TAKEN");
    assert_eq!(status("boats").await, "200");
}

#[rstest]
#[tokio::test]
async fn nobody_in_particular_gets_nowhere(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let anyone = app.anonymous();
    let id = "00000000-0000-0000-0000-000000000000";
    let mut told = Vec::new();
    for (route, body) in [
        ("create", json!({ "name": "Kites", "slug": "kites" })),
        ("check-slug", json!({ "slug": "kites" })),
        ("update", json!({ "data": {} })),
        ("delete", json!({ "organizationId": id })),
        ("set-active", json!({})),
        ("invite-member", json!({ "email": "a@example.com", "role": "member" })),
        ("accept-invitation", json!({ "invitationId": id })),
        ("reject-invitation", json!({ "invitationId": id })),
        ("cancel-invitation", json!({ "invitationId": id })),
        ("remove-member", json!({ "memberIdOrEmail": id })),
        ("update-member-role", json!({ "memberId": id, "role": "member" })),
        ("leave", json!({ "organizationId": id })),
        ("has-permission", json!({ "permissions": {} })),
    ] {
        told.push(format!("{route} {}", outcome(&call(&anyone, route, body).await)));
    }
    for route in [
        "get-organization",
        "get-full-organization",
        "list",
        "get-invitation?id=1",
        "list-invitations",
        "list-user-invitations",
        "get-active-member",
        "get-active-member-role",
        "list-members",
    ] {
        told.push(format!("{route} {}", outcome(&read(&anyone, route).await)));
    }
    assert_snapshot!(told.join("\n"), @"
    create 401
    check-slug 401 UNAUTHORIZED
    update 401 UNAUTHORIZED
    delete 401
    set-active 401 UNAUTHORIZED
    invite-member 401 UNAUTHORIZED
    accept-invitation 401 UNAUTHORIZED
    reject-invitation 401 UNAUTHORIZED
    cancel-invitation 401 UNAUTHORIZED
    remove-member 401 UNAUTHORIZED
    update-member-role 401 UNAUTHORIZED
    leave 401 UNAUTHORIZED
    has-permission 401 UNAUTHORIZED
    get-organization 401 UNAUTHORIZED
    get-full-organization 401 UNAUTHORIZED
    list 401 UNAUTHORIZED
    get-invitation?id=1 401 UNAUTHORIZED
    list-invitations 401 UNAUTHORIZED
    list-user-invitations 400
    get-active-member 401 UNAUTHORIZED
    get-active-member-role 401 UNAUTHORIZED
    list-members 401 UNAUTHORIZED
    ");
}

#[rstest]
#[tokio::test]
async fn owners_and_administrators_change_an_organization_and_owners_delete_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "admin").await;
    join(&ada, &kites, &cat, "member").await;
    found(&dan, "boats").await;

    let rename = json!({ "data": { "name": "Box kites", "logo": "/box.png" } });
    // Without an id, it is the active one.
    assert_snapshot!(call(&bob, "update", rename.clone()).await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Box kites",
      "slug":"kites",
      "logo":"/box.png",
      "createdAt":"[time]"
    }
    "#);
    let change = json!({ "data": { "metadata": { "a": [1] }, "logo": null } });
    assert_snapshot!(call(&ada, "update", change).await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Box kites",
      "slug":"kites",
      "logo":null,
      "createdAt":"[time]",
      "metadata":{"a":[1]}
    }
    "#);
    assert_snapshot!(read(&ada, "get-organization").await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Box kites",
      "slug":"kites",
      "logo":null,
      "createdAt":"[time]",
      "metadata":"{\"a\":[1]}"
    }
    "#);

    let update = async |client: &Client, data: Value| {
        let body = json!({ "data": data, "organizationId": kites });
        outcome(&call(client, "update", body).await)
    };
    assert_eq!(
        update(&ada, json!({ "slug": "boats" })).await,
        "400 ORGANIZATION_SLUG_ALREADY_TAKEN"
    );
    assert_eq!(update(&ada, json!({ "slug": "kites" })).await, "200");
    assert_eq!(
        update(&cat, json!({ "name": "Mine" })).await,
        "403 YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_ORGANIZATION"
    );
    assert_eq!(
        update(&dan, json!({ "name": "Mine" })).await,
        "400 USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION"
    );
    assert_eq!(update(&ada, json!({ "name": null })).await, "400 VALIDATION_ERROR");
    assert_eq!(
        outcome(&call(&app.users(["eve"])[0], "update", rename).await),
        "400 ORGANIZATION_NOT_FOUND"
    );

    let project = json!({ "name": "Kite", "organizationId": kites, "tasks": [{ "title": "Cut" }] });
    bob.post("projects", project).await;
    let delete =
        async |client: &Client| call(client, "delete", json!({ "organizationId": kites })).await;
    for client in [&bob, &cat] {
        assert_eq!(
            outcome(&delete(client).await),
            "403 YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_ORGANIZATION"
        );
    }
    let stranger = "400 USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION";
    assert_eq!(outcome(&delete(&dan).await), stranger);
    assert_snapshot!(delete(&ada).await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"Box kites",
      "slug":"kites",
      "logo":null,
      "createdAt":"[time]",
      "metadata":"{\"a\":[1]}"
    }
    "#);
    assert_eq!(outcome(&delete(&ada).await), stranger);
    for table in ["project", "task", "invitation"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    assert_eq!(app.count("member").await, 1);
    for client in [&ada, &bob, &cat] {
        assert_eq!(active(client).await, Value::Null);
    }
    assert_eq!(app.audit_actions().await.last().map(String::as_str), Some("delete organization"));
}

#[rstest]
#[tokio::test]
async fn a_session_works_for_an_organization_of_its_user(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let (kites, boats) = (found(&ada, "kites").await, found(&ada, "boats").await);
    let planes = found(&bob, "planes").await;
    let set = async |body: Value| call(&ada, "set-active", body).await;

    let answer = set(json!({ "organizationId": kites })).await;
    assert_snapshot!(answer, @r#"
    200
    {
      "id":"[id-1]",
      "name":"kites",
      "slug":"kites",
      "logo":null,
      "createdAt":"[time]",
      "metadata":null
    }
    "#);
    assert!(answer.header("set-cookie").starts_with("better-auth.session_token="), "{answer}");
    assert_eq!(active(&ada).await, kites);
    assert_eq!(set(json!({ "organizationSlug": "boats" })).await.id(), boats);
    // The id goes before the slug; without either, what is active stays so.
    assert_eq!(
        set(json!({ "organizationId": kites, "organizationSlug": "boats" })).await.id(),
        kites
    );
    assert_eq!(set(json!({})).await.id(), kites);
    assert_eq!(read(&ada, "get-organization").await.id(), kites);
    assert_eq!(read(&ada, "get-organization?organizationSlug=boats").await.id(), boats);
    assert_eq!(read(&ada, &format!("get-organization?organizationId={boats}")).await.id(), boats);

    // A refusal leaves active what is.
    let stranger = "403 USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION";
    for body in [json!({ "organizationId": planes }), json!({ "organizationSlug": "planes" })] {
        assert_eq!(outcome(&set(body).await), stranger);
    }
    for route in ["get-organization", "get-full-organization"] {
        for query in [format!("organizationId={planes}"), "organizationSlug=planes".to_owned()] {
            assert_eq!(outcome(&read(&ada, &format!("{route}?{query}")).await), stranger);
        }
        for query in ["organizationId=planes", "organizationSlug=none"] {
            assert_eq!(
                outcome(&read(&ada, &format!("{route}?{query}")).await),
                "400 ORGANIZATION_NOT_FOUND"
            );
        }
    }
    assert_eq!(outcome(&set(json!({ "organizationId": "1" })).await), "400 ORGANIZATION_NOT_FOUND");
    assert_eq!(active(&ada).await, kites);

    let none = set(json!({ "organizationId": null })).await;
    assert_eq!((none.status, none.text().as_str()), (200, "null"));
    assert_eq!(active(&ada).await, Value::Null);
    for route in ["get-organization", "get-full-organization"] {
        assert_eq!(read(&ada, route).await.text(), "null");
    }
    assert_eq!(set(json!({})).await.text(), "null");
    // Another session of the same user works for none.
    assert_eq!(active(&bob).await, planes);
}

#[rstest]
#[tokio::test]
async fn an_organization_is_read_whole_by_who_may_see_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    verify_everybody(&app).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kites = found(&ada, "kites").await;
    join(&ada, &kites, &bob, "admin").await;
    join(&ada, &kites, &cat, "member").await;
    for (email, role) in [("dan@example.com", "member"), ("eve@example.com", "owner")] {
        call(&ada, "invite-member", json!({ "email": email, "role": role })).await;
    }

    assert_snapshot!(read(&ada, "get-full-organization?membersLimit=1").await, @r#"
    200
    {
      "id":"[id-1]",
      "name":"kites",
      "slug":"kites",
      "logo":null,
      "createdAt":"[time]",
      "metadata":null,
      "members":[
        {"id":"[id-2]","organizationId":"[id-1]","userId":"[ada]","role":"owner","createdAt":"[time]","user":{"id":"[ada]","name":"ada","email":"ada@example.com","image":null}}
      ],
      "invitations":[
        {"id":"[id-3]","organizationId":"[id-1]","email":"bob@example.com","role":"admin","status":"accepted","expiresAt":"[time]","createdAt":"[time]","inviterId":"[ada]"},
        {"id":"[id-4]","organizationId":"[id-1]","email":"cat@example.com","role":"member","status":"accepted","expiresAt":"[time]","createdAt":"[time]","inviterId":"[ada]"},
        {"id":"[id-5]","organizationId":"[id-1]","email":"dan@example.com","role":"member","status":"pending","expiresAt":"[time]","createdAt":"[time]","inviterId":"[ada]"},
        {"id":"[id-6]","organizationId":"[id-1]","email":"eve@example.com","role":"owner","status":"pending","expiresAt":"[time]","createdAt":"[time]","inviterId":"[ada]"}
      ]
    }
    "#);
    let count = async |client: &Client, member: &str| {
        let whole = read(client, "get-full-organization").await.json();
        whole[member].as_array().map(Vec::len)
    };
    for (client, invitations) in [(&ada, 4), (&bob, 3), (&cat, 0)] {
        assert_eq!(count(client, "members").await, Some(3));
        assert_eq!(count(client, "invitations").await, Some(invitations));
    }
}
