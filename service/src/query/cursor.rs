//! Cursors: a place in an ordered list that a caller can keep, and cannot make up or change.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// How long a cursor is good for.
const LIFETIME: TimeDelta = TimeDelta::days(7);
/// The bytes kept of a signature: forging 128 bits is as hopeless as forging 256.
const SIGNATURE_LENGTH: usize = 16;
/// Keeps cursors apart from everything else that is signed with the same secret.
const PURPOSE: &[u8] = b"garboard list cursor 1\0";

/// A place in an ordered list: beside a row, which need no longer exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Which list it belongs to: a digest of the resource, the filter and the order.
    #[serde(rename = "b")]
    pub(super) binding: u64,
    /// When it was made, in seconds of the Unix epoch.
    #[serde(rename = "t")]
    pub(super) made_at: i64,
    /// Whether it leads to the rows before it, and not to those after it.
    #[serde(rename = "p", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) backwards: bool,
    /// Whether the row itself is among those it leads to.
    #[serde(rename = "i", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) inclusive: bool,
    /// The row's values of the sort keys, the id last.
    #[serde(rename = "k")]
    pub(super) keys: Vec<Value>,
}

impl Position {
    /// # Errors
    /// `BadQuery` when it belongs to another list or is too old.
    pub(super) fn check(&self, binding: u64, at: DateTime<Utc>) -> Result<()> {
        if self.binding != binding {
            return Err(refusal(
                "was made for another list: keep the resource, q, the filter and sort as they were, \
                 or start again with an empty cursor",
            ));
        }
        if at.timestamp() - self.made_at > LIFETIME.num_seconds() {
            return Err(refusal("is older than 7 days: start again with an empty cursor"));
        }
        Ok(())
    }
}

/// What a cursor of `list` is bound to.
pub(super) fn binding(list: &str) -> u64 {
    let digest = Sha256::digest(list);
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn refusal(message: &str) -> Error {
    Error::bad_query("cursor", message)
}

/// Turns positions into cursors and back, with the process's secret.
#[derive(Clone)]
pub struct Cursors(Hmac<Sha256>);

impl Cursors {
    /// Cursors that are signed with this secret.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HMAC takes keys of any length"
    )]
    pub fn new(secret: &str) -> Self {
        let mac = Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
        Self(Mac::chain_update(mac, PURPOSE))
    }

    /// The cursor of a position.
    pub fn seal(&self, position: &Position) -> String {
        // A struct of numbers, booleans and JSON values is always JSON.
        let payload = serde_json::to_vec(position).unwrap_or_default();
        let signature = self.0.clone().chain_update(&payload).finalize().into_bytes();
        let signed: Vec<u8> =
            signature.iter().take(SIGNATURE_LENGTH).copied().chain(payload).collect();
        BASE64_URL_SAFE_NO_PAD.encode(signed)
    }

    /// The position of a cursor.
    ///
    /// # Errors
    /// `BadQuery` unless [`Cursors::seal`] made it with the same secret.
    pub fn open(&self, cursor: &str) -> Result<Position> {
        let altered =
            || refusal("is not one of ours or has been altered: start again with an empty cursor");
        let signed = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_invalid| altered())?;
        let (signature, payload) = signed.split_at_checked(SIGNATURE_LENGTH).ok_or_else(altered)?;
        let expected = self.0.clone().chain_update(payload);
        expected.verify_truncated_left(signature).map_err(|_invalid| altered())?;
        serde_json::from_slice(payload).map_err(|_invalid| altered())
    }
}

impl fmt::Debug for Cursors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cursors(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        let keys = vec![Value::Null, "é".into(), 7.into()];
        Position {
            binding: u64::MAX,
            made_at: 1_790_000_000,
            backwards: true,
            inclusive: false,
            keys,
        }
    }

    #[test]
    fn a_cursor_opens_to_its_position() {
        let cursors = Cursors::new("a secret");
        assert_eq!(cursors.open(&cursors.seal(&position())).expect("it is ours"), position());
    }

    #[test]
    fn a_cursor_that_is_altered_in_any_byte_or_signed_otherwise_is_refused() {
        let cursors = Cursors::new("a secret");
        let cursor = cursors.seal(&position());
        for index in 0..cursor.len() {
            let mut altered = cursor.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            assert!(cursors.open(&altered).is_err(), "{index}");
        }
        let part: String = cursor.chars().take(20).collect();
        for other in ["", "x", "AAAA", &part, &Cursors::new("another").seal(&position())] {
            assert!(cursors.open(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_cursor_serves_its_own_list_and_not_forever() {
        let position = position();
        let made = DateTime::from_timestamp(position.made_at, 0).expect("a time");
        assert!(position.check(u64::MAX, made + LIFETIME).is_ok());
        assert!(position.check(u64::MAX, made + LIFETIME + TimeDelta::seconds(1)).is_err());
        assert!(position.check(1, made).is_err());
    }
}
