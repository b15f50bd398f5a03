//! What all processes count together, in the database: whatever is sent to `/api/auth`. It is the part where a limit for
//! each process would be one limit times the number of processes, for who guesses passwords or has mails sent.

use std::{num::NonZeroU32, time::Duration};

use actix_web::{HttpMessage, dev::ServiceRequest, http::Method, web::Data};
use service::{
    Caller, Database,
    limit::{self, Outcome, Quota},
};

use super::{SlowDown, Standing, text, whole_seconds};
use crate::{
    middleware::client::{Client, ClientAddress},
    problem::Problem,
};

const BASE: &str = "/api/auth/";
/// Read by following a link in a mail.
const VERIFY: &str = "magic-link/verify";

/// What counts together: the requests of one client to the paths that begin so.
#[derive(Debug)]
pub struct Rule {
    name: &'static str,
    prefixes: &'static [&'static str],
    requests: NonZeroU32,
    window: Duration,
}

const THREE: NonZeroU32 = NonZeroU32::new(3).unwrap();
const FIVE: NonZeroU32 = NonZeroU32::new(5).unwrap();
const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();
const HUNDRED: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// The first that fits holds. Better Auth's own numbers, but for invitations, which it counts with the rest: they are
/// mails to whomever one likes.
const RULES: [Rule; 10] = [
    Rule::new("magic-link", &["sign-in/magic-link", VERIFY], FIVE, 60),
    Rule::new("sign-in", &["sign-in"], THREE, 10),
    Rule::new("sign-up", &["sign-up"], THREE, 10),
    Rule::new("change-password", &["change-password"], THREE, 10),
    Rule::new("change-email", &["change-email"], THREE, 10),
    Rule::new("reset-password", &["request-password-reset"], THREE, 60),
    Rule::new("verify-email", &["send-verification-email"], THREE, 60),
    Rule::new("two-factor", &["two-factor/"], THREE, 10),
    Rule::new("invite-member", &["organization/invite-member"], TEN, 60),
    Rule::new("auth", &[""], HUNDRED, 10),
];

impl Rule {
    const fn new(
        name: &'static str,
        prefixes: &'static [&'static str],
        requests: NonZeroU32,
        seconds: u64,
    ) -> Self {
        Self { name, prefixes, requests, window: Duration::from_secs(seconds) }
    }

    /// The rule for a request, if there is one.
    pub fn of(request: &ServiceRequest) -> Option<&'static Self> {
        // The path as the router reads it: `%2D` is a hyphen there too.
        let path = request.match_info().as_str().strip_prefix(BASE)?;
        let counted = *request.method() == Method::POST || path == VERIFY;
        let fits = |rule: &&Self| rule.prefixes.iter().any(|prefix| path.starts_with(prefix));
        RULES.iter().filter(|_| counted).find(fits)
    }

    /// Counts the request.
    ///
    /// # Errors
    /// 429 when there have been too many; 503 when the database is away, for then nobody could count.
    pub async fn count(&self, request: &ServiceRequest) -> Result<(), actix_web::Error> {
        let Some(client) =
            request.extensions().get::<ClientAddress>().map(|address| address.client())
        else {
            return Ok(());
        };
        let database = request.app_data::<Data<Database>>().ok_or(Problem::Internal)?;
        let quota = Quota { requests: self.requests, window: self.window };
        let at = Caller::system().at;
        let outcome = limit::take(database, at, &self.key(&client), quota).await;
        let (remaining, reset, wait) = match outcome.map_err(Problem::from)? {
            Outcome::Allowed { remaining, reset } => (remaining, reset, None),
            Outcome::Refused { wait } => (0, wait, Some(wait)),
        };
        request.extensions_mut().insert(Standing {
            policy: text(&super::policy(self.name, self.requests, self.window)),
            name: self.name,
            remaining,
            reset: whole_seconds(reset),
        });
        wait.map_or(Ok(()), |wait| Err(SlowDown(whole_seconds(wait)).into()))
    }

    fn key(&self, client: &Client) -> String {
        format!("{}:{client}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn rule(method: Method, path: &str) -> &'static str {
        let request = TestRequest::default().method(method).uri(path).to_srv_request();
        Rule::of(&request).map_or("none", |rule| rule.name)
    }

    #[test]
    fn whatever_is_sent_to_identity_is_counted_by_one_rule() {
        for (path, name) in [
            ("/api/auth/sign-in/email", "sign-in"),
            ("/api/auth/sign-in/username?x=/sign-up", "sign-in"),
            ("/api/auth/sign%2Din/email", "sign-in"),
            ("/api/%61uth/sign-in/email", "sign-in"),
            ("/api/auth/sign-in/magic-link", "magic-link"),
            ("/api/auth/magic-link/verify", "magic-link"),
            ("/api/auth/sign-up/email", "sign-up"),
            ("/api/auth/change-password", "change-password"),
            ("/api/auth/change-email", "change-email"),
            ("/api/auth/request-password-reset", "reset-password"),
            ("/api/auth/send-verification-email", "verify-email"),
            ("/api/auth/two-factor/verify-totp", "two-factor"),
            ("/api/auth/organization/invite-member", "invite-member"),
            ("/api/auth/sign-out", "auth"),
            ("/api/auth/organization/create", "auth"),
            ("/api/v1/projects", "none"),
        ] {
            assert_eq!(rule(Method::POST, path), name, "{path}");
        }
        assert_eq!(rule(Method::GET, "/api/auth/get-session"), "none");
        assert_eq!(rule(Method::GET, "/api/auth/magic-link/verify?token=x"), "magic-link");
    }
}
