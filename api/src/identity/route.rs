//! The handlers. Each reads its input, then who sends it, and hands both to the service.

mod account;
mod address;
mod admin;
mod impersonation;
mod link;
mod organization;
mod session;
mod sign;
mod social;

use std::time::Duration;

use actix_web::{HttpResponse, HttpResponseBuilder, http::header};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use tokio::time::{Sleep, sleep};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{refusal::Failure, request::Auth};

type Answer = Result<HttpResponse, Failure>;

/// Every route under `/api/auth`; the one most asked for comes first.
pub(super) fn routes(api: &mut ServiceConfig<'_>) {
    sign::routes(api);
    session::routes(api);
    account::routes(api);
    address::routes(api);
    link::routes(api);
    admin::routes(api);
    impersonation::routes(api);
    organization::routes(api);
    social::routes(api);
}

/// Sends a browser on. Better Auth calls the empty body JSON, too.
fn redirect(url: &str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Found();
    answer.insert_header((header::LOCATION, utf8_percent_encode(url, CONTROLS).to_string()));
    answer.content_type("application/json");
    answer
}

/// The address, or a path here as an address.
fn absolute(auth: &Auth, url: &str) -> String {
    if url.starts_with('/') {
        [&*auth.identity.tools.base_url, url].concat()
    } else {
        url.to_owned()
    }
}

/// What an answer waits for that must not tell by its time whether something was done.
fn answer_floor() -> Sleep {
    const FLOOR: Duration = Duration::from_millis(500);
    sleep(FLOOR)
}

/// The address with one more parameter.
fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (address, fragment) = url.split_once('#').map_or((url, None), |(a, b)| (a, Some(b)));
    let joint = if address.contains('?') { '&' } else { '?' };
    let value = service::identity::signature::escape(value);
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{address}{joint}{name}={value}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_added_before_the_fragment() {
        for (url, longer) in [
            ("/a", "/a?error=X%20Y"),
            ("/a?b=c", "/a?b=c&error=X%20Y"),
            ("https://app.example.com/a#d", "https://app.example.com/a?error=X%20Y#d"),
        ] {
            assert_eq!(with_parameter(url, "error", "X Y"), longer);
        }
    }
}
