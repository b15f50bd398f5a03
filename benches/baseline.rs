//! What Garboard is measured against: a server written by hand for one route, with nothing that is not needed for it.
//!
//! actix-web and tokio-postgres, statements prepared once. With CONNECTIONS=16 each request has a connection to itself, as
//! pools give them out; with CONNECTIONS=1 all requests share one, on which tokio-postgres sends them without waiting for
//! one another, so that many travel in one packet. It answers
//! `GET /api/v1/projects/{id}` as Garboard does: the same look-up of the session, the same condition on who sees the
//! project, the same members in the same forms, the same round trips. It has no errors but 404, no log, no metrics.
//! `GET /api/v1/projects` is answered with the first page of the newest projects, by the statement that Garboard sends.
//!
//! `benches/run` starts it: `DATABASE_URL=postgres://… PORT=… cargo bench --bench baseline`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::format_collect,
    clippy::indexing_slicing,
    reason = "the rules are the server's; this is what it is compared with, and stops at the first surprise"
)]

use std::{cell::Cell, env, io};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::header, web};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

const SESSION: &str = r#"
    SELECT "user".id, "user".role, "user".banned, session.expires_at
    FROM session JOIN "user" ON "user".id = session.user_id
    WHERE session.token_hash = $1"#;

const PROJECT: &str = "
    SELECT id, name, description, client_name, status, is_public, owner_id, organization_id, theme_id, created_at,
           updated_at
    FROM project
    WHERE id = $1 AND deleted_at IS NULL AND (
        owner_id = $2 OR is_public
        OR organization_id IN (SELECT organization_id FROM member WHERE user_id = $2)
        OR id IN (SELECT project_id FROM project_member WHERE user_id = $2))";

const PROJECTS: &str = "
    SELECT id, name, description, client_name, status, is_public, owner_id, organization_id, theme_id, created_at,
           updated_at
    FROM project
    WHERE id IN (
        SELECT id FROM (SELECT id FROM project WHERE deleted_at IS NULL AND owner_id = $1 ORDER BY id DESC LIMIT $2) AS a
        UNION (SELECT id FROM (SELECT id FROM project WHERE deleted_at IS NULL AND is_public ORDER BY id DESC LIMIT $2) AS b)
        UNION (SELECT id FROM (
            SELECT id FROM project
            WHERE deleted_at IS NULL AND organization_id IN (SELECT organization_id FROM member WHERE user_id = $1)
            ORDER BY id DESC LIMIT $2) AS c)
        UNION (SELECT id FROM (
            SELECT id FROM project
            WHERE deleted_at IS NULL AND id IN (SELECT project_id FROM project_member WHERE user_id = $1)
            ORDER BY id DESC LIMIT $2) AS d))
    ORDER BY id DESC LIMIT $2";

struct Prepared {
    client: Client,
    session: Statement,
    project: Statement,
    projects: Statement,
}

struct Pool {
    connections: Vec<Prepared>,
    turn: Cell<usize>,
}

impl Pool {
    fn next(&self) -> &Prepared {
        let turn = self.turn.get();
        self.turn.set((turn + 1) % self.connections.len());
        &self.connections[turn]
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Project<'a> {
    id: Uuid,
    name: &'a str,
    description: Option<&'a str>,
    client_name: Option<&'a str>,
    status: &'a str,
    is_public: bool,
    owner_id: Uuid,
    organization_id: Option<Uuid>,
    theme_id: Option<Uuid>,
    created_at: String,
    updated_at: String,
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn project(row: &Row) -> Project<'_> {
    Project {
        id: row.get(0),
        name: row.get(1),
        description: row.get(2),
        client_name: row.get(3),
        status: row.get(4),
        is_public: row.get(5),
        owner_id: row.get(6),
        organization_id: row.get(7),
        theme_id: row.get(8),
        created_at: time(row.get(9)),
        updated_at: time(row.get(10)),
    }
}

/// The page that is answered.
#[expect(clippy::struct_field_names, reason = "the names are those of the answer")]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    items: Vec<Project<'a>>,
    total: Option<u64>,
    page: u64,
    limit: u64,
    total_pages: Option<u64>,
}

async fn caller(request: &HttpRequest, database: &Prepared) -> Option<Uuid> {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token?.strip_prefix("Bearer ")?;
    let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    let session =
        database.client.query_opt(&database.session, &[&hash]).await.expect("the database answers");
    let row = session?;
    let valid = !row.get::<_, bool>(2) && row.get::<_, DateTime<Utc>>(3) > Utc::now();
    valid.then(|| row.get(0))
}

async fn list(request: HttpRequest, pool: web::Data<Pool>) -> HttpResponse {
    let database = pool.next();
    let Some(user) = caller(&request, database).await else {
        return HttpResponse::Unauthorized().finish();
    };
    let rows = database.client.query(&database.projects, &[&user, &11_i64]).await;
    let rows = rows.expect("the database answers");
    let items = rows.iter().take(10).map(project).collect();
    HttpResponse::Ok().json(Page { items, total: None, page: 1, limit: 10, total_pages: None })
}

async fn get(request: HttpRequest, id: web::Path<Uuid>, pool: web::Data<Pool>) -> HttpResponse {
    let database = pool.next();
    let Some(user) = caller(&request, database).await else {
        return HttpResponse::Unauthorized().finish();
    };
    match database
        .client
        .query_opt(&database.project, &[&*id, &user])
        .await
        .expect("the database answers")
    {
        Some(row) => HttpResponse::Ok().json(project(&row)),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn prepare(url: String, connections: usize) -> Result<Pool, tokio_postgres::Error> {
    let mut pool = Pool { connections: Vec::new(), turn: Cell::new(0) };
    for _ in 0..connections {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        actix_web::rt::spawn(connection);
        let session = client.prepare(SESSION).await?;
        let project = client.prepare(PROJECT).await?;
        let projects = client.prepare(PROJECTS).await?;
        pool.connections.push(Prepared { client, session, project, projects });
    }
    Ok(pool)
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let url = env::var("DATABASE_URL").map_err(io::Error::other)?;
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u16>().ok());
    let (port, connections) = (number("PORT").unwrap_or(0), number("CONNECTIONS").unwrap_or(1));
    HttpServer::new(move || {
        let url = url.clone();
        App::new()
            .data_factory(move || prepare(url.clone(), usize::from(connections)))
            .route("/api/v1/projects", web::get().to(list))
            .route("/api/v1/projects/{id}", web::get().to(get))
    })
    .workers(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
