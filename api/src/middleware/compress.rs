//! Leaving short answers uncompressed: below a kilobyte, packing costs more time than it saves bytes.

use std::future::{Ready, ready};

use actix_web::{
    Error,
    body::{BodySize, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue},
};
use futures_util::{FutureExt, future::Map};

/// From how many bytes on an answer is compressed.
const LEAST: u64 = 1024;

/// Marks short answers for `actix_web::middleware::Compress`, which leaves alone what has an encoding already.
#[derive(Debug)]
pub struct SkipShort;

/// Takes the mark off again: on the wire, an answer without an encoding has no such header.
pub fn unmark(headers: &mut HeaderMap) {
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == IDENTITY) {
        headers.remove(CONTENT_ENCODING);
    }
}

const IDENTITY: &str = "identity";

impl<S, B> Transform<S, ServiceRequest> for SkipShort
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type InitError = ();
    type Transform = SkipShortService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(SkipShortService { service }))
    }
}

/// A service whose short answers are marked.
#[derive(Debug)]
pub struct SkipShortService<S> {
    service: S,
}

type Outcome<B> = Result<ServiceResponse<B>, Error>;

impl<S, B> Service<ServiceRequest> for SkipShortService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Map<S::Future, fn(Outcome<B>) -> Outcome<B>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let negotiable = request.headers().contains_key(ACCEPT_ENCODING);
        self.service.call(request).map(if negotiable { mark } else { |outcome| outcome })
    }
}

fn mark<B: MessageBody>(outcome: Outcome<B>) -> Outcome<B> {
    outcome.map(|mut response| {
        if matches!(response.response().body().size(), BodySize::Sized(1..LEAST)) {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(IDENTITY));
        }
        response
    })
}
