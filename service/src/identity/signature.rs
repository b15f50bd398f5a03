//! Signed values: cookies that a client keeps and cannot change. The format is Better Auth's.

use std::{borrow::Cow, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;

/// What `encodeURIComponent` escapes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The length of a signature: 32 bytes in Base64.
const SIGNATURE_LENGTH: usize = 44;

/// Signs with the process's secret (`AUTH_SECRET`).
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// A signer that uses this secret.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HMAC takes keys of any length"
    )]
    pub fn new(secret: &str) -> Self {
        Self(Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length"))
    }

    /// The value, a dot and its signature.
    pub fn sign(&self, value: &str) -> String {
        let signature = self.0.clone().chain_update(value).finalize().into_bytes();
        [value, ".", &BASE64_STANDARD.encode(signature)].concat()
    }

    /// The value of what [`Signer::sign`] made, as it is or escaped for a cookie; `None` if anybody else made it.
    pub fn verify(&self, signed: &str) -> Option<String> {
        let signed = percent_decode_str(signed).decode_utf8().ok()?;
        let (value, signature) = signed.rsplit_once('.')?;
        if signature.len() != SIGNATURE_LENGTH {
            return None;
        }
        let signature = BASE64_STANDARD.decode(signature).ok()?;
        self.0.clone().chain_update(value).verify_slice(&signature).ok()?;
        Some(value.to_owned())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

/// A signed value in the form in which cookies hold it.
pub fn escape(signed: &str) -> Cow<'_, str> {
    utf8_percent_encode(signed, COMPONENT).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a server of Better Auth signed it.
    const SECRET: &str = "0123456789abcdef0123456789abcdef-AZ";
    const VALUE: &str = "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r";
    const SIGNED: &str =
        "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r.hClsMl+jbamL8m9BJmvyUTc+0iTkbDa7juIlgfjM0sc=";
    const ESCAPED: &str =
        "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r.hClsMl%2BjbamL8m9BJmvyUTc%2B0iTkbDa7juIlgfjM0sc%3D";

    #[test]
    fn signatures_are_those_of_better_auth() {
        let signer = Signer::new(SECRET);
        assert_eq!(signer.sign(VALUE), SIGNED);
        assert_eq!(escape(SIGNED), ESCAPED);
        for signed in [SIGNED, ESCAPED] {
            assert_eq!(signer.verify(signed).as_deref(), Some(VALUE));
        }
    }

    #[test]
    fn a_value_may_contain_dots_and_be_empty() {
        let signer = Signer::new(SECRET);
        for value in ["", "a.b", "trust-device!x:y ü"] {
            let cookie = escape(&signer.sign(value)).into_owned();
            assert_eq!(signer.verify(&cookie).as_deref(), Some(value));
        }
    }

    #[test]
    fn what_another_made_is_refused() {
        let signer = Signer::new(SECRET);
        assert_eq!(Signer::new("another secret").verify(SIGNED), None);
        let unsigned = SIGNED.replace("8q4", "8q5");
        let without_padding = SIGNED.trim_end_matches('=');
        let truncated = format!("{VALUE}.hClsMl+jbamL8m9BJmvyUQ==");
        for signed in [&*unsigned, without_padding, &truncated, VALUE, "", ".", "%FF", "a.b"] {
            assert_eq!(signer.verify(signed), None, "{signed}");
        }
    }

    #[test]
    fn escapes_are_those_of_javascript() {
        assert_eq!(escape("aZ09-_.!~*'() +/=:;,%ü"), "aZ09-_.!~*'()%20%2B%2F%3D%3A%3B%2C%25%C3%BC");
    }

    #[test]
    fn a_signer_shows_no_secret() {
        assert_eq!(format!("{:?}", Signer::new(SECRET)), "Signer");
    }
}
