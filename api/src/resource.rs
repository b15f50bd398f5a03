//! The generic verbs of a row over HTTP: get, create, update, delete, restore; those of lists are in [`crate::list`].

use actix_web::{
    HttpRequest, HttpResponse,
    dev::{AppService, HttpServiceFactory},
    http::{StatusCode, header},
    web,
};
use service::{Record, Resource, Writable, query, resource, table::Table};
use utoipa::openapi::{RefOr, Schema, path::Paths};
use utoipa_actix_web::OpenApiFactory;

use crate::{
    body::Valid,
    describe,
    extract::{Anyone, Audience, Db, Id, IfMatch, NoQuery, Query, SignedIn},
    list,
    problem::Problem,
    routes::no_route,
};

/// Where the resources live.
pub const BASE: &str = "/api/v1";

/// What a handler answers.
pub type Answer<T = HttpResponse> = Result<T, Problem>;

/// The routes of one resource with what the OpenAPI document says of them.
pub struct Routes {
    table: &'static Table,
    collection: actix_web::Resource,
    /// What would otherwise be taken for an id.
    verbs: Vec<actix_web::Resource>,
    item: actix_web::Resource,
    restore: Option<actix_web::Resource>,
    schemas: describe::Inputs,
}

/// A resource that can be listed and read.
pub fn read_only<E: Resource>() -> Routes {
    read_only_for::<E, Anyone>()
}

/// A resource that some can list and read.
pub fn read_only_for<E: Resource, A: Audience>() -> Routes {
    let table = Table::of::<E>();
    let path = format!("{BASE}/{}", table.path);
    Routes {
        table,
        collection: web::resource(&*path)
            .get(list::list::<E, A>)
            .route(list::query_method().to(list::query::<E, A>))
            .default_service(web::to(no_route)),
        verbs: list::verbs::<E, A>(&path),
        item: web::resource(format!("{path}/{{id}}"))
            .get(get::<E, A>)
            .default_service(web::to(no_route)),
        restore: None,
        schemas: None,
    }
}

/// A resource with all generic verbs.
pub fn resource<E: Writable>() -> Routes {
    let Routes { table, collection, verbs, item, .. } = read_only::<E>();
    let restore = table.soft_delete.then(|| {
        let path = format!("{BASE}/{}/{{id}}/restore", table.path);
        web::resource(path).post(restore::<E>).default_service(web::to(no_route))
    });
    Routes {
        table,
        collection: collection.post(create::<E>),
        verbs,
        item: item.patch(update::<E>).delete(delete::<E>),
        restore,
        schemas: Some(describe::inputs::<E>),
    }
}

async fn get<E: Resource, A: Audience>(
    request: HttpRequest,
    db: Db,
    audience: A,
    Id(id): Id,
    Query(query): Query,
) -> Answer {
    let caller = audience.into_caller();
    let table = Table::of::<E>();
    let whole = query.include.is_empty();
    let record = if whole {
        query::get(db.reader(), &caller, table, id, &query).await?
    } else {
        db.read(async move |tx| query::get(tx, &caller, table, id, &query).await).await?
    };
    // With other rows embedded, the row's version says too little to be the version of the answer.
    let tag = record.version().filter(|_| whole);
    if let Some(version) = tag
        && names_version(&request, version)
    {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, tag_of(version)))
            .finish());
    }
    Ok(answer(StatusCode::OK, &record, tag))
}

async fn create<E: Writable>(
    db: Db,
    SignedIn(caller): SignedIn,
    _: NoQuery,
    Valid(input): Valid<E::Create>,
) -> Answer {
    let row = db.write(async move |tx| E::create_row(tx, &caller, &input).await).await?;
    let location = format!("{BASE}/{}/{}", E::PATH, E::id(&row));
    Ok(created::<E>(&row, &location))
}

async fn update<E: Writable>(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
    IfMatch(expected): IfMatch,
    Valid(input): Valid<E::Update>,
) -> Answer {
    let update =
        async move |tx: &_| resource::update::<E>(tx, &caller, id, &expected, &input).await;
    Ok(row::<E>(&db.write(update).await?))
}

async fn delete<E: Writable>(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
    IfMatch(expected): IfMatch,
) -> Answer {
    db.write(async move |tx| resource::delete::<E>(tx, &caller, id, &expected).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn restore<E: Writable>(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
) -> Answer {
    Ok(row::<E>(&db.write(async move |tx| E::restore_row(tx, &caller, id).await).await?))
}

/// A row, whole.
pub fn row<E: Resource>(model: &E::Model) -> HttpResponse {
    let record = Record::of::<E>(model);
    answer(StatusCode::OK, &record, record.version())
}

/// A row that has just been made, and where it is.
pub fn created<E: Resource>(model: &E::Model, location: &str) -> HttpResponse {
    let record = Record::of::<E>(model);
    let mut response = answer(StatusCode::CREATED, &record, record.version());
    if let Ok(location) = header::HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn answer(status: StatusCode, record: &Record, version: Option<i64>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if let Some(version) = version {
        response.insert_header((header::ETAG, tag_of(version)));
    }
    response.json(record)
}

fn tag_of(version: i64) -> String {
    format!("\"{version:x}\"")
}

/// The version that an entity tag of ours stands for.
pub(crate) fn version_of(tag: &str) -> Option<i64> {
    i64::from_str_radix(tag.strip_prefix('"')?.strip_suffix('"')?, 16).ok()
}

/// Whether `If-None-Match` (RFC 9110, 13.1.2) names the version; there, tags are compared weakly.
fn names_version(request: &HttpRequest, version: i64) -> bool {
    let tags = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || version_of(tag.strip_prefix("W/").unwrap_or(tag)) == Some(version))
}

impl HttpServiceFactory for Routes {
    fn register(self, config: &mut AppService) {
        self.collection.register(config);
        self.verbs.into_iter().for_each(|verb| verb.register(config));
        self.item.register(config);
        if let Some(restore) = self.restore {
            restore.register(config);
        }
    }
}

impl OpenApiFactory for Routes {
    fn paths(&self) -> Paths {
        describe::paths(self.table, self.schemas.is_some())
    }

    fn schemas(&self, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(describe::rows(self.table));
        if let Some(inputs) = self.schemas {
            schemas.extend(inputs(self.table));
        }
    }
}
