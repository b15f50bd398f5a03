//! `/api/auth`: signing up, in and out, in the paths, bodies, cookies and words of Better Auth, whose clients work
//! here. What is wrong with a request is told as its clients know it (`{message, code}`); what is wrong with the server
//! is a problem, as everywhere.
//!
//! A request is signed in by `Authorization: Bearer` or by a cookie. The header goes first, and is refused if it is
//! wrong; a cookie that is wrong is passed over, because a browser sends it whether its user wants to or not.

mod answer;
mod body;
mod cookie;
mod input;
mod origin;
mod refusal;
mod request;
mod route;

use std::net::SocketAddr;

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
    web,
};
use anyhow::Context;
use chrono::{DateTime, Utc};
use service::{
    Database, Error, Principal,
    identity::{Hasher, Tools, seal::Sealer, session, signature::Signer, social::Providers},
    mail::Mailer,
};
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use self::answer::AuthUser;
use self::cookie::Cookies;
use crate::{
    config::{
        Config,
        value::{EmailVerification, Secret},
    },
    middleware::cors::TrustedOrigins,
    problem::Problem,
};

/// What all the workers need to know people by. The server makes one and registers it as `web::Data`.
#[derive(Clone, Debug)]
pub struct Identity {
    signer: Signer,
    cookies: Cookies,
    origins: TrustedOrigins,
    providers: Providers,
    tools: Tools,
}

impl Identity {
    /// What the settings say, for a server that listens on `address` and trusts the pages of `origins`.
    ///
    /// # Errors
    /// When providers are configured and the system has no certificates to check theirs by.
    pub fn new(
        config: &Config,
        secret: &Secret,
        address: SocketAddr,
        origins: TrustedOrigins,
    ) -> anyhow::Result<Self> {
        let signer = Signer::new(secret.reveal());
        let cookies = Cookies::new(signer.clone(), config.secure_cookies());
        let tools = tools(config, secret, address);
        let registrations = config.oauth_providers.iter().map(|it| it.reveal().clone()).collect();
        let providers = Providers::new(registrations)
            .context("cannot check the certificates of OAUTH_PROVIDERS")?;
        Ok(Self { signer, cookies, origins, providers, tools })
    }

    /// What writes the messages, and tells the worker of them.
    pub fn mailer(&self) -> Mailer {
        self.tools.mailer.clone()
    }

    fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        request.app_data::<web::Data<Self>>().map(|identity| &***identity).ok_or(Problem::Internal)
    }

    /// The token that a request under `/api/auth` shows, whichever way: there, a wrong header is passed over too.
    fn token_of(&self, headers: &HeaderMap) -> Option<String> {
        self.bearer_token(headers).or_else(|| self.cookies.session_token(headers))
    }

    /// The token in `Authorization`: as it is, or signed. Signed, its signature must be right; that the token alone
    /// suffices is safe, because it is stored nowhere.
    fn bearer_token(&self, headers: &HeaderMap) -> Option<String> {
        let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = credentials.split_once(' ')?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return None;
        }
        if token.contains('.') { self.signer.verify(token) } else { Some(token.to_owned()) }
    }
}

/// What the functions of identity work with, for a server that listens on `address`.
pub fn tools(config: &Config, secret: &Secret, address: SocketAddr) -> Tools {
    Tools {
        hasher: Hasher::default(),
        mailer: Mailer::new(Sealer::new(secret.reveal())),
        base_url: config.public_url(address).into(),
        app_url: config.app_url(address).into(),
        verified_only: config.email_verification == EmailVerification::Required,
    }
}

/// Who sends the request; `None` for the public.
///
/// # Errors
/// `Unauthenticated` when the `Authorization` header is wrong; those of the database.
pub async fn principal_of(
    request: &HttpRequest,
    database: &Database,
    at: DateTime<Utc>,
) -> Result<Option<Principal>, Problem> {
    let identity = Identity::of(request)?;
    let headers = request.headers();
    let by_header = headers.contains_key(header::AUTHORIZATION);
    let token = if by_header {
        identity.bearer_token(headers)
    } else {
        identity.cookies.session_token(headers)
    };
    let principal = match token {
        Some(token) => session::authenticate(database.reader(), at, &token).await?,
        None => None,
    };
    if by_header && principal.is_none() {
        Err(Error::Unauthenticated.into())
    } else {
        Ok(principal)
    }
}

/// Refuses a request that is signed in by a cookie and does not come from a trusted site. To be asked before anything
/// is changed: a browser sends its user's cookies along whichever site makes it send the request.
///
/// # Errors
/// `UntrustedOrigin`.
pub fn check_origin(request: &HttpRequest) -> Result<(), Problem> {
    // No other site can make a browser send this header.
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    origin::check_cookies(request.headers(), &Identity::of(request)?.origins)
        .map_err(|_untrusted| Problem::UntrustedOrigin)
}

/// The routes of identity.
pub fn routes(api: &mut ServiceConfig<'_>) {
    route::routes(api);
    api.service(refusal::Schemas);
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
    }

    fn token_of(authorization: &'static str) -> Option<String> {
        let config =
            Program::parse_from(["", "--auth-secret=0123456789abcdef0123456789abcdef-AZ"]).config;
        let address = "127.0.0.1:8080".parse().unwrap();
        let origins = TrustedOrigins::new(&config, address);
        let identity = Identity::new(&config, &config.secret().unwrap(), address, origins).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static(authorization));
        identity.token_of(&headers)
    }

    #[test]
    fn a_bearer_token_is_plain_or_rightly_signed() {
        let token = "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r";
        for authorization in [
            "Bearer 8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r",
            "bearer  8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r ",
            "Bearer 8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r.hClsMl+jbamL8m9BJmvyUTc+0iTkbDa7juIlgfjM0sc=",
            "Bearer 8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r.hClsMl%2BjbamL8m9BJmvyUTc%2B0iTkbDa7juIlgfjM0sc%3D",
        ] {
            assert_eq!(token_of(authorization).as_deref(), Some(token), "{authorization}");
        }
        for authorization in [
            "",
            "Bearer",
            "Bearer ",
            "Basic YWRhOmFkYQ==",
            "Bearer 8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r.",
            "Bearer 8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26s.hClsMl+jbamL8m9BJmvyUTc+0iTkbDa7juIlgfjM0sc=",
        ] {
            assert_eq!(token_of(authorization), None, "{authorization}");
        }
    }
}
