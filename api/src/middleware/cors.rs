//! Which web pages may call: those of the trusted origins, with cookies; to all others the browser says no.

use std::{net::SocketAddr, rc::Rc};

use actix_cors::Cors;
use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::{
        Method,
        header::{self, HeaderName},
    },
};
use futures_util::{
    FutureExt,
    future::{Either, LocalBoxFuture, Map},
};

use crate::config::{Config, address::TrustedOrigin};

/// How long a browser need not ask again, in seconds.
const MAX_AGE: usize = 3600;

/// The origins whose pages may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedOrigins {
    any: bool,
    exact: Vec<String>,
}

impl TrustedOrigins {
    /// Those of the settings, for a server that listens on `address`: always its own among them.
    pub fn new(config: &Config, address: SocketAddr) -> Self {
        let mut exact = vec![config.public_url(address)];
        if config.public_url.is_none() && address.ip().is_loopback() {
            // However a developer writes it, it is this machine.
            exact.extend(
                ["localhost", "127.0.0.1", "[::1]"]
                    .map(|host| format!("http://{host}:{}", address.port())),
            );
        }
        exact.extend(config.app_url.as_ref().map(ToString::to_string));
        for origin in &config.trusted_origins {
            if let TrustedOrigin::Only(origin) = origin {
                exact.push(origin.to_string());
            }
        }
        Self { any: config.trusted_origins.contains(&TrustedOrigin::Any), exact }
    }

    /// Whether `origin`, as a browser sends it, is one of them.
    pub fn allow(&self, origin: &str) -> bool {
        self.any || self.exact.iter().any(|exact| exact == origin)
    }
}

/// The layer that answers preflights and marks answers to other origins.
///
/// Requests without `Origin` go past it: those of servers, scripts and pages of our own, whose answers no browser has
/// to be told about.
#[derive(Debug)]
pub struct CrossOrigin(Cors);

impl CrossOrigin {
    /// A layer that lets these origins in.
    pub fn new(origins: &TrustedOrigins) -> Self {
        let exposed =
            ["x-request-id", "ratelimit", "ratelimit-policy", "x-retry-after", "set-auth-token"];
        let exposed = exposed.map(HeaderName::from_static).into_iter();
        let cors = Cors::default()
            .allowed_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            // RFC 10008: a list with its query in the body.
            .allowed_methods(Method::from_bytes(b"QUERY"))
            .allow_any_header()
            .expose_headers(exposed.chain([
                header::LINK,
                header::LOCATION,
                header::ETAG,
                header::RETRY_AFTER,
            ]))
            .supports_credentials()
            .block_on_origin_mismatch(false)
            .max_age(MAX_AGE);
        if origins.any {
            return Self(cors.allow_any_origin());
        }
        Self(origins.exact.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)))
    }
}

impl<S, B> Transform<S, ServiceRequest> for CrossOrigin
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = CrossOriginService<S, <Cors as Transform<Rc<S>, ServiceRequest>>::Transform>;
    type Future = LocalBoxFuture<'static, Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let service = Rc::new(service);
        let marking = self.0.new_transform(Rc::clone(&service));
        Box::pin(async { Ok(CrossOriginService { service, marking: marking.await? }) })
    }
}

/// A service that pages of other origins may call.
#[derive(Debug)]
pub struct CrossOriginService<S, M> {
    service: Rc<S>,
    marking: M,
}

type Outcome<B> = Result<ServiceResponse<B>, Error>;

impl<S, M, B> Service<ServiceRequest> for CrossOriginService<S, M>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    M: Service<ServiceRequest, Response = ServiceResponse<EitherBody<B>>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Either<Map<S::Future, fn(Outcome<B>) -> Outcome<EitherBody<B>>>, M::Future>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if request.headers().contains_key(header::ORIGIN) {
            return Either::Right(self.marking.call(request));
        }
        Either::Left(
            self.service
                .call(request)
                .map(|outcome| outcome.map(ServiceResponse::map_into_left_body)),
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
    }

    fn origins(arguments: &[&str], address: &str) -> TrustedOrigins {
        let program = Program::parse_from([""].iter().chain(arguments));
        TrustedOrigins::new(&program.config, address.parse().unwrap())
    }

    #[test]
    fn its_own_origin_and_those_of_the_list_are_trusted() {
        let trusted = origins(&["--trusted-origins=https://app.example.com"], "127.0.0.1:8080");
        for origin in ["https://app.example.com", "http://127.0.0.1:8080", "http://localhost:8080"]
        {
            assert!(trusted.allow(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "http://localhost:3000",
        ] {
            assert!(!trusted.allow(origin), "{origin}");
        }
        let public = origins(&["--public-url=https://api.example.com"], "127.0.0.1:8080");
        assert!(public.allow("https://api.example.com") && !public.allow("http://localhost:8080"));
        assert!(
            origins(&["--trusted-origins=*"], "127.0.0.1:8080").allow("https://anything.example")
        );
    }
}
