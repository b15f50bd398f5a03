//! Passwords: hashed as Better Auth hashes them, so that users who come from there keep theirs, and only a few at a
//! time, so that a flood of sign-ins leaves the processor to the rest of the API.

use std::{
    num::NonZeroUsize,
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use rand::{
    TryRng,
    distr::{Alphanumeric, SampleString},
    rand_core::UnwrapErr,
    rngs::{SysError, SysRng},
};
use scrypt::Params;
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, TryAcquireError};
use unicode_normalization::UnicodeNormalization;

use super::{IdentityError, hex};
use crate::{Error, Result};

/// The shortest password, in UTF-16 units: what JavaScript calls its length.
pub const MIN_PASSWORD_LENGTH: usize = 8;
/// The longest password, in UTF-16 units.
pub const MAX_PASSWORD_LENGTH: usize = 128;

const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 64;
/// How many wait for each one that is hashed; a hash takes about a tenth of a second.
const MAX_WAITING: usize = 32;
/// When to come back if more are waiting than that.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// N = 2^14, r = 16, p = 1: 32 MiB each.
#[expect(clippy::expect_used, reason = "constants that are in range")]
static PARAMS: LazyLock<Params> =
    LazyLock::new(|| Params::new(14, 16, 1).expect("the parameters are in range"));

/// A password that nobody can guess, to be written down once.
pub fn random() -> String {
    // From the operating system. It does not fail once the machine has started.
    Alphanumeric.sample_string(&mut UnwrapErr(SysRng), 20)
}

/// Refuses a new password that is too short or too long.
///
/// # Errors
/// `PasswordTooShort`, `PasswordTooLong`.
pub fn check_new(password: &str) -> Result<(), IdentityError> {
    if password.encode_utf16().count() < MIN_PASSWORD_LENGTH {
        return Err(IdentityError::PasswordTooShort);
    }
    check_given(password)
}

/// Refuses a password that nobody can have, before it costs anything.
///
/// # Errors
/// `PasswordTooLong`.
pub fn check_given(password: &str) -> Result<(), IdentityError> {
    if password.encode_utf16().count() > MAX_PASSWORD_LENGTH {
        return Err(IdentityError::PasswordTooLong);
    }
    Ok(())
}

/// Hashes passwords on threads of their own. Cloning is cheap, and the clones count together: make one per process.
#[derive(Clone, Debug)]
pub struct Hasher {
    /// Who is being served.
    turns: Arc<Semaphore>,
    /// Who is being served or waits for it.
    places: Arc<Semaphore>,
}

impl Default for Hasher {
    /// As many at once as there are cores, but for one, which is left to everything else.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::new((cores - 1).max(1))
    }
}

impl Hasher {
    /// A hasher that does `at_once` at once.
    pub fn new(at_once: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once.saturating_mul(1 + MAX_WAITING))),
        }
    }

    /// The hash of a password, to be stored: salt and key in hexadecimal, with a colon between them.
    ///
    /// # Errors
    /// `Busy` when too many wait already.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.run(move || {
            let salt = new_salt().map_err(|_no_randomness| Error::Panicked)?;
            let key = derive(&password, &salt);
            Ok([salt, key].join(":"))
        })
        .await?
    }

    /// Whether the stored hash is that of the password. Without a stored hash it is not, which takes as long to find out.
    ///
    /// # Errors
    /// `Busy` when too many wait already.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool> {
        let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
        self.run(move || verify(&password, stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => Error::Busy { retry_after: RETRY_AFTER, cause: None },
            TryAcquireError::Closed => Error::Panicked,
        })?;
        let turn =
            Arc::clone(&self.turns).acquire_owned().await.map_err(|_closed| Error::Panicked)?;
        // The work takes its place with it: it goes on when whoever asked for it has gone.
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        });
        task.await.map_err(|_panicked| Error::Panicked)
    }
}

/// Whether this is a hash that a password can be compared with.
pub(crate) fn is_known(stored: &str) -> bool {
    let is_hex = |text: &str, bytes: usize| {
        text.len() == 2 * bytes
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let parts = stored.split_once(':');
    parts.is_some_and(|(salt, key)| is_hex(salt, SALT_BYTES) && is_hex(key, KEY_BYTES))
}

fn new_salt() -> Result<String, SysError> {
    let mut salt = [0; SALT_BYTES];
    SysRng.try_fill_bytes(&mut salt)?;
    Ok(hex(&salt))
}

fn verify(password: &str, stored: Option<&str>) -> bool {
    let parts = stored.and_then(|stored| stored.split_once(':'));
    let (salt, key) = parts.unwrap_or(("00000000000000000000000000000000", ""));
    let derived = derive(password, salt);
    derived.as_bytes().ct_eq(key.as_bytes()).into()
}

/// The key in hexadecimal. The salt is its text, not the bytes that the text stands for.
#[expect(clippy::expect_used, reason = "constants that are in range")]
fn derive(password: &str, salt: &str) -> String {
    let password: String = password.nfkc().collect();
    let mut key = [0; KEY_BYTES];
    scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &PARAMS, &mut key)
        .expect("the key has an allowed length");
    hex(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another implementation of scrypt (OpenSSL).
    const STORED: [(&str, &str); 2] = [
        (
            "correct horse battery staple",
            "000102030405060708090a0b0c0d0e0f:7034425e783148ac6ce2c4521177f6fc8ba611950b64145053bf3c4fbf264578\
             65bbf1ea8164754187636d431114bca7374e96cf91409d23fbc0b086580d2442",
        ),
        // A ligature, a combining accent and a number in a circle: "fiancé 1" once normalised.
        (
            "\u{fb01}ance\u{301} \u{2460}",
            "000102030405060708090a0b0c0d0e0f:10fc30951bdbfca795acaa9616faef0fd946ad32e24cd4b7f50534e1a0ea0135\
             eda06eeed7532265ef26fca46b5c617b2c435e482cf2bb4809919c70f7bcfd3b",
        ),
    ];

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        for (password, stored) in STORED {
            assert!(verify(password, Some(stored)), "{password}");
        }
        let (_, stored) = STORED[1];
        assert!(verify("fianc\u{e9} 1", Some(stored)), "the same text written otherwise");
        for stored in [Some(stored), None, Some(""), Some(":"), Some("no colon"), Some("00:7034")] {
            assert!(!verify("correct horse battery staple", stored), "{stored:?}");
        }
    }

    #[tokio::test]
    async fn a_hash_has_a_salt_of_its_own() {
        let hasher = Hasher::new(2);
        let (first, second) =
            (hasher.hash("password").await.unwrap(), hasher.hash("password").await.unwrap());

        assert_ne!(first, second);
        assert_eq!(first.len(), 161);
        assert!(hasher.verify("password", Some(&first)).await.unwrap());
        assert!(!hasher.verify("Password", Some(&first)).await.unwrap());
        assert!(!hasher.verify("password", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_told_to_come_back() {
        let hasher = Hasher::new(0);
        assert!(matches!(hasher.hash("password").await, Err(Error::Busy { .. })));

        let hasher = Hasher::new(1);
        let turn = hasher.turns.acquire().await.unwrap();
        let waiting: Vec<_> = std::iter::from_fn(|| hasher.places.try_acquire().ok()).collect();
        assert_eq!(waiting.len(), 1 + MAX_WAITING);
        assert!(matches!(hasher.hash("password").await, Err(Error::Busy { .. })));
        drop((turn, waiting));
        assert!(hasher.hash("password").await.is_ok());
    }

    #[test]
    fn lengths_are_counted_as_javascript_counts() {
        assert!(matches!(check_new("1234567"), Err(IdentityError::PasswordTooShort)));
        assert!(check_new("12345678").is_ok());
        assert!(check_new("🐟🐟🐟🐟").is_ok(), "four characters, eight units");
        assert!(check_new(&"é".repeat(128)).is_ok());
        assert!(matches!(check_given(&"é".repeat(129)), Err(IdentityError::PasswordTooLong)));
        assert!(matches!(check_given(&"🐟".repeat(65)), Err(IdentityError::PasswordTooLong)));
    }
}
