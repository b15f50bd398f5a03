//! Turning requests away before they cost anything.

use std::{
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    Error,
    body::BoxBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::header::{self, HeaderMap},
};
use futures_util::future::Either;

use crate::problem::Problem;

/// Lets a request pass if `check` does.
pub struct Gate<F>(Rc<F>);

impl<F: Fn(&ServiceRequest) -> Result<(), Error>> Gate<F> {
    /// A gate with this check.
    pub fn new(check: F) -> Self {
        Self(Rc::new(check))
    }
}

impl<S, F> Transform<S, ServiceRequest> for Gate<F>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    F: Fn(&ServiceRequest) -> Result<(), Error>,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type InitError = ();
    type Transform = GateService<S, F>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(GateService { service, check: Rc::clone(&self.0) }))
    }
}

/// A service behind a gate.
pub struct GateService<S, F> {
    service: S,
    check: Rc<F>,
}

impl<S, F> Service<ServiceRequest> for GateService<S, F>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    F: Fn(&ServiceRequest) -> Result<(), Error>,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Either<S::Future, Ready<Result<ServiceResponse<BoxBody>, Error>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match (self.check)(&request) {
            Ok(()) => Either::Left(self.service.call(request)),
            Err(refusal) => Either::Right(ready(Ok(request.error_response(refusal)))),
        }
    }
}

/// Refuses who cannot read JSON, which is all that the API answers but for exports.
///
/// # Errors
/// 406.
pub fn acceptable(request: &ServiceRequest) -> Result<(), Error> {
    let path = request.path();
    if !path.starts_with("/api/v1/") || path.ends_with("/export") || accepts_json(request.headers())
    {
        return Ok(());
    }
    Err(Problem::NotAcceptable.into())
}

/// Whether the most specific range of `Accept` that covers `application/json` allows it (RFC 9110, 12.5.1).
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut best: Option<(u8, bool)> = None;
    for line in headers.get_all(header::ACCEPT) {
        let Ok(line) = line.to_str() else { return false };
        for range in line.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let precision = match parts.next() {
                Some(range) if range.eq_ignore_ascii_case("application/json") => 3,
                Some(range) if range.eq_ignore_ascii_case("application/problem+json") => 0,
                Some(range) if range.eq_ignore_ascii_case("application/*") => 2,
                Some("*/*") => 1,
                _ => continue,
            };
            let wanted = !parts.any(|part| {
                let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
                weight.is_some_and(|weight| weight.parse() == Ok(0.0_f32))
            });
            if best.is_none_or(|(known, _)| precision > known) {
                best = Some((precision, wanted));
            }
        }
    }
    // Who names no range takes anything; who names only others takes no JSON.
    best.map_or(!headers.contains_key(header::ACCEPT), |(_, wanted)| wanted)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn json_is_acceptable_unless_the_most_specific_range_says_no() {
        let accepts = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT, HeaderValue::from_str(line).unwrap());
            }
            accepts_json(&headers)
        };
        for lines in [
            &[][..],
            &["*/*"],
            &["application/*"],
            &["Application/JSON"],
            &["application/json; charset=utf-8"],
            &["text/html, application/json;q=0.5"],
            &["text/html", "application/json"],
            &["*/*;q=0, application/json"],
        ] {
            assert!(accepts(lines), "{lines:?}");
        }
        for lines in [
            &["text/html"][..],
            &["application/json;q=0"],
            &["application/json; q=0.000, */*"],
            &["*/*;q=0"],
            &["image/*"],
            &[""],
        ] {
            assert!(!accepts(lines), "{lines:?}");
        }
    }
}
