//! The generic verbs of a list over HTTP: rows, groups, what is distinct, and all of these with a query in the body.

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse, Route,
    http::{Method, header},
    web,
};
use serde::Serialize;
use service::{
    Caller, Error, Page, Resource,
    query::{self, ListQuery, Position, ast::Window},
    table::Table,
};

use crate::{
    body::QueryBody,
    export::export,
    extract::{Audience, Db, Lists, NoQuery, Query},
    problem::Problem,
    resource::Answer,
    routes::no_route,
};

/// What a resource takes as the body of a QUERY (RFC 10008).
const ACCEPT_QUERY: &str = "\"application/json\"";

/// A route for QUERY, which is safe and idempotent like GET and has a body.
pub(crate) fn query_method() -> Route {
    // The name is a token, so there is such a method.
    Method::from_bytes(b"QUERY").map_or_else(|_| web::route(), web::method)
}

/// The lists of `E` that have addresses below its own.
pub(crate) fn verbs<E: Resource, A: Audience>(path: &str) -> Vec<actix_web::Resource> {
    let verb =
        |name: &str| web::resource(format!("{path}/{name}")).default_service(web::to(no_route));
    vec![
        verb("aggregate").get(aggregate::<E, A>),
        verb("distinct").get(distinct::<E, A>),
        verb("export").get(export::<E, A>),
        verb("query").post(query::<E, A>),
    ]
}

pub(crate) async fn list<E: Resource, A: Audience>(
    request: HttpRequest,
    db: Db,
    audience: A,
    Query(query): Query,
) -> Answer {
    let mut answer = rows::<E>(&request, &db, audience.into_caller(), query).await?;
    answer.headers_mut().insert(
        header::HeaderName::from_static("accept-query"),
        header::HeaderValue::from_static(ACCEPT_QUERY),
    );
    Ok(answer)
}

async fn aggregate<E: Resource, A: Audience>(
    request: HttpRequest,
    db: Db,
    audience: A,
    Query(query): Query,
) -> Answer {
    groups::<E>(&request, &db, audience.into_caller(), &query.clone(), query).await
}

async fn distinct<E: Resource, A: Audience>(
    request: HttpRequest,
    db: Db,
    audience: A,
    Query(query): Query,
) -> Answer {
    let answer =
        groups::<E>(&request, &db, audience.into_caller(), &query.clone(), query.distinct()?).await;
    answer.map_err(|problem| match problem {
        // What the keys of groups are called here.
        Problem::Service(Error::BadQuery { parameter, message }) if parameter == "groupBy" => {
            Error::bad_query("fields", message).into()
        }
        other => other,
    })
}

pub(crate) async fn query<E: Resource, A: Audience>(
    request: HttpRequest,
    db: Db,
    audience: A,
    _: NoQuery,
    QueryBody(query): QueryBody,
) -> Answer {
    let asked = query.clone();
    let answer = if query.aggregate.is_some() {
        groups::<E>(&request, &db, audience.into_caller(), &asked, query).await
    } else {
        rows::<E>(&request, &db, audience.into_caller(), query).await
    };
    answer.map_err(Problem::in_body)
}

async fn rows<E: Resource>(
    request: &HttpRequest,
    db: &Db,
    caller: Caller,
    query: ListQuery,
) -> Answer {
    let table = Table::of::<E>();
    if query.is_one_statement() {
        let page = query::list(db.reader(), &caller, table, &query).await?;
        return paged(request, &query, page);
    }
    let asked = query.clone();
    let page = db.read(async move |tx| query::list(tx, &caller, table, &query).await).await?;
    paged(request, &asked, page)
}

/// The groups of `query`, which the caller has written as `asked`.
async fn groups<E: Resource>(
    request: &HttpRequest,
    db: &Db,
    caller: Caller,
    asked: &ListQuery,
    query: ListQuery,
) -> Answer {
    let page = db
        .read(async move |tx| query::aggregate(tx, &caller, Table::of::<E>(), &query).await)
        .await?;
    paged(request, asked, page)
}

/// A page, with the addresses of its neighbours (RFC 8288).
///
/// # Errors
/// `Internal` when the server has not been told how to sign cursors.
pub(crate) fn paged<T: Serialize>(
    request: &HttpRequest,
    query: &ListQuery,
    page: Page<T>,
) -> Result<HttpResponse, Problem> {
    let lists = Lists::of(request)?;
    let mut page = page;
    if matches!(query.window, Window::Cursor(_)) {
        let [previous, next] = &page.positions;
        let seal = |position: &Option<Position>| {
            Some(position.as_ref().map(|position| lists.cursors.seal(position)))
        };
        (page.prev_cursor, page.next_cursor) = (seal(previous), seal(next));
    }
    let links = links(request, query, &page);
    let mut answer = HttpResponse::Ok();
    if !links.is_empty() {
        answer.insert_header((header::LINK, links));
    }
    Ok(answer.json(page))
}

/// The windows beside this one, as addresses for GET; a query that came in a body has none.
fn links<T>(request: &HttpRequest, query: &ListQuery, page: &Page<T>) -> String {
    let mut links = String::new();
    if *request.method() != Method::GET && *request.method() != Method::HEAD {
        return links;
    }
    let windows = query.print_windows();
    let mut link = |relation: &str, name: &str, value: &str| {
        let address = windows(name, value);
        let comma = if links.is_empty() { "" } else { ", " };
        // Writing to a String does not fail.
        let _ = write!(links, "{comma}<{}?{address}>; rel=\"{relation}\"", request.path());
    };
    match &query.window {
        Window::Page(number) => {
            let last = page.total_pages.filter(|_| !page.total_is_lower_bound);
            let last = last.map(|last| last.max(1));
            let mut link = |relation, number: u64| link(relation, "page", &number.to_string());
            link("first", 1);
            if *number > 1 {
                link("prev", last.map_or(number - 1, |last| last.min(number - 1)));
            }
            if page.has_next {
                link("next", number + 1);
            }
            if let Some(last) = last {
                link("last", last);
            }
        }
        Window::Cursor(_) => {
            link("first", "cursor", "");
            for (relation, cursor) in [("prev", &page.prev_cursor), ("next", &page.next_cursor)] {
                if let Some(Some(cursor)) = cursor {
                    link(relation, "cursor", cursor);
                }
            }
        }
    }
    links
}
