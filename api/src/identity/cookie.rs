//! The cookies that a browser keeps for its user: names, attributes and signatures as Better Auth's.

use actix_web::{
    HttpResponseBuilder,
    http::header::{self, HeaderMap},
};
use service::identity::{
    session::{LIFETIME, Token},
    signature::{Signer, escape},
};

/// The session's token, signed.
const SESSION_TOKEN: &str = "session_token";
/// There, and signed, if the session ends with the browser.
const DONT_REMEMBER: &str = "dont_remember";
/// The state of who is at a provider, signed.
const STATE: &str = "state";
/// How long a browser keeps it.
const STATE_SECONDS: i64 = 300;
/// A copy of the session that Better Auth's server may make; never made here, but cleared.
const SESSION_DATA: &str = "session_data";

/// The administrator's own token while they act as somebody else, and after a colon whether the session ends with the
/// browser, signed.
const ADMIN_SESSION: &str = "admin_session";

/// What browsers are given, and how it is told from what others make up.
#[derive(Clone, Debug)]
pub(super) struct Cookies {
    signer: Signer,
    secure: bool,
}

impl Cookies {
    pub(super) fn new(signer: Signer, secure: bool) -> Self {
        Self { signer, secure }
    }

    /// The token in a request's cookie, if it was set here.
    pub(super) fn session_token(&self, headers: &HeaderMap) -> Option<String> {
        self.read(headers, SESSION_TOKEN)
    }

    /// The value of a cookie of a request, if it was set here.
    pub(super) fn read(&self, headers: &HeaderMap, wanted: &str) -> Option<String> {
        let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
        let pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs
            .filter(|(name, _)| name.strip_prefix(self.prefix()) == Some(wanted))
            .find_map(|(_, value)| self.signer.verify(value))
    }

    /// Hands a new session to the client: as cookies, and signed for clients that keep no cookies.
    pub(super) fn set_session(
        &self,
        answer: &mut HttpResponseBuilder,
        token: &Token,
        remember: bool,
    ) {
        self.set_session_token(answer, token.reveal(), remember);
        self.tell_token(answer, token.reveal());
    }

    /// For clients that keep no cookies. Pages may read it.
    fn tell_token(&self, answer: &mut HttpResponseBuilder, token: &str) {
        answer.insert_header(("set-auth-token", self.signer.sign(token)));
    }

    fn set_session_token(&self, answer: &mut HttpResponseBuilder, token: &str, remember: bool) {
        self.set_token(answer, token, remember);
        if !remember {
            let value = self.signer.sign("true");
            answer.append_header((
                header::SET_COOKIE,
                self.cookie(DONT_REMEMBER, &escape(&value), None),
            ));
        }
    }

    /// Makes the browser keep the token as long as the session lasts from now on, or until it is closed.
    pub(super) fn set_token(&self, answer: &mut HttpResponseBuilder, token: &str, remember: bool) {
        let signed = self.signer.sign(token);
        let max_age = remember.then_some(LIFETIME.num_seconds());
        let cookie = self.cookie(SESSION_TOKEN, &escape(&signed), max_age);
        answer.append_header((header::SET_COOKIE, cookie));
    }

    /// Makes the browser keep the session as long as it was told to at the sign-in. Its scripts, which may read the header
    /// but not the cookie, are told the token only if they have it.
    pub(super) fn keep_session(
        &self,
        answer: &mut HttpResponseBuilder,
        headers: &HeaderMap,
        token: &str,
    ) {
        let remember = self.read(headers, DONT_REMEMBER).is_none();
        self.set_session_token(answer, token, remember);
        if headers.contains_key(header::AUTHORIZATION) {
            self.tell_token(answer, token);
        }
    }

    /// Puts the administrator's own session aside while they act as somebody else.
    pub(super) fn set_admin_session(
        &self,
        answer: &mut HttpResponseBuilder,
        headers: &HeaderMap,
        token: &str,
    ) {
        let dont_remember = self.read(headers, DONT_REMEMBER).unwrap_or_default();
        let signed = self.signer.sign(&[token, ":", &dont_remember].concat());
        let max_age = Some(LIFETIME.num_seconds());
        let cookie = self.cookie(ADMIN_SESSION, &escape(&signed), max_age);
        answer.append_header((header::SET_COOKIE, cookie));
    }

    /// The session that was put aside, and whether it outlives the browser.
    pub(super) fn admin_session(&self, headers: &HeaderMap) -> Option<(String, bool)> {
        let value = self.read(headers, ADMIN_SESSION)?;
        let (token, dont_remember) = value.split_once(':')?;
        Some((token.to_owned(), dont_remember.is_empty()))
    }

    /// Takes it up again.
    pub(super) fn restore_admin_session(
        &self,
        answer: &mut HttpResponseBuilder,
        token: &str,
        remember: bool,
    ) {
        self.set_session_token(answer, token, remember);
        let forgotten = [ADMIN_SESSION, DONT_REMEMBER];
        // Acting as somebody else is not to be remembered; one's own session may be.
        for name in forgotten.into_iter().take(if remember { 2 } else { 1 }) {
            answer.append_header((header::SET_COOKIE, self.cookie(name, "", Some(0))));
        }
    }

    /// Makes the browser forget the session that was put aside.
    pub(super) fn clear_admin_session(&self, answer: &mut HttpResponseBuilder) {
        answer.append_header((header::SET_COOKIE, self.cookie(ADMIN_SESSION, "", Some(0))));
    }

    /// Whether the browser that sends a request is the one that was given this state.
    pub(super) fn has_state(&self, headers: &HeaderMap, state: &str) -> bool {
        self.read(headers, STATE).is_some_and(|own| own == state)
    }

    /// Makes the browser keep the state that a provider will send back.
    pub(super) fn set_state(&self, answer: &mut HttpResponseBuilder, state: &str) {
        let signed = self.signer.sign(state);
        let cookie = self.cookie(STATE, &escape(&signed), Some(STATE_SECONDS));
        answer.append_header((header::SET_COOKIE, cookie));
    }

    /// Makes the browser forget it.
    pub(super) fn clear_state(&self, answer: &mut HttpResponseBuilder) {
        answer.append_header((header::SET_COOKIE, self.cookie(STATE, "", Some(0))));
    }

    /// Makes the browser forget the session.
    pub(super) fn clear(&self, answer: &mut HttpResponseBuilder) {
        for name in [SESSION_TOKEN, SESSION_DATA, DONT_REMEMBER] {
            answer.append_header((header::SET_COOKIE, self.cookie(name, "", Some(0))));
        }
    }

    fn prefix(&self) -> &'static str {
        if self.secure { "__Secure-better-auth." } else { "better-auth." }
    }

    fn cookie(&self, name: &str, value: &str, max_age: Option<i64>) -> String {
        let prefix = self.prefix();
        let max_age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{prefix}{name}={value}{max_age}; Path=/; HttpOnly{secure}; SameSite=Lax")
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpResponse, http::header::HeaderValue};

    use super::*;

    fn cookies(secure: bool) -> Cookies {
        Cookies::new(Signer::new("0123456789abcdef0123456789abcdef-AZ"), secure)
    }

    fn set(fill: impl Fn(&mut HttpResponseBuilder)) -> Vec<String> {
        let mut answer = HttpResponse::Ok();
        fill(&mut answer);
        let answer = answer.finish();
        let lines = answer.headers().get_all(header::SET_COOKIE);
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    const TOKEN: &str = "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r";
    const SIGNED: &str =
        "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r.hClsMl%2BjbamL8m9BJmvyUTc%2B0iTkbDa7juIlgfjM0sc%3D";

    #[test]
    fn attributes_follow_from_the_public_address_and_the_wish_to_be_remembered() {
        assert_eq!(
            set(|answer| cookies(false).set_token(answer, TOKEN, true)),
            [format!(
                "better-auth.session_token={SIGNED}; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax"
            )]
        );
        assert_eq!(
            set(|answer| cookies(true).set_token(answer, TOKEN, false)),
            [format!(
                "__Secure-better-auth.session_token={SIGNED}; Path=/; HttpOnly; Secure; SameSite=Lax"
            )]
        );
        let cleared = set(|answer| cookies(false).clear(answer));
        assert_eq!(cleared.len(), 3);
        assert_eq!(
            cleared[0],
            "better-auth.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_is_found_among_others_and_must_be_signed() {
        let read = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
            }
            cookies(false).session_token(&headers)
        };
        let ours = format!("better-auth.session_token={SIGNED}");
        for lines in [
            &[&*ours][..],
            &[&*format!("a=b; {ours};c=d")],
            &["a=b", &ours],
            // One that another site of the same domain has set does not hide ours.
            &[&*format!("better-auth.session_token=forged; {ours}")],
        ] {
            assert_eq!(read(lines).as_deref(), Some(TOKEN), "{lines:?}");
        }
        let unsigned = format!("better-auth.session_token={TOKEN}");
        let secure = format!("__Secure-{ours}");
        for lines in [&[][..], &[&*unsigned], &[&*secure], &["better-auth.session_token="], &["="]]
        {
            assert_eq!(read(lines), None, "{lines:?}");
        }
    }
}
