//! Members: their roles, and how they leave.

use rstest::rstest;
use serde_json::{Value, json};

use super::{active, call, found, join, outcome, read, verify_everybody};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

/// Kites, of ada, with bob as an administrator and cat as a member; the ids of their memberships.
async fn kites(app: &App) -> (String, [String; 3]) {
    verify_everybody(app).await;
    let [ada, bob, cat] = app.users(["ada", "bob", "cat"]);
    let kites = found(&ada, "kites").await;
    let bobs = join(&ada, &kites, &bob, "admin").await;
    let cats = join(&ada, &kites, &cat, "member").await;
    let adas = read(&ada, "get-active-member").await.id();
    (kites, [adas, bobs, cats])
}

async fn set_role(client: &Client, member: &str, role: Value) -> String {
    outcome(&call(client, "update-member-role", json!({ "memberId": member, "role": role })).await)
}

#[rstest]
#[tokio::test]
async fn roles_decide_what_a_member_may_do(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let (kites, _) = kites(&app).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);
    let may = async |client: &Client, permissions: Value| {
        let body = json!({ "permissions": permissions, "organizationId": kites });
        let answer = call(client, "has-permission", body).await;
        if answer.status == 200 {
            assert_eq!(answer.json()["error"], Value::Null);
            answer.json()["success"].to_string()
        } else {
            outcome(&answer)
        }
    };
    for (permissions, said) in [
        (json!({ "organization": ["delete"] }), ["true", "false", "false"]),
        (
            json!({ "organization": ["update"], "member": ["create", "delete"] }),
            ["true", "true", "false"],
        ),
        (json!({ "invitation": ["create", "cancel"] }), ["true", "true", "false"]),
        (json!({ "ac": ["read"] }), ["true", "true", "true"]),
        (json!({ "member": [] }), ["false", "false", "false"]),
        (json!({ "cake": ["eat"] }), ["false", "false", "false"]),
        (json!({}), ["false", "false", "false"]),
    ] {
        for (client, said) in [&ada, &bob, &cat].into_iter().zip(said) {
            assert_eq!(may(client, permissions.clone()).await, said, "{permissions}");
        }
    }
    assert_eq!(
        may(&dan, json!({ "ac": ["read"] })).await,
        "401 USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION"
    );
    let ask =
        async |client: &Client, body: Value| outcome(&call(client, "has-permission", body).await);
    let permissions = json!({ "ac": ["read"] });
    assert_eq!(
        ask(&dan, json!({ "permissions": permissions })).await,
        "400 NO_ACTIVE_ORGANIZATION"
    );
    assert_eq!(ask(&ada, json!({})).await, "400 VALIDATION_ERROR");
    assert_eq!(
        ask(&ada, json!({ "permissions": permissions, "permission": permissions })).await,
        "400 VALIDATION_ERROR"
    );
    assert_eq!(
        call(&ada, "has-permission", json!({ "permission": permissions })).await.json()["success"],
        false
    );
}

#[rstest]
#[tokio::test]
async fn only_owners_decide_who_owns(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let (_, [adas, bobs, cats]) = kites(&app).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);
    let refused = "403 YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER";

    for (client, member, role) in [
        (&bob, &bobs, json!("owner")),
        (&bob, &cats, json!("member,owner")),
        (&bob, &cats, json!(["admin", "owner"])),
        (&bob, &adas, json!("member")),
        (&cat, &cats, json!("admin")),
        (&cat, &bobs, json!("member")),
    ] {
        assert_eq!(set_role(client, member, role.clone()).await, refused, "{role}");
    }
    // Neither by a space, nor by another spelling.
    for role in
        [json!(" owner"), json!("owner "), json!(["member", "\towner"]), json!("Owner"), json!("")]
    {
        for client in [&ada, &bob] {
            assert_eq!(set_role(client, &cats, role.clone()).await, "400 ROLE_NOT_FOUND", "{role}");
        }
    }
    let answer =
        call(&ada, "update-member-role", json!({ "memberId": cats, "role": "chef,member,clerk" }));
    assert_snapshot!(answer.await, @r#"
    400
    Content-Type: application/json
    {"message":"ROLE_NOT_FOUND: chef, clerk","code":"ROLE_NOT_FOUND"}
    "#);
    assert_eq!(set_role(&ada, &cats, json!(7)).await, "400 VALIDATION_ERROR");

    let answer =
        call(&bob, "update-member-role", json!({ "memberId": cats, "role": ["admin", "member"] }));
    assert_snapshot!(answer.await, @r#"
    200
    {
      "id":"[id-1]",
      "organizationId":"[id-2]",
      "userId":"[cat]",
      "role":"admin,member",
      "createdAt":"[time]"
    }
    "#);
    assert_eq!(set_role(&ada, &cats, json!("owner")).await, "200");
    assert_eq!(set_role(&bob, &cats, json!("member")).await, refused);
    assert_eq!(set_role(&cat, &adas, json!("member")).await, "200");
    let last = "400 YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER";
    assert_eq!(set_role(&cat, &cats, json!("admin,member")).await, last);
    assert_eq!(set_role(&cat, &cats, json!("member,owner")).await, "200");
    assert_eq!(
        app.sql("SELECT role FROM member ORDER BY id").await,
        ["member", "admin", "member,owner"]
    );

    // Members of another organization are out of reach.
    found(&dan, "boats").await;
    let dans = read(&dan, "get-active-member").await.id();
    assert_eq!(set_role(&cat, &dans, json!("member")).await, refused);
    assert_eq!(set_role(&cat, "7", json!("member")).await, "400 MEMBER_NOT_FOUND");
    let (eve, body) = (app.users(["eve"]), json!({ "memberId": cats, "role": "member" }));
    assert_eq!(
        outcome(&call(&eve[0], "update-member-role", body).await),
        "400 NO_ACTIVE_ORGANIZATION"
    );
    let trail = app.audit_actions().await;
    assert_eq!(trail.iter().filter(|action| *action == "updateRole member").count(), 4);
}

#[rstest]
#[tokio::test]
async fn members_leave_and_are_removed(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let (kites, [adas, bobs, cats]) = kites(&app).await;
    let [ada, bob, cat, dan, eve] = app.users(["ada", "bob", "cat", "dan", "eve"]);
    let remove = async |client: &Client, whom: &str| {
        call(client, "remove-member", json!({ "memberIdOrEmail": whom, "organizationId": kites }))
            .await
    };
    let leave =
        async |client: &Client| call(client, "leave", json!({ "organizationId": kites })).await;
    let only_owner = "400 YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER";

    // Who may not is answered 401.
    for whom in [&bobs, &cats, &bob.email] {
        assert_eq!(
            outcome(&remove(&cat, whom).await),
            "401 YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_MEMBER"
        );
    }
    for client in [&ada, &bob, &cat] {
        assert_eq!(outcome(&remove(client, &adas).await), only_owner);
    }
    assert_eq!(outcome(&leave(&ada).await), only_owner);
    found(&dan, "boats").await;
    let dans = read(&dan, "get-active-member").await.id();
    for whom in [&*dans, &dan.email, "7", "nobody@example.com"] {
        assert_eq!(outcome(&remove(&ada, whom).await), "400 MEMBER_NOT_FOUND", "{whom}");
    }
    assert_eq!(outcome(&remove(&dan, &cats).await), "400 MEMBER_NOT_FOUND");
    assert_eq!(outcome(&leave(&dan).await), "400 MEMBER_NOT_FOUND");
    assert_eq!(
        outcome(&call(&eve, "remove-member", json!({ "memberIdOrEmail": cats })).await),
        "400 NO_ACTIVE_ORGANIZATION"
    );

    assert_eq!(active(&cat).await, *kites);
    assert_snapshot!(remove(&bob, &cat.email.to_uppercase()).await, @r#"
    200
    {
      "member":{"id":"[id-1]","organizationId":"[id-2]","userId":"[cat]","role":"member","createdAt":"[time]","user":{"id":"[cat]","name":"cat","email":"cat@example.com","image":null}}
    }
    "#);
    assert_eq!(active(&cat).await, Value::Null);
    let cats = join(&ada, &kites, &cat, "member").await;
    assert_snapshot!(remove(&ada, &cats).await, @r#"
    200
    {
      "member":{"id":"[id-1]","organizationId":"[id-2]","userId":"[cat]","role":"member","createdAt":"[time]"}
    }
    "#);

    assert_snapshot!(leave(&bob).await, @r#"
    200
    {
      "id":"[id-1]",
      "organizationId":"[id-2]",
      "userId":"[bob]",
      "role":"admin",
      "createdAt":"[time]",
      "user":{"id":"[bob]","name":"bob","email":"bob@example.com","image":null}
    }
    "#);
    assert_eq!(active(&bob).await, Value::Null);
    assert_eq!(read(&bob, "list").await.text(), "[]");
    let bobs = join(&ada, &kites, &bob, "owner,member").await;
    assert_eq!(leave(&ada).await.status, 200);
    assert_eq!(outcome(&leave(&bob).await), only_owner);
    assert_eq!(outcome(&remove(&bob, &bobs).await), only_owner);
    let trail = app.audit_actions().await;
    for (action, times) in [("remove member", 2), ("leave member", 2), ("accept member", 4)] {
        assert_eq!(trail.iter().filter(|other| *other == action).count(), times, "{action}");
    }
}

#[rstest]
#[tokio::test]
async fn members_know_each_other(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let (kites, [_, bobs, _]) = kites(&app).await;
    let [ada, bob, cat, dan] = app.users(["ada", "bob", "cat", "dan"]);

    assert_snapshot!(read(&bob, "get-active-member").await, @r#"
    200
    {
      "id":"[id-1]",
      "organizationId":"[id-2]",
      "userId":"[bob]",
      "role":"admin",
      "createdAt":"[time]",
      "user":{"id":"[bob]","name":"bob","email":"bob@example.com","image":null}
    }
    "#);
    assert_snapshot!(read(&cat, "list-members?sortBy=role&sortDirection=desc&limit=2").await, @r#"
    200
    {
      "members":[
        {"id":"[id-1]","organizationId":"[id-2]","userId":"[ada]","role":"owner","createdAt":"[time]","user":{"id":"[ada]","name":"ada","email":"ada@example.com","image":null}},
        {"id":"[id-3]","organizationId":"[id-2]","userId":"[cat]","role":"member","createdAt":"[time]","user":{"id":"[cat]","name":"cat","email":"cat@example.com","image":null}}
      ],
      "total":3
    }
    "#);
    let names = async |query: &str| {
        let answer = read(&ada, &format!("list-members?{query}")).await;
        let body = answer.json();
        let members = body["members"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
        let names = members.map(|member| member["user"]["name"].as_str().expect("a name"));
        format!("{} of {}", names.collect::<Vec<_>>().join(" "), body["total"])
    };
    for (query, shown) in [
        ("", "ada bob cat of 3"),
        ("limit=1&offset=1", "bob of 3"),
        ("sortBy=createdAt&sortDirection=desc", "cat bob ada of 3"),
        ("sortBy=password", "ada bob cat of 3"),
        ("filterField=role&filterValue=admin", "bob of 1"),
        ("filterField=role&filterOperator=ne&filterValue=admin", "ada cat of 2"),
        ("filterField=role&filterOperator=in&filterValue=admin&filterValue=owner", "ada bob of 2"),
        ("filterField=role&filterOperator=not_in&filterValue=admin&filterValue=owner", "cat of 1"),
        ("filterField=role&filterOperator=contains&filterValue=m", "bob cat of 2"),
        ("filterField=role&filterOperator=starts_with&filterValue=m", "cat of 1"),
        ("filterField=role&filterOperator=ends_with&filterValue=n", "bob of 1"),
        (
            "filterField=createdAt&filterOperator=gt&filterValue=2020-01-01T00:00:00Z",
            "ada bob cat of 3",
        ),
        ("filterField=createdAt&filterOperator=lte&filterValue=2020-01-01T00:00:00Z", " of 0"),
        ("filterField=password&filterOperator=ne&filterValue=x", " of 0"),
    ] {
        assert_eq!(names(query).await, shown, "{query}");
    }
    assert_eq!(names(&format!("filterField=id&filterValue={bobs}")).await, "bob of 1");
    for query in ["filterField=role&filterOperator=like&filterValue=a", "sortDirection=up"] {
        let answer = read(&ada, &format!("list-members?{query}")).await;
        assert_eq!(outcome(&answer), "400 VALIDATION_ERROR");
    }

    let role = async |client: &Client, query: &str| {
        read(client, &format!("get-active-member-role?{query}")).await
    };
    assert_eq!(role(&cat, "").await.text(), r#"{"role":"member"}"#);
    assert_eq!(role(&cat, &format!("userId={}", bob.id)).await.text(), r#"{"role":"admin"}"#);
    let stranger = "403 YOU_ARE_NOT_A_MEMBER_OF_THIS_ORGANIZATION";
    assert_eq!(outcome(&role(&cat, &format!("userId={}", dan.id)).await), stranger);
    for route in ["list-members", "get-active-member-role"] {
        let of = async |query: String| outcome(&read(&dan, &format!("{route}?{query}")).await);
        assert_eq!(of(format!("organizationId={kites}")).await, stranger);
        assert_eq!(of("organizationId=1".to_owned()).await, stranger);
        assert_eq!(of("organizationSlug=kites".to_owned()).await, stranger);
        assert_eq!(of("organizationSlug=none".to_owned()).await, "400 ORGANIZATION_NOT_FOUND");
        assert_eq!(of(String::new()).await, "400 NO_ACTIVE_ORGANIZATION");
    }
    assert_eq!(outcome(&read(&dan, "get-active-member").await), "400 NO_ACTIVE_ORGANIZATION");
}
