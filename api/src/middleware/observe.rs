//! The outermost layer: what is true of every answer, and the record of it.
//!
//! It gives a request its id, knows the client, turns what failed into a problem, sets the headers that every answer
//! carries, counts, and writes one log line. These are one layer because each would cost a future of its own.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
    time::Instant,
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    error::InternalError,
    http::{
        Method, StatusCode, Uri,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};
use tracing::Instrument;

use super::{
    ClientAddress, RequestId, UserId,
    body::limit_time,
    compress,
    request_id::{Trace, X_REQUEST_ID},
};
use crate::{config::address::Network, metrics::Metrics, problem, rate_limit::Standing};

/// For answers that are no page: nothing may be loaded, and nobody may frame them.
const NO_CONTENT_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// The outermost layer.
#[derive(Clone, Debug)]
pub struct Observe(Rc<Observer>);

impl Observe {
    /// A layer that observes so.
    pub fn new(observer: Observer) -> Self {
        Self(Rc::new(observer))
    }
}

/// What the outermost layer needs to know.
#[derive(Debug)]
pub struct Observer {
    /// Where requests are counted.
    pub metrics: Metrics,
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: Vec<Network>,
    /// Whether browsers are told to come by https only.
    pub https: bool,
}

impl<S, B> Transform<S, ServiceRequest> for Observe
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = ObserveService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(ObserveService { service, observer: Rc::clone(&self.0) }))
    }
}

/// A service that is observed.
#[derive(Debug)]
pub struct ObserveService<S> {
    service: S,
    observer: Rc<Observer>,
}

impl<S, B> Service<ServiceRequest> for ObserveService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let visit = Visit::of(&request);
        let observer = Rc::clone(&self.observer);
        {
            let mut extensions = request.extensions_mut();
            extensions.insert(visit.id.clone());
            extensions.insert(ClientAddress::of(
                request.peer_addr(),
                request.headers(),
                &observer.proxies,
            ));
        }
        if visit.method == Method::HEAD {
            // A HEAD is a GET whose body stays here (RFC 9110, 9.3.2): actix writes no body where HEAD was asked.
            request.head_mut().method = Method::GET;
        }
        limit_time(&mut request);
        // Made at debug level only, where statements are logged: what is logged above names the request itself.
        let trace = visit.trace.as_ref().map(Trace::id);
        let span = tracing::debug_span!(target: "request", "request", request_id = &*visit.id.0, trace_id = trace);
        let answer = span.in_scope(|| self.service.call(request));
        Box::pin(
            async move {
                match answer.await {
                    Ok(response) => Ok(observer.finish(&visit, response)),
                    Err(error) => Err(observer.finish_without_request(&visit, &error)),
                }
            }
            .instrument(span),
        )
    }
}

impl Observer {
    fn finish<B>(
        &self,
        visit: &Visit,
        response: ServiceResponse<B>,
    ) -> ServiceResponse<EitherBody<B>> {
        let problem = response
            .response()
            .error()
            .map(|error| problem::answer(response.request(), &visit.id.0, error));
        let mut response = match problem {
            None => response.map_into_left_body(),
            Some(answer) => {
                let (request, failed) = response.into_parts();
                ServiceResponse::new(
                    request,
                    with_headers_of(answer, failed.headers()).map_into_right_body(),
                )
            }
        };
        let (user, standing) = {
            let extensions = response.request().extensions();
            (extensions.get::<UserId>().copied(), extensions.get::<Standing>().cloned())
        };
        self.add_headers(visit, standing.as_ref(), response.headers_mut());
        let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
        visit.log(&route, response.status(), user);
        self.metrics.answered(&visit.method, route, response.status(), visit.start.elapsed());
        response
    }

    /// After a panic nothing is left of the request but what was noted before it.
    fn finish_without_request(&self, visit: &Visit, error: &Error) -> Error {
        let outer = error.error_response();
        let answer = problem::render(&problem::Problem::Internal, visit.uri.path(), &visit.id.0);
        let mut answer = with_headers_of(answer, outer.headers());
        self.add_headers(visit, None, answer.headers_mut());
        visit.log("panic", answer.status(), None);
        self.metrics.answered(
            &visit.method,
            "panic".to_owned(),
            answer.status(),
            visit.start.elapsed(),
        );
        InternalError::from_response("panic", answer).into()
    }

    fn add_headers(&self, visit: &Visit, standing: Option<&Standing>, headers: &mut HeaderMap) {
        headers.insert(X_REQUEST_ID, visit.id.header());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        set_default(headers, header::CONTENT_SECURITY_POLICY, NO_CONTENT_POLICY);
        set_default(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.https {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            );
        }
        if let Some(standing) = standing {
            for (name, value) in standing.headers() {
                headers.insert(name, value);
            }
        }
        compress::unmark(headers);
    }
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}

/// The answer, with what the layers in between had added to the one it replaces, such as the headers of CORS.
fn with_headers_of(
    mut answer: HttpResponse<BoxBody>,
    replaced: &HeaderMap,
) -> HttpResponse<BoxBody> {
    let of_the_body = [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
    ];
    let own: Vec<HeaderName> = answer.headers().keys().cloned().collect();
    for (name, value) in replaced {
        if !of_the_body.contains(name) && !own.contains(name) {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    answer
}

/// A request, as far as it is remembered until it is answered.
struct Visit {
    start: Instant,
    id: RequestId,
    trace: Option<Trace>,
    method: Method,
    uri: Uri,
}

impl Visit {
    fn of(request: &ServiceRequest) -> Self {
        let head = request.head();
        Self {
            start: Instant::now(),
            id: RequestId::of(&head.headers),
            trace: Trace::of(&head.headers),
            method: head.method.clone(),
            uri: head.uri.clone(),
        }
    }

    /// The one line of this request. Queries are left out, and so are the paths under `/api/auth`, where tokens occur.
    fn log(&self, route: &str, status: StatusCode, user: Option<UserId>) {
        let path = self.uri.path();
        let path = if path.starts_with("/api/auth/") { route } else { path };
        let user = user.map(|user| tracing::field::display(user.0));
        let latency_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "request",
                    method = self.method.as_str(),
                    route,
                    path,
                    status = status.as_u16(),
                    latency_us,
                    request_id = &*self.id.0,
                    trace_id = self.trace.as_ref().map(Trace::id),
                    user_id = user,
                    "answered"
                )
            };
        }
        if status.is_server_error() { line!(error) } else { line!(info) }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpRequest, body::to_bytes, test, web};
    use serde_json::Value;

    use super::{
        super::{compress::SkipShort, panic::CatchPanic},
        *,
    };

    async fn long_way(request: HttpRequest) -> HttpResponse {
        match request.query_string() {
            "panic" => panic!("as asked"),
            "late" => {
                actix_web::rt::task::yield_now().await;
                panic!("as asked")
            }
            "cached" => {
                HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "max-age=60")).finish()
            }
            "long" => HttpResponse::Ok().body("x".repeat(5000)),
            _ => HttpResponse::Ok().body(request.method().to_string()),
        }
    }

    async fn answer(request: test::TestRequest) -> (StatusCode, HeaderMap, String) {
        let observer = Observer { metrics: Metrics::default(), proxies: Vec::new(), https: true };
        let app = App::new()
            .route("/way/{id}", web::get().to(long_way))
            .wrap(CatchPanic)
            .wrap(SkipShort)
            .wrap(actix_web::middleware::Compress::default())
            .wrap(Observe::new(observer));
        let app = test::init_service(app).await;
        let response = match app.call(request.to_request()).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        (status, headers, String::from_utf8_lossy(&body).into_owned())
    }

    #[actix_web::test]
    async fn every_answer_carries_what_all_carry() {
        let (status, headers, _) = answer(test::TestRequest::get().uri("/way/1")).await;

        assert_eq!(status, StatusCode::OK);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(headers.get(name).unwrap(), value);
        }
        assert!(headers.contains_key(X_REQUEST_ID));
        let (_, headers, _) = answer(test::TestRequest::get().uri("/way/1?cached")).await;
        assert_eq!(headers.get("cache-control").unwrap(), "max-age=60");
    }

    #[actix_web::test]
    async fn a_panic_is_a_problem_with_the_id_of_its_request() {
        for uri in ["/way/1?panic", "/way/1?late"] {
            let request = test::TestRequest::get().uri(uri).insert_header((X_REQUEST_ID, "mine"));
            let (status, headers, body) = answer(request).await;

            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(headers.get(X_REQUEST_ID).unwrap(), "mine");
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (&problem["type"], &problem["requestId"]),
                (&"/problems/internal".into(), &"mine".into())
            );
            assert!(!body.contains("as asked"), "{body}");
        }
    }

    #[actix_web::test]
    async fn a_handler_sees_a_head_as_a_get() {
        let request = test::TestRequest::default().method(Method::HEAD).uri("/way/1");
        let (status, _, body) = answer(request).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "GET"));
    }

    #[actix_web::test]
    async fn only_long_answers_are_compressed() {
        for (uri, encoding) in [("/way/1", None), ("/way/1?long", Some("br"))] {
            let request =
                test::TestRequest::get().uri(uri).insert_header((header::ACCEPT_ENCODING, "br"));
            let (_, headers, _) = answer(request).await;
            assert_eq!(
                headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap()),
                encoding
            );
        }
    }
}
