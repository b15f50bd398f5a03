//! What operators ask: is it alive, is it ready, how is it, what does it count, what does it offer.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, get, http::header, web};
use bytes::Bytes;
use serde::Serialize;
use service::Database;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    docs_page,
    extract::{Admin, Db},
    metrics::{self, Metrics},
    problem::{Problem, Problems},
};

/// How long it is taken as known that no migration is pending: they are applied once per release, by hand.
const SCHEMA_KNOWN: Duration = Duration::from_secs(5);

/// The routes of operations.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(livez)
        .service(readyz)
        .service(health)
        .service(metrics_page)
        .service(openapi)
        .service(docs_page::page)
        .service(docs_page::file);
}

/// The OpenAPI document, as it is sent.
#[derive(Clone, Debug)]
pub struct OpenApiJson(pub Bytes);

/// What is remembered between two questions.
#[derive(Debug)]
pub struct Health {
    started: Instant,
    schema_seen: Mutex<Option<Instant>>,
}

impl Default for Health {
    fn default() -> Self {
        Self { started: Instant::now(), schema_seen: Mutex::new(None) }
    }
}

impl Health {
    /// Why the server cannot serve, if it cannot.
    async fn obstacle(&self, database: &Database) -> Option<String> {
        if database.ping().await.is_err() {
            return Some("the database cannot be reached".to_owned());
        }
        if self.schema_seen().is_some_and(|seen| seen.elapsed() < SCHEMA_KNOWN) {
            return None;
        }
        match database.migrations().await.map(|gap| gap.pending) {
            Ok(pending) if pending.is_empty() => {
                *self.schema_seen.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Instant::now());
                None
            }
            Ok(pending) => {
                Some(format!("{} migrations are pending; run `garboard migrate`", pending.len()))
            }
            Err(_unreadable) => Some("the database cannot be read".to_owned()),
        }
    }

    fn schema_seen(&self) -> Option<Instant> {
        *self.schema_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sign of life.
#[derive(Serialize, ToSchema)]
struct Status {
    /// `ok`; everything else is a problem.
    status: &'static str,
}

/// Whether the process is up.
#[utoipa::path(tag = "operations", operation_id = "livez", security(()), responses((status = 200, body = Status)))]
#[get("/livez")]
async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(Status { status: "ok" })
}

/// Whether the process can serve: the database answers and has the schema that this release expects.
#[utoipa::path(tag = "operations", operation_id = "readyz", security(()), responses((status = 200, body = Status), Problems))]
#[get("/readyz")]
async fn readyz(db: Db, memory: web::Data<Health>) -> Result<HttpResponse, Problem> {
    match memory.obstacle(&db).await {
        None => Ok(HttpResponse::Ok().json(Status { status: "ok" })),
        Some(obstacle) => Err(Problem::NotReady(obstacle)),
    }
}

/// How the process is, in detail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Detail {
    /// `ok`, or why the server cannot serve.
    status: String,
    /// The release.
    version: &'static str,
    /// Since the start.
    uptime_seconds: u64,
    database: DatabaseDetail,
}

/// How the database is, as this worker sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DatabaseDetail {
    /// `sqlite` or `postgres`.
    kind: String,
    /// How long a question to it took.
    ping_micros: u64,
    /// This worker's connections at work.
    connections_in_use: u32,
    /// This worker's connections waiting for work.
    connections_idle: u32,
}

/// How the process is; for administrators.
#[utoipa::path(tag = "operations", operation_id = "health", responses((status = 200, body = Detail), Problems))]
#[get("/health")]
async fn health(_: Admin, db: Db, memory: web::Data<Health>) -> HttpResponse {
    let start = Instant::now();
    let obstacle = memory.obstacle(&db).await;
    let pool = db.pool_status();
    HttpResponse::Ok().json(Detail {
        status: obstacle.unwrap_or_else(|| "ok".to_owned()),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: memory.started.elapsed().as_secs(),
        database: DatabaseDetail {
            kind: format!("{:?}", db.backend()).to_lowercase(),
            ping_micros: u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
            connections_in_use: pool.in_use,
            connections_idle: pool.idle,
        },
    })
}

/// What is counted, for Prometheus.
#[utoipa::path(
    tag = "operations", operation_id = "metrics", security(()),
    responses((status = 200, content_type = "application/openmetrics-text", body = String), Problems)
)]
#[get("/metrics")]
async fn metrics_page(metrics: web::Data<Metrics>) -> Result<HttpResponse, Problem> {
    let page = metrics.text().map_err(|_unwritable| Problem::Internal)?;
    Ok(HttpResponse::Ok().content_type(metrics::MEDIA_TYPE).body(page))
}

/// This document.
#[utoipa::path(
    tag = "meta", operation_id = "openapi", security(()),
    responses((status = 200, content_type = "application/json", body = utoipa::openapi::Object))
)]
#[get("/openapi.json")]
async fn openapi(document: web::Data<OpenApiJson>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(document.0.clone())
}
