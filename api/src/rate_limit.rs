//! How many requests a client may make: GCRA, counted per address (IPv4) or network (IPv6, /64). Here each process
//! counts for itself, all requests; what is sent to `/api/auth` is besides counted by all together ([`shared`]).
//!
//! Every answer says how the client stands, in `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
//! The store forgets a client as soon as its quota is whole again, so it never holds more clients than have called
//! within the last second or so, whatever addresses somebody makes up.
//!
//! 600 requests in 60 seconds are the default because they are Better Auth's own rate (100 in 10 seconds) with room
//! for the burst of a page that loads: ten requests a second are more than a person causes, and few enough that one
//! client cannot take a server's whole time.

pub mod shared;

use std::{fmt, num::NonZeroU32, time::Duration};

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    dev::ServiceRequest,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, RETRY_AFTER},
    },
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use crate::{
    config::value::RateLimit,
    middleware::client::{Client, ClientAddress},
    problem::Problem,
};

/// `RateLimit-Policy`: what is allowed.
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// `RateLimit`: what is left of it.
pub const STANDING: HeaderName = HeaderName::from_static("ratelimit");
/// What Better Auth's client reads in place of `Retry-After`.
pub(crate) const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// Who must be able to ask at any rate: orchestrators and monitoring.
const EXEMPT: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The limits of one process.
#[derive(Debug)]
pub struct RateLimits {
    default: Limit,
}

/// How a client stands after a request; an extension of the request, for the headers of its answer.
#[derive(Clone, Debug)]
pub struct Standing {
    policy: HeaderValue,
    name: &'static str,
    remaining: u32,
    reset: u64,
}

impl Standing {
    /// The headers that tell the client.
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        let standing = format!("\"{}\";r={};t={}", self.name, self.remaining, self.reset);
        [(POLICY, self.policy.clone()), (STANDING, text(&standing))]
    }
}

impl RateLimits {
    /// The limits of the settings, if there are any.
    pub fn new(limit: RateLimit) -> Option<Self> {
        let RateLimit::Per { requests, window } = limit else { return None };
        Some(Self { default: Limit::new("default", requests, window) })
    }

    /// Counts the request.
    ///
    /// # Errors
    /// 429 when there have been too many.
    pub fn check(&self, request: &ServiceRequest) -> Result<(), Error> {
        let path = request.path();
        if EXEMPT.contains(&path) {
            return Ok(());
        }
        let Some(client) =
            request.extensions().get::<ClientAddress>().map(|address| address.client())
        else {
            return Ok(());
        };
        let (standing, wait) = match self.default.count(&client) {
            Ok(standing) => (standing, None),
            Err((standing, wait)) => (standing, Some(wait)),
        };
        request.extensions_mut().insert(standing);
        match wait {
            None => Ok(()),
            Some(wait) => Err(refusal(path, wait)),
        }
    }

    /// Forgets the clients whose quota is whole again.
    pub fn forget(&self) {
        self.default.limiter.retain_recent();
        self.default.limiter.shrink_to_fit();
    }
}

fn refusal(path: &str, wait: Duration) -> Error {
    if path.starts_with("/api/auth/") {
        return SlowDown(whole_seconds(wait)).into();
    }
    Problem::from(service::Error::TooMany { retry_after: wait }).into()
}

/// The refusal in Better Auth's words, which its client shows.
#[derive(Debug)]
struct SlowDown(u64);

impl fmt::Display for SlowDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Too many requests. Please try again later.")
    }
}

impl ResponseError for SlowDown {
    fn status_code(&self) -> StatusCode {
        StatusCode::TOO_MANY_REQUESTS
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .insert_header((RETRY_AFTER, self.0))
            .insert_header((X_RETRY_AFTER, self.0))
            .json(serde_json::json!({ "message": self.to_string() }))
    }
}

type Limiter =
    RateLimiter<Client, DashMapStateStore<Client>, DefaultClock, StateInformationMiddleware>;

#[derive(Debug)]
struct Limit {
    name: &'static str,
    requests: u32,
    window: Duration,
    policy: HeaderValue,
    limiter: Limiter,
    clock: DefaultClock,
}

impl Limit {
    fn new(name: &'static str, requests: NonZeroU32, window: Duration) -> Self {
        // A period of zero is one that no clock can tell; a window of whole seconds is never so short.
        let period = (window / requests.get()).max(Duration::from_nanos(1));
        let quota =
            Quota::with_period(period).unwrap_or(Quota::per_second(requests)).allow_burst(requests);
        Self {
            name,
            requests: requests.get(),
            window,
            policy: text(&policy(name, requests, window)),
            limiter: RateLimiter::dashmap(quota).with_middleware(),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one request of `client`: how it stands now, and how long it has to wait if that was one too many.
    fn count(&self, client: &Client) -> Result<Standing, (Standing, Duration)> {
        match self.limiter.check_key(client) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity().min(self.requests);
                let missing = self.window / self.requests * (self.requests - remaining);
                Ok(self.standing(remaining, missing))
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now());
                Err((self.standing(0, wait), wait))
            }
        }
    }

    fn standing(&self, remaining: u32, reset: Duration) -> Standing {
        Standing {
            policy: self.policy.clone(),
            name: self.name,
            remaining,
            reset: whole_seconds(reset),
        }
    }
}

fn policy(name: &str, requests: NonZeroU32, window: Duration) -> String {
    format!("\"{name}\";q={requests};w={}", window.as_secs())
}

/// Rounded up, and at least one: who comes back after them is let in.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn text(header: &str) -> HeaderValue {
    // Names and numbers are always fit for a header.
    HeaderValue::from_str(header).unwrap_or_else(|_unfit| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use actix_web::{http::Method, test::TestRequest};

    use super::*;

    fn limits() -> RateLimits {
        RateLimits::new("5/60s".parse().unwrap()).unwrap()
    }

    fn ask(
        limits: &RateLimits,
        method: Method,
        path: &str,
        ip: &str,
    ) -> Result<(u32, u64), (u16, String)> {
        let request = TestRequest::default().method(method).uri(path).to_srv_request();
        request.extensions_mut().insert(ClientAddress(ip.parse().unwrap()));
        let answer = limits.check(&request).map_err(|error| {
            let response = error.error_response();
            let after = response
                .headers()
                .get("x-retry-after")
                .map(|value| value.to_str().unwrap().to_owned());
            (response.status().as_u16(), after.unwrap_or_default())
        });
        let standing = request
            .extensions()
            .get::<Standing>()
            .map(|standing| (standing.remaining, standing.reset));
        answer.map(|()| standing.unwrap_or_default())
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_rate_holds() {
        let limits = limits();
        for left in (0..5).rev() {
            assert_eq!(
                ask(&limits, Method::GET, "/api/v1/projects", "192.0.2.1"),
                Ok((left, (5 - u64::from(left)) * 12))
            );
        }
        assert_eq!(ask(&limits, Method::GET, "/api/v1/projects", "192.0.2.1").unwrap_err().0, 429);
        assert!(
            ask(&limits, Method::GET, "/api/v1/projects", "192.0.2.2").is_ok(),
            "another client"
        );
        assert!(ask(&limits, Method::GET, "/readyz", "192.0.2.1").is_ok(), "a health check");
    }

    #[test]
    fn headers_say_what_is_allowed_and_what_is_left() {
        let limits = limits();
        let standing = limits.default.count(&Client::V6(1)).unwrap();
        let headers = standing.headers().map(|(_, value)| value.to_str().unwrap().to_owned());
        assert_eq!(headers, ["\"default\";q=5;w=60", "\"default\";r=4;t=12"]);
    }

    #[test]
    fn a_client_with_its_whole_quota_is_forgotten() {
        let limits = RateLimits::new("1000000/1s".parse().unwrap()).unwrap();
        for client in 0..100 {
            let _ = limits.default.count(&Client::V6(client));
        }
        while !limits.default.limiter.is_empty() {
            limits.forget();
        }
    }
}
