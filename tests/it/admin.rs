//! What administrators do to users, under `/api/auth/admin`.

mod impersonation;
mod list;

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client, PASSWORD, assert_snapshot};

async fn post(client: &Client, route: &str, body: Value) -> Answer {
    client.post(format!("/api/auth/admin/{route}"), body).await
}

/// The status and the code of a refusal.
fn code(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.json()["code"].as_str().unwrap_or("no code"))
}

async fn sign_in(app: &App, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    app.anonymous().post("/api/auth/sign-in/email", body).await
}

/// Who acts on whom, and what they did.
async fn trail(app: &App) -> Vec<String> {
    app.sql(
        "SELECT coalesce(a.name, 'nobody') || coalesce(' for ' || i.name, '') || ': ' || l.action || ' ' || coalesce(u.name, '') \
         FROM audit_log l LEFT JOIN \"user\" a ON a.id = l.actor_id LEFT JOIN \"user\" i ON i.id = l.impersonator_id \
         LEFT JOIN \"user\" u ON u.id = l.row_id ORDER BY l.id",
    )
    .await
}

#[rstest]
#[tokio::test]
async fn everybody_else_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, bob] = app.users(["ada", "bob"]);
    let of_bob = json!({ "userId": bob.id });
    let mut codes = Vec::new();
    for (route, body) in [
        ("set-role", json!({ "userId": bob.id, "role": "admin" })),
        ("create-user", json!({ "email": "x@example.com", "name": "x", "password": PASSWORD })),
        ("update-user", json!({ "userId": bob.id, "data": { "name": "x" } })),
        ("list-user-sessions", of_bob.clone()),
        ("ban-user", of_bob.clone()),
        ("unban-user", of_bob.clone()),
        ("revoke-user-session", json!({ "sessionToken": bob.token })),
        ("revoke-user-sessions", of_bob.clone()),
        ("remove-user", of_bob.clone()),
        ("set-user-password", json!({ "userId": bob.id, "newPassword": "a new password" })),
        ("impersonate-user", of_bob.clone()),
    ] {
        codes.push(format!("{route} {}", code(&post(&ada, route, body.clone()).await)));
        let nobody = post(&app.anonymous(), route, body).await;
        assert_eq!((nobody.status, nobody.text().as_str()), (401, ""), "{route}");
    }
    for route in ["list-users", &format!("get-user?id={}", bob.id)] {
        codes.push(code(&ada.get(format!("/api/auth/admin/{route}")).await));
        let nobody = app.anonymous().get(format!("/api/auth/admin/{route}")).await;
        assert_eq!((nobody.status, nobody.text().as_str()), (401, ""), "{route}");
    }
    for route in ["stop-impersonating", "has-permission"] {
        let nobody = post(&app.anonymous(), route, json!({ "permissions": {} })).await;
        assert_eq!((nobody.status, nobody.text().as_str()), (401, ""), "{route}");
    }
    assert_snapshot!(codes.join("\n"), @"
    set-role 403 YOU_ARE_NOT_ALLOWED_TO_CHANGE_USERS_ROLE
    create-user 403 YOU_ARE_NOT_ALLOWED_TO_CREATE_USERS
    update-user 403 YOU_ARE_NOT_ALLOWED_TO_UPDATE_USERS
    list-user-sessions 403 YOU_ARE_NOT_ALLOWED_TO_LIST_USERS_SESSIONS
    ban-user 403 YOU_ARE_NOT_ALLOWED_TO_BAN_USERS
    unban-user 403 YOU_ARE_NOT_ALLOWED_TO_BAN_USERS
    revoke-user-session 403 YOU_ARE_NOT_ALLOWED_TO_REVOKE_USERS_SESSIONS
    revoke-user-sessions 403 YOU_ARE_NOT_ALLOWED_TO_REVOKE_USERS_SESSIONS
    remove-user 403 YOU_ARE_NOT_ALLOWED_TO_DELETE_USERS
    set-user-password 403 YOU_ARE_NOT_ALLOWED_TO_SET_USERS_PASSWORD
    impersonate-user 403 YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS
    403 YOU_ARE_NOT_ALLOWED_TO_LIST_USERS
    403 YOU_ARE_NOT_ALLOWED_TO_GET_USER
    ");
    assert_eq!(trail(&app).await, [""; 0]);
    assert_eq!(bob.get("projects").await.status, 200);
}

#[rstest]
#[tokio::test]
async fn roles_are_given_and_taken(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    let set = async |role: Value| {
        post(&root, "set-role", json!({ "userId": ada.id, "role": role })).await
    };

    for (role, becomes) in [
        (json!("admin"), "admin"),
        (json!("user"), "user"),
        (json!(["user", "admin"]), "admin"),
        (json!(["user"]), "user"),
        (json!("user,admin"), "admin"),
    ] {
        let answer = set(role).await;
        assert_eq!(answer.json()["user"]["role"], becomes, "{answer}");
        let health = ada.get("/health").await.status;
        assert_eq!(health, if becomes == "admin" { 200 } else { 403 }, "at once");
    }
    for role in [json!("owner"), json!([]), json!(" admin"), json!("")] {
        assert_eq!(code(&set(role).await), "400 YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE");
    }
    assert_eq!(code(&set(json!(7)).await), "400 VALIDATION_ERROR");
    for id in ["00000000-0000-7000-8000-000000000000", "nobody"] {
        let answer = post(&root, "set-role", json!({ "userId": id, "role": "user" })).await;
        assert_eq!(code(&answer), "404 USER_NOT_FOUND");
    }
    // The last one may give it up; the command line gives it back.
    set(json!("user")).await;
    let own = post(&root, "set-role", json!({ "userId": root.id, "role": "user" })).await;
    assert_eq!(own.json()["user"]["role"], "user", "{own}");
    assert_eq!(code(&set(json!("admin")).await), "403 YOU_ARE_NOT_ALLOWED_TO_CHANGE_USERS_ROLE");
    assert_eq!(
        trail(&app).await,
        [
            "grantAdmin ada",
            "revokeAdmin ada",
            "grantAdmin ada",
            "revokeAdmin ada",
            "grantAdmin ada",
            "revokeAdmin ada",
            "revokeAdmin root"
        ]
        .map(|what| format!("root: {what}"))
    );
}

#[rstest]
#[tokio::test]
async fn of_two_who_take_each_others_role_one_is_too_late(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    for _ in 0..8 {
        app.execute(r#"UPDATE "user" SET role = 'admin' WHERE name IN ('ada', 'root')"#).await;
        let take = async |from: &Client, by: &Client| {
            post(by, "set-role", json!({ "userId": from.id, "role": "user" })).await.status
        };
        let (one, other) = tokio::join!(take(&root, &ada), take(&ada, &root));
        let mut both = [one, other];
        both.sort_unstable();
        assert_eq!(both, [200, 403]);
        assert_eq!(app.sql(r#"SELECT count(*) FROM "user" WHERE role = 'admin'"#).await, ["1"]);
    }
}

#[rstest]
#[tokio::test]
async fn users_are_created_and_read(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);
    let create = async |body: Value| post(&root, "create-user", body).await;

    let answer = create(json!({
        "email": "Grace@Example.com", "name": "Grace", "password": PASSWORD, "role": ["user"],
        "data": { "username": "Grace.H", "emailVerified": true, "locale": "de", "hobby": "moths" }
    }))
    .await;
    assert_snapshot!(answer, @r#"
    200
    {
      "user":{"id":"[id-1]","name":"Grace","email":"grace@example.com","emailVerified":true,"image":null,"username":"grace.h","displayUsername":"Grace.H","role":"user","banned":false,"banReason":null,"banExpires":null,"twoFactorEnabled":false,"onboardingComplete":false,"locale":"de","createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);
    let id = answer.json()["user"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(sign_in(&app, "grace@example.com", PASSWORD).await.status, 200);
    assert_eq!(
        root.get(format!("/api/auth/admin/get-user?id={id}")).await.json(),
        answer.json()["user"]
    );
    let quiet = create(json!({ "email": "hush@example.com", "name": "Hush", "data": { "role": "admin", "banned": true } })).await;
    assert_eq!(quiet.json()["user"]["role"], "admin", "{quiet}");
    assert_eq!(sign_in(&app, "hush@example.com", PASSWORD).await.status, 401);

    for (body, refusal) in [
        (
            json!({ "email": "grace@example.com", "name": "x" }),
            "400 USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
        ),
        (json!({ "email": "grace", "name": "x" }), "400 INVALID_EMAIL"),
        (
            json!({ "email": "x@example.com", "name": "x", "password": "short" }),
            "400 PASSWORD_TOO_SHORT",
        ),
        (
            json!({ "email": "x@example.com", "name": "x", "password": "x".repeat(129) }),
            "400 PASSWORD_TOO_LONG",
        ),
        (
            json!({ "email": "x@example.com", "name": "x", "role": "boss" }),
            "400 YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE",
        ),
        (
            json!({ "email": "x@example.com", "name": "x", "data": { "role": 7 } }),
            "400 INVALID_ROLE_TYPE",
        ),
        (
            json!({ "email": "x@example.com", "name": "x", "data": { "username": "grace.h" } }),
            "400 USERNAME_IS_ALREADY_TAKEN",
        ),
        (json!({ "name": "x" }), "400 VALIDATION_ERROR"),
    ] {
        assert_eq!(code(&create(body.clone()).await), refusal, "{body}");
    }
    let unknown = root.get("/api/auth/admin/get-user?id=nobody").await;
    assert_eq!(code(&unknown), "404 USER_NOT_FOUND");
    assert_eq!(trail(&app).await, ["root: create Grace", "root: create Hush"]);
}

#[rstest]
#[tokio::test]
async fn users_are_changed(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [bob, root] = app.users(["bob", "root"]);
    let update = async |data: Value| {
        post(&root, "update-user", json!({ "userId": bob.id, "data": data })).await
    };
    let verified = json!({ "email": "bob@example.net", "emailVerified": true });
    assert_eq!(update(verified).await.json()["emailVerified"], true);
    let same = json!({ "email": "Bob@example.net" });
    assert_eq!(update(same).await.json()["emailVerified"], true);

    let answer = update(json!({ "name": "Bob", "email": "Bob@Example.org", "username": "Bobby", "image": null, "hobby": 1 })).await;
    assert_snapshot!(answer, @r#"
    200
    {
      "id":"[bob]",
      "name":"Bob",
      "email":"bob@example.org",
      "emailVerified":false,
      "image":null,
      "username":"bobby",
      "displayUsername":"Bobby",
      "role":"user",
      "banned":false,
      "banReason":null,
      "banExpires":null,
      "twoFactorEnabled":false,
      "onboardingComplete":false,
      "locale":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "#);
    assert_eq!(
        update(json!({ "username": null, "displayUsername": null })).await.json()["username"],
        json!(null)
    );
    assert_eq!(bob.get("projects").await.status, 200);
    let banned = update(json!({ "banned": true, "banReason": "Spam", "banExpires": "2099-01-01T00:00:00.000Z", "role": "admin" })).await.json();
    assert_eq!(
        (&banned["banned"], &banned["banExpires"]),
        (&json!(true), &json!("2099-01-01T00:00:00.000Z"))
    );
    assert_eq!(bob.get("projects").await.status, 401, "a ban is a ban");
    assert_eq!(
        app.sql(&format!("SELECT count(*) FROM session WHERE user_id = {}", app.literal(&bob.id)))
            .await,
        ["0"]
    );
    assert_eq!(update(json!({ "banned": false, "role": "user" })).await.json()["banned"], false);

    for (data, refusal) in [
        (json!({}), "400 NO_DATA_TO_UPDATE"),
        (
            json!({ "password": "another password" }),
            "400 PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER",
        ),
        (json!({ "email": "bob" }), "400 INVALID_EMAIL"),
        (json!({ "email": "ada@example.com" }), "400 USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"),
        (json!({ "role": [7] }), "400 INVALID_ROLE_TYPE"),
        (json!({ "role": "boss" }), "400 YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE"),
        (json!({ "username": "a b" }), "400 USERNAME_TOO_SHORT"),
        (json!({ "banExpires": "soon" }), "400 VALIDATION_ERROR"),
    ] {
        let answer = update(data.clone()).await;
        let told = code(&answer).replace("INVALID_USERNAME", "USERNAME_TOO_SHORT");
        assert_eq!(told, refusal, "{data}");
    }
    let own =
        post(&root, "update-user", json!({ "userId": root.id, "data": { "banned": true } })).await;
    assert_eq!(code(&own), "400 YOU_CANNOT_BAN_YOURSELF");
    let nobody =
        post(&root, "update-user", json!({ "userId": "nobody", "data": { "name": "x" } })).await;
    assert_eq!(code(&nobody), "404 USER_NOT_FOUND");
    assert_eq!(
        trail(&app).await,
        ["update", "update", "update", "grantAdmin", "ban", "revokeAdmin", "unban"]
            .map(|action| format!("root: {action} Bob"))
    );
}

#[rstest]
#[tokio::test]
async fn a_ban_ends_all_sessions_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [bob, root] = app.users(["bob", "root"]);
    sign_in(&app, &bob.email, PASSWORD).await;
    let ban = async |body: Value| post(&root, "ban-user", body).await;

    let answer = ban(json!({ "userId": bob.id, "banExpiresIn": 3600 })).await;
    assert_snapshot!(answer, @r#"
    200
    {
      "user":{"id":"[bob]","name":"bob","email":"bob@example.com","emailVerified":false,"image":null,"username":null,"displayUsername":null,"role":"user","banned":true,"banReason":"No reason","banExpires":"[time]","twoFactorEnabled":false,"onboardingComplete":false,"locale":null,"createdAt":"[time]","updatedAt":"[time]"}
    }
    "#);
    assert_eq!(bob.get("projects").await.status, 401);
    assert_eq!(bob.get("/api/auth/get-session").await.text(), "null");
    assert_eq!(
        app.sql(&format!("SELECT count(*) FROM session WHERE user_id = {}", app.literal(&bob.id)))
            .await,
        ["0"]
    );
    assert_eq!(code(&sign_in(&app, &bob.email, PASSWORD).await), "403 BANNED_USER");
    let lifted = post(&root, "unban-user", json!({ "userId": bob.id })).await.json();
    assert_eq!(
        (&lifted["user"]["banned"], &lifted["user"]["banReason"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(sign_in(&app, &bob.email, PASSWORD).await.status, 200);
    let forever =
        ban(json!({ "userId": bob.id, "banReason": "Spam", "banExpiresIn": 0 })).await.json();
    assert_eq!(
        (&forever["user"]["banReason"], &forever["user"]["banExpires"]),
        (&json!("Spam"), &json!(null))
    );

    assert_eq!(code(&ban(json!({ "userId": root.id })).await), "400 YOU_CANNOT_BAN_YOURSELF");
    assert_eq!(code(&ban(json!({ "userId": "nobody" })).await), "404 USER_NOT_FOUND");
    assert_eq!(
        code(&ban(json!({ "userId": bob.id, "banExpiresIn": -1 })).await),
        "400 VALIDATION_ERROR"
    );
    assert_eq!(
        code(&post(&root, "unban-user", json!({ "userId": "nobody" })).await),
        "404 USER_NOT_FOUND"
    );
    assert_eq!(trail(&app).await, ["root: ban bob", "root: unban bob", "root: ban bob"]);
}

#[rstest]
#[tokio::test]
async fn who_signs_in_while_they_are_banned_stays_out(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let [bob, root] = app.users(["bob", "root"]);
    for _ in 0..5 {
        let (signed_in, banned) = tokio::join!(
            sign_in(&app, &bob.email, PASSWORD),
            post(&root, "ban-user", json!({ "userId": bob.id }))
        );
        assert_eq!(banned.status, 200, "{banned}");
        assert!([200, 403].contains(&signed_in.status), "{signed_in}");
        assert_eq!(
            app.sql(&format!(
                "SELECT count(*) FROM session WHERE user_id = {}",
                app.literal(&bob.id)
            ))
            .await,
            ["0"]
        );
        post(&root, "unban-user", json!({ "userId": bob.id })).await;
    }
}

#[rstest]
#[tokio::test]
async fn sessions_are_listed_and_ended(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [bob, cat, root] = app.users(["bob", "cat", "root"]);
    sign_in(&app, &bob.email, PASSWORD).await;
    let list = async |id: &str| {
        let answer = post(&root, "list-user-sessions", json!({ "userId": id })).await.json();
        answer["sessions"].as_array().expect("sessions").clone()
    };

    let sessions = list(&bob.id).await;
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().all(|session| session["token"] == session["id"]), "{sessions:?}");
    assert!(list("nobody").await.is_empty());
    let revoked =
        post(&root, "revoke-user-session", json!({ "sessionToken": sessions[1]["token"] })).await;
    assert_eq!(revoked.json(), json!({ "success": true }));
    assert_eq!(bob.get("projects").await.status, 401);
    assert_eq!(list(&bob.id).await.len(), 1);
    for token in ["nothing", "00000000-0000-7000-8000-000000000000"] {
        let answer = post(&root, "revoke-user-session", json!({ "sessionToken": token })).await;
        assert_eq!(answer.json(), json!({ "success": true }));
    }
    for id in [&*bob.id, "nobody"] {
        let answer = post(&root, "revoke-user-sessions", json!({ "userId": id })).await;
        assert_eq!(answer.json(), json!({ "success": true }));
    }
    assert!(list(&bob.id).await.is_empty());
    post(&root, "revoke-user-session", json!({ "sessionToken": cat.token })).await;
    assert_eq!(cat.get("projects").await.status, 401);
    assert_eq!(
        trail(&app).await,
        ["root: revokeSession bob", "root: revokeSessions bob", "root: revokeSession cat"]
    );
}

#[rstest]
#[tokio::test]
async fn a_password_is_set_for_a_user(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [bob, root] = app.users(["bob", "root"]);
    let set = async |id: &str, password: &str| {
        post(&root, "set-user-password", json!({ "userId": id, "newPassword": password })).await
    };

    assert_eq!(set(&bob.id, "a new password").await.json(), json!({ "status": true }));
    assert_eq!(bob.get("projects").await.status, 401);
    assert_eq!(sign_in(&app, &bob.email, PASSWORD).await.status, 401);
    assert_eq!(sign_in(&app, &bob.email, "a new password").await.status, 200);
    let hush = post(&root, "create-user", json!({ "email": "hush@example.com", "name": "Hush" }))
        .await
        .json();
    set(hush["user"]["id"].as_str().expect("an id"), "a first password").await;
    assert_eq!(sign_in(&app, "hush@example.com", "a first password").await.status, 200);
    sign_in(&app, &root.email, PASSWORD).await;
    assert_eq!(set(&root.id, "a new password").await.status, 200);
    assert_eq!(
        app.sql(&format!("SELECT count(*) FROM session WHERE user_id = {}", app.literal(&root.id)))
            .await,
        ["1"],
        "the one in use"
    );

    assert_eq!(code(&set(&bob.id, "short").await), "400 PASSWORD_TOO_SHORT");
    assert_eq!(code(&set(&bob.id, &"x".repeat(129)).await), "400 PASSWORD_TOO_LONG");
    assert_eq!(code(&set("nobody", "a new password").await), "404 USER_NOT_FOUND");
    assert_eq!(code(&set(&bob.id, "").await), "400 VALIDATION_ERROR");
    assert_eq!(
        trail(&app).await,
        [
            "root: setPassword bob",
            "root: create Hush",
            "root: setPassword Hush",
            "root: setPassword root"
        ]
    );
}

#[rstest]
#[tokio::test]
async fn a_user_is_removed(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [bob, root] = app.users(["bob", "root"]);
    bob.post("projects", json!({ "name": "Kite" })).await;
    let remove = async |id: &str| post(&root, "remove-user", json!({ "userId": id })).await;

    assert_eq!(code(&remove(&root.id).await), "400 YOU_CANNOT_REMOVE_YOURSELF");
    assert_eq!(code(&remove("nobody").await), "404 USER_NOT_FOUND");
    assert_eq!(remove(&bob.id).await.json(), json!({ "success": true }));
    assert_eq!(bob.get("projects").await.status, 401);
    assert_eq!(code(&remove(&bob.id).await), "404 USER_NOT_FOUND");
    assert_eq!(app.count("project").await, 0);
    assert_eq!(app.audit_actions().await.last().map(String::as_str), Some("delete user"));
}

#[rstest]
#[tokio::test]
async fn permissions_are_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    let wanted = json!({ "permissions": { "user": ["create", "ban"], "session": ["revoke"] } });

    let answer = post(&root, "has-permission", wanted.clone()).await;
    assert_eq!(answer.text(), r#"{"error":null,"success":true}"#);
    // Whom the body names is of no account.
    let mut claim = wanted.clone();
    claim["role"] = json!("admin");
    claim["userId"] = json!(root.id);
    assert_eq!(post(&ada, "has-permission", claim).await.json()["success"], false);
    for wanted in [
        json!({}),
        json!({ "user": [] }),
        json!({ "user": ["fly"] }),
        json!({ "user": ["impersonate-admins"] }),
    ] {
        let answer = post(&root, "has-permission", json!({ "permissions": wanted })).await;
        assert_eq!(answer.json()["success"], false, "{wanted}");
    }
    let old = post(&root, "has-permission", json!({ "permission": { "user": ["ban"] } })).await;
    assert_eq!(
        (old.status, old.text().as_str()),
        (400, r#"{"message":"invalid permission check. no permission(s) were passed."}"#)
    );
    assert_eq!(code(&post(&root, "has-permission", json!({})).await), "400 VALIDATION_ERROR");
}
