//! What is stored so that only this server can read it: the texts of messages.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::{TryRng, rngs::SysRng};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

const NONCE_BYTES: usize = 24;

/// Encrypts with XChaCha20-Poly1305 under a key of its own, made of the process's secret (`AUTH_SECRET`).
#[derive(Clone)]
pub struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// A sealer that uses this secret.
    pub fn new(secret: &str) -> Self {
        let key = Sha256::new_with_prefix("garboard seal v1\0").chain_update(secret).finalize();
        Self(XChaCha20Poly1305::new(&key))
    }

    /// The text, encrypted, in Base64. `purpose` must be the same to open it, so that what is sealed for one use is of
    /// no use in another place.
    ///
    /// # Errors
    /// `Panicked` when the system has no randomness.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<String> {
        let mut nonce = [0; NONCE_BYTES];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_no_randomness| Error::Panicked)?;
        let payload = Payload { msg: text.as_bytes(), aad: purpose.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_too_long| Error::Panicked)?;
        Ok(BASE64_STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// What [`Sealer::seal`] was given; `None` if it was sealed with another secret or for another purpose.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let sealed = BASE64_STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        String::from_utf8(self.0.decrypt(&XNonce::from(*nonce), payload).ok()?).ok()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_read_by_its_owner_for_its_purpose() {
        let sealer = Sealer::new("0123456789abcdef0123456789abcdef-AZ");
        let sealed = sealer.seal("email", "a link").unwrap();
        assert_eq!(sealer.open("email", &sealed).as_deref(), Some("a link"));
        assert_eq!(sealer.open("token", &sealed), None);
        assert_eq!(Sealer::new("another secret").open("email", &sealed), None);
        assert_ne!(sealer.seal("email", "a link").unwrap(), sealed);
        let (first, last) = (sealed.chars().next(), sealed.chars().last());
        let shorter = sealed.trim_end_matches(|c| Some(c) == last);
        let other = sealed.replacen(|c| Some(c) == first, "-", 1);
        for broken in ["", "AAAA", shorter, &other] {
            assert_eq!(sealer.open("email", broken), None, "{broken}");
        }
    }
}
