//! Who may do what: every route of the OpenAPI document, called by everyone there is. The table of the answers is a
//! file that a person reads before it is accepted; a route without a line here fails the test.

use std::collections::BTreeMap;
use std::fmt::Display;

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, PASSWORD};

/// The columns of the table: who calls, seen from one project.
const ROLES: [&str; 8] =
    ["owner", "editor", "viewer", "org member", "org owner", "stranger", "anonymous", "admin"];

/// The rows that the routes are called with.
struct Stage {
    project: String,
    task: String,
    theme: String,
    audit_log: String,
    /// The viewer's.
    session: String,
    /// The viewer, whose membership is changed and ended.
    member: String,
    /// A user who is no member yet.
    newcomer: String,
    organization: Organization,
}

/// An organization whose owner and members are those of the project's; the viewer belongs to it, too, and the stranger
/// is invited.
struct Organization {
    id: String,
    slug: String,
    /// Another one, with the same owner.
    other: String,
    /// The viewer's membership.
    member: String,
    /// Who takes over what the viewer leaves behind.
    heir: String,
    invitation: String,
}

impl Organization {
    async fn set(app: &App, slug: String) -> Self {
        let [ada, cat, dan, eve, fay] = app.users(["ada", "cat", "dan", "eve", "fay"]);
        let members = [(&ada, "member"), (&cat, "member"), (&dan, "member"), (&eve, "owner")];
        let id = app.organization(&slug, &members).await;
        let other = app.organization(&format!("other {slug}"), &[(&eve, "owner")]).await;
        let members = eve.get(format!("members?organizationId=eq.{id}&userId=eq.{}", cat.id)).await;
        let member = members.each("id").concat();
        let invite = json!({ "email": fay.email, "role": "member", "organizationId": id });
        let invitation = eve.post("/api/auth/organization/invite-member", invite).await.id();
        Self { id, slug, other, member, heir: ada.id, invitation }
    }

    /// The address of a route that takes its parameters in the query.
    fn path(&self, route: &str) -> String {
        match route.rsplit('/').next() {
            Some("get-invitation") => format!("{route}?id={}", self.invitation),
            Some("list" | "list-user-invitations") => route.to_owned(),
            _ => format!("{route}?organizationId={}", self.id),
        }
    }

    fn body(&self, route: &str) -> Value {
        let id = &self.id;
        match route.rsplit('/').next() {
            Some("create") => json!({ "name": "New", "slug": format!("new {}", self.slug) }),
            Some("check-slug") => json!({ "slug": "free" }),
            Some("update") => json!({ "data": { "name": "Kites" }, "organizationId": id }),
            Some("invite-member") => {
                json!({ "email": "zoe@example.org", "role": "member", "organizationId": id })
            }
            Some("remove-member") => {
                json!({ "memberIdOrEmail": self.member, "organizationId": id })
            }
            Some("update-member-role") => {
                json!({ "memberId": self.member, "role": "admin", "organizationId": id })
            }
            Some("has-permission") => {
                json!({ "permissions": { "member": ["create"] }, "organizationId": id })
            }
            Some(verb) if verb.ends_with("-invitation") => {
                json!({ "invitationId": self.invitation })
            }
            _ => json!({ "organizationId": id }),
        }
    }
}

impl Stage {
    async fn set(app: &App, organization: &str) -> Self {
        let [ada, bob, cat, fay, root] = app.users(["ada", "bob", "cat", "fay", "root"]);
        let tasks = json!([{ "title": "Cut" }]);
        let project = json!({ "name": "Kite", "organizationId": organization, "tasks": tasks });
        let project = ada.post("projects", project).await.id();
        for (user, role) in [(&bob, "editor"), (&cat, "viewer")] {
            let member = json!({ "userId": user.id, "role": role });
            let answer = ada.post(format!("projects/{project}/members"), member).await;
            assert_eq!(answer.status, 201, "{answer}");
        }
        let task = ada.get(format!("tasks?projectId=eq.{project}")).await.each("id").concat();
        let audit_log = format!("audit-logs?rowId=eq.{project}");
        let audit_log = root.get(audit_log).await.each("id").concat();
        let theme = json!({ "name": format!("Theme of {project}"), "primaryColor": "#336699" });
        let theme = root.post("themes", theme).await.id();
        let session = cat.get("sessions").await.each("id").concat();
        let organization = Organization::set(app, format!("club of {project}")).await;
        let (member, newcomer) = (cat.id, fay.id);
        Self { project, task, theme, audit_log, session, member, newcomer, organization }
    }

    /// The address of a route with the ids of this stage in it.
    fn path(&self, route: &str) -> String {
        if route.starts_with("/api/auth/organization/") {
            return self.organization.path(route);
        }
        let id = match route.split('/').nth(3) {
            Some("projects") => &self.project,
            Some("tasks") => &self.task,
            Some("themes") => &self.theme,
            Some("audit-logs") => &self.audit_log,
            Some("users") => &self.member,
            Some("sessions") => &self.session,
            Some("organizations") => &self.organization.id,
            Some("members") => &self.organization.member,
            Some("invitations") => &self.organization.invitation,
            _ => "none",
        };
        let path = match route {
            "/api/auth/admin/get-user" => format!("{route}?id={}", self.member),
            _ => route.to_owned(),
        };
        let path = path.replace("{token}", "none");
        let path = path.replace("{id}", id).replace("{userId}", &self.member);
        let path = match path.rsplit_once('/') {
            Some((_, "aggregate")) => format!("{path}?select=count()"),
            Some((_, "distinct")) => format!("{path}?fields=id"),
            _ => path,
        };
        path.replace("{slug}", "not-found").replace("{file}", "start.js")
    }

    /// A body that the route accepts, so that only who calls decides.
    #[expect(clippy::too_many_lines, reason = "one line for each route")]
    fn body(&self, route: &str, name: &str) -> Option<Value> {
        Some(match route {
            "POST /api/auth/sign-up/email" => {
                json!({ "name": name, "email": format!("{}@example.org", self.project), "password": PASSWORD })
            }
            "POST /api/auth/sign-in/email" => {
                json!({ "email": "ada@example.com", "password": PASSWORD })
            }
            // The caller's own: what is refused here is refused to who is somebody.
            "POST /api/auth/change-email" => {
                json!({ "newEmail": format!("{}@example.net", self.project) })
            }
            "POST /api/auth/change-password" => {
                json!({ "currentPassword": "wrong horse battery staple", "newPassword": PASSWORD })
            }
            "POST /api/auth/delete-user" | "POST /api/auth/verify-password" => {
                json!({ "password": "wrong horse battery staple" })
            }
            "POST /api/auth/update-user" => json!({ "locale": "en" }),
            "POST /api/auth/revoke-session" => json!({ "token": "nobody's" }),
            "POST /api/auth/link-social" | "POST /api/auth/sign-in/social" => {
                json!({ "provider": "nowhere" })
            }
            "POST /api/auth/callback/{id}" => return None,
            "POST /api/auth/unlink-account" => json!({ "accountId": self.project }),
            "POST /api/auth/is-username-available" => json!({ "username": "zoe" }),
            "POST /api/auth/sign-in/username" => {
                json!({ "username": "nobody", "password": "wrong horse battery staple" })
            }
            "POST /api/auth/sign-in/magic-link"
            | "POST /api/auth/request-password-reset"
            | "POST /api/auth/send-verification-email" => json!({ "email": "zoe@example.org" }),
            "POST /api/auth/reset-password" => json!({ "token": "none", "newPassword": PASSWORD }),
            "POST /api/auth/admin/has-permission" => json!({ "permissions": { "user": ["ban"] } }),
            "POST /api/auth/admin/create-user" => {
                json!({ "email": format!("{}@example.com", self.project), "name": "Zoe" })
            }
            // There is no such user, which only administrators learn.
            _ if route.starts_with("POST /api/auth/admin/") => json!({
                "userId": self.project, "role": "user", "data": { "name": "Zoe" }, "newPassword": PASSWORD,
                "sessionToken": self.project,
            }),
            "POST /api/auth/sign-out"
            | "POST /api/auth/get-session"
            | "POST /api/auth/update-session"
            | "POST /api/auth/revoke-other-sessions"
            | "POST /api/auth/revoke-sessions" => json!({}),
            _ if route.starts_with("POST /api/auth/organization/") => self.organization.body(route),
            "POST /api/v1/users/{id}/move" => json!({
                "fromOrganizationId": self.organization.id,
                "toOrganizationId": self.organization.other,
                "newOwnerId": self.organization.heir,
            }),
            "POST /api/v1/projects" | "PATCH /api/v1/projects/{id}" => {
                json!({ "name": "Box kite" })
            }
            "POST /api/v1/projects/{id}/archive" | "POST /api/v1/projects/{id}/restore" => {
                return None;
            }
            "POST /api/v1/projects/{id}/members" => {
                json!({ "userId": self.newcomer, "role": "viewer" })
            }
            "PATCH /api/v1/projects/{id}/members/{userId}" => json!({ "role": "editor" }),
            "POST /api/v1/projects/{id}/tasks/bulk" => json!({ "tasks": [{ "title": "Glue" }] }),
            "POST /api/v1/projects/{id}/transfer" => json!({ "newOwnerId": self.newcomer }),
            "POST /api/v1/tasks" => json!({ "projectId": self.project, "title": "Glue" }),
            "PATCH /api/v1/tasks/{id}" => json!({ "done": true }),
            "POST /api/v1/themes" => json!({ "name": self.project, "primaryColor": "#000000" }),
            "PATCH /api/v1/themes/{id}" => json!({ "description": "Blue" }),
            _ if route.ends_with("/query") => json!({}),
            _ if route.starts_with("GET ") || route.starts_with("DELETE ") => return None,
            _ => panic!("{route} is new: give it a body here, then read its line in the snapshot"),
        })
    }

    /// The status; for a list also how many rows were in sight.
    async fn call(&self, client: &Client, route: &str, name: &str) -> String {
        let (method, path) = route.split_once(' ').expect("a route is a method and a path");
        let request = client.request(method, self.path(path));
        let request =
            if let Some(body) = self.body(route, name) { request.json(&body) } else { request };
        let answer = request.send().await;
        let total = serde_json::from_slice::<Value>(&answer.body)
            .ok()
            .and_then(|body| body["total"].as_u64());
        total.map_or_else(
            || answer.status.to_string(),
            |total| format!("{} ({total})", answer.status),
        )
    }
}

/// Every operation of the document, as `GET /livez`: first those that change nothing, last those that end sessions.
async fn routes(app: &App) -> Vec<String> {
    let document = app.anonymous().get("/openapi.json").await.json();
    let paths = document["paths"].as_object().expect("a document has paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flat_map(|item| item.keys());
        let methods = methods.filter(|member| {
            matches!(&***member, "get" | "put" | "post" | "patch" | "delete" | "head")
        });
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let mut routes: Vec<_> = operations.collect();
    routes.sort_by_key(|route| (!is_read(route), ends_sessions(route), route.clone()));
    routes
}

fn ends_sessions(route: &str) -> bool {
    route.ends_with("/sign-out") || route.ends_with("/revoke-sessions")
}

/// Whether a call may leave the rows otherwise than it found them, or takes an address that nobody has.
fn changes_stage(route: &str) -> bool {
    let on_sender = route.starts_with("POST /api/auth/") && !route.contains("/organization/");
    let new_address = ["/sign-up/email", "/change-email", "/create-user"];
    !is_read(route)
        // Who has signed out sets no stage.
        && !ends_sessions(route)
        && (!on_sender || new_address.iter().any(|verb| route.ends_with(verb)))
}

fn is_read(route: &str) -> bool {
    route.starts_with("GET ") || route.ends_with("/query")
}

#[rstest]
#[tokio::test]
async fn every_route_lets_in_whom_it_should(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    app.execute(r#"UPDATE "user" SET email_verified = true"#).await;
    let [owner, editor, viewer, dan, eve, fay, root] =
        app.users(["ada", "bob", "cat", "dan", "eve", "fay", "root"]);
    // An organization's projects are made by its members.
    let members = [(&owner, "member"), (&dan, "member"), (&eve, "owner")];
    let organization = app.organization("kites", &members).await;
    let clients = [owner.clone(), editor, viewer, dan, eve, fay, app.anonymous(), root];

    let mut lines = BTreeMap::new();
    let mut stage = Stage::set(&app, &organization).await;
    for route in routes(&app).await {
        let mut cells = Vec::new();
        for (client, role) in clients.iter().zip(ROLES) {
            if changes_stage(&route) {
                stage = Stage::set(&app, &organization).await;
            }
            if route.ends_with("/restore") {
                owner.delete(format!("projects/{}", stage.project)).await;
            }
            cells.push(stage.call(client, &route, role).await);
        }
        let (method, path) = route.split_once(' ').expect("a route is a method and a path");
        lines.insert((path.to_owned(), method.to_owned()), line(&route, cells));
    }

    let lines: Vec<_> = [line("", ROLES)].into_iter().chain(lines.into_values()).collect();
    let table = lines.join("\n");
    assert_snapshot!("visibility", table);
}

fn line(route: &str, cells: impl IntoIterator<Item: Display>) -> String {
    let cells: Vec<_> = cells.into_iter().map(|cell| format!("{cell:<11}")).collect();
    format!("{route:<52}{}", cells.concat().trim_end())
}
