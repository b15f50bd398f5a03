//! Where a request comes from: a browser sends its user's cookies along whichever site asks it to, so what changes
//! anything must come from a site that is trusted. The rules are Better Auth's.

use actix_web::http::header::{self, HeaderMap};
use url::Url;

use super::refusal::Refusal;
use crate::middleware::cors::TrustedOrigins;

const FETCH_SITE: &str = "sec-fetch-site";
const FETCH_METADATA: [&str; 3] = [FETCH_SITE, "sec-fetch-mode", "sec-fetch-dest"];

/// Refuses a request with cookies that does not come from a trusted site.
pub(super) fn check_cookies(headers: &HeaderMap, trusted: &TrustedOrigins) -> Result<(), Refusal> {
    if headers.contains_key(header::COOKIE) { check(headers, trusted) } else { Ok(()) }
}

/// Refuses a sign-in from another site, which would sign the visitor in as somebody else. Programs that are no browser
/// send nothing to tell by, and need no protection.
pub(super) fn check_sign_in(headers: &HeaderMap, trusted: &TrustedOrigins) -> Result<(), Refusal> {
    let cookies = headers.contains_key(header::COOKIE);
    let metadata = FETCH_METADATA.iter().any(|name| text(headers, name).is_some());
    let navigation = text(headers, FETCH_SITE) == Some("cross-site")
        && text(headers, "sec-fetch-mode") == Some("navigate");
    if !cookies && navigation {
        return Err(Refusal::CrossSiteNavigation);
    }
    let told = text(headers, "origin").or(text(headers, "referer")).is_some();
    if cookies || metadata || told { check(headers, trusted) } else { Ok(()) }
}

fn check(headers: &HeaderMap, trusted: &TrustedOrigins) -> Result<(), Refusal> {
    let origin = match (text(headers, "origin"), text(headers, "referer")) {
        // What a page with a strict referrer policy sends to its own site.
        (Some("null"), _) if text(headers, FETCH_SITE) == Some("same-origin") => return Ok(()),
        (Some("null"), _) | (None, None) => return Err(Refusal::MissingOrigin),
        (Some(origin), _) => origin.to_owned(),
        (None, Some(referer)) => match Url::parse(referer) {
            Ok(url) => url.origin().ascii_serialization(),
            Err(_not_a_url) => return Err(Refusal::UntrustedOrigin),
        },
    };
    if trusted.allow(&origin) { Ok(()) } else { Err(Refusal::UntrustedOrigin) }
}

/// The header, if it says anything.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().unwrap_or("unreadable").trim();
    (!text.is_empty()).then_some(text)
}

/// Whether an address to go on to is a path on this site or on a trusted one. None at all is, too.
pub(super) fn is_trusted_callback(url: Option<&str>, trusted: &TrustedOrigins) -> bool {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return true };
    let allowed = if url.starts_with('/') {
        is_plain_path(url)
    } else {
        Url::parse(url).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && trusted.allow(&url.origin().ascii_serialization())
        })
    };
    allowed && !url.contains(char::is_control)
}

/// A path that no browser takes for an address of another site.
fn is_plain_path(url: &str) -> bool {
    const HERE: &str = "https://here.invalid";
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let here = Url::parse(HERE).and_then(|base| base.join(url));
    !url.starts_with("//")
        && !url.contains('\\')
        && !path.contains("%2f")
        && !path.contains("%5c")
        && here.is_ok_and(|url| url.origin().ascii_serialization() == HERE)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use clap::Parser;

    use super::*;
    use crate::config::Config;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
    }

    fn trusted() -> TrustedOrigins {
        let program = Program::parse_from([
            "",
            "--trusted-origins=https://app.example.com",
            "--public-url=https://api.example.com",
        ]);
        TrustedOrigins::new(&program.config, "127.0.0.1:8080".parse().unwrap())
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    fn told(result: Result<(), Refusal>) -> String {
        result.map_or_else(|refusal| refusal.to_string(), |()| "passes".to_owned())
    }

    const COOKIE: (&str, &str) = ("cookie", "a=b");
    const APP: (&str, &str) = ("origin", "https://app.example.com");
    const EVIL: (&str, &str) = ("origin", "https://evil.example");
    const NULL: (&str, &str) = ("origin", "null");

    #[test]
    fn a_request_with_cookies_comes_from_a_trusted_site() {
        for (given, answer) in [
            (&[][..], "passes"),
            (&[EVIL], "passes"),
            (&[COOKIE, APP], "passes"),
            (&[COOKIE, ("origin", "https://api.example.com")], "passes"),
            (&[COOKIE, ("referer", "https://app.example.com/a?b")], "passes"),
            (&[COOKIE, NULL, ("sec-fetch-site", "same-origin")], "passes"),
            (&[COOKIE], "MISSING_OR_NULL_ORIGIN"),
            (&[COOKIE, ("origin", "")], "MISSING_OR_NULL_ORIGIN"),
            (&[COOKIE, NULL], "MISSING_OR_NULL_ORIGIN"),
            (&[COOKIE, NULL, ("sec-fetch-site", "cross-site")], "MISSING_OR_NULL_ORIGIN"),
            (&[COOKIE, NULL, ("referer", "https://app.example.com/")], "MISSING_OR_NULL_ORIGIN"),
            (&[COOKIE, EVIL, ("referer", "https://app.example.com/")], "INVALID_ORIGIN"),
            (&[COOKIE, ("origin", "https://app.example.com.evil.example")], "INVALID_ORIGIN"),
            (&[COOKIE, ("origin", "http://app.example.com")], "INVALID_ORIGIN"),
            (&[COOKIE, ("referer", "https://app.example.com@evil.example/")], "INVALID_ORIGIN"),
            (&[COOKIE, ("referer", "app.example.com")], "INVALID_ORIGIN"),
        ] {
            assert_eq!(told(check_cookies(&headers(given), &trusted())), answer, "{given:?}");
        }
    }

    #[test]
    fn a_browser_signs_in_from_a_trusted_site_only() {
        for (given, answer) in [
            (&[][..], "passes"),
            (&[APP], "passes"),
            (&[APP, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")], "passes"),
            (&[COOKIE], "MISSING_OR_NULL_ORIGIN"),
            (&[EVIL], "INVALID_ORIGIN"),
            (&[("referer", "https://evil.example/")], "INVALID_ORIGIN"),
            (&[("sec-fetch-mode", "cors")], "MISSING_OR_NULL_ORIGIN"),
            (
                &[APP, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
                "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED",
            ),
        ] {
            assert_eq!(told(check_sign_in(&headers(given), &trusted())), answer, "{given:?}");
        }
    }

    #[test]
    fn one_goes_on_to_this_site_or_a_trusted_one() {
        for url in
            ["", "/", "/welcome?to=//x#/y", "https://app.example.com/a", "https://api.example.com"]
        {
            assert!(is_trusted_callback(Some(url), &trusted()), "{url}");
        }
        for url in [
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/%2f/evil.example",
            "/%5Cevil.example",
            "https://evil.example",
            "https://app.example.com/\r\nSet-Cookie: a=b",
            "https://app.example.com@evil.example",
            "http://app.example.com",
            "javascript:alert(1)",
            "welcome",
            "app.example.com",
        ] {
            assert!(!is_trusted_callback(Some(url), &trusted()), "{url}");
        }
    }
}
