//! User names: another way to be found than by e-mail address.

use super::IdentityError;

const MIN_LENGTH: usize = 3;
const MAX_LENGTH: usize = 30;

/// What is stored of a user name and of how its user writes it. Who gives only the latter is found by it too, where it
/// can be a user name.
///
/// # Errors
/// `UsernameTooShort`, `UsernameTooLong`, `InvalidUsername`.
pub(crate) fn resolve(
    username: Option<&str>,
    display_username: Option<&str>,
) -> Result<(Option<String>, Option<String>), IdentityError> {
    if let Some(username) = username {
        check(username)?;
    }
    let username = username.or(display_username.filter(|name| check(name).is_ok()));
    let display_username = display_username.or(username);
    Ok((username.map(str::to_lowercase), display_username.map(str::to_owned)))
}

/// The form in which a name is stored and found.
///
/// # Errors
/// `UsernameTooShort`, `UsernameTooLong`, `InvalidUsername`.
pub(super) fn normalize(username: &str) -> Result<String, IdentityError> {
    check(username)?;
    Ok(username.to_lowercase())
}

fn check(username: &str) -> Result<(), IdentityError> {
    match username.encode_utf16().count() {
        ..MIN_LENGTH => Err(IdentityError::UsernameTooShort),
        MIN_LENGTH..=MAX_LENGTH if username.bytes().all(is_allowed) => Ok(()),
        MIN_LENGTH..=MAX_LENGTH => Err(IdentityError::InvalidUsername),
        _ => Err(IdentityError::UsernameTooLong),
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_stored_in_lower_case_and_as_written() {
        for (given, stored) in [
            ((None, None), (None, None)),
            ((Some("Ada_L"), None), (Some("ada_l"), Some("Ada_L"))),
            ((Some("ada"), Some("Countess")), (Some("ada"), Some("Countess"))),
            ((None, Some("Ada.L")), (Some("ada.l"), Some("Ada.L"))),
            ((None, Some("Ada Lovelace")), (None, Some("Ada Lovelace"))),
        ] {
            let (username, display_username) = resolve(given.0, given.1).unwrap();
            assert_eq!((username.as_deref(), display_username.as_deref()), stored, "{given:?}");
        }
    }

    #[test]
    fn a_name_has_3_to_30_letters_digits_underscores_and_dots() {
        assert!(matches!(check("ab"), Err(IdentityError::UsernameTooShort)));
        assert!(matches!(check(&"a".repeat(31)), Err(IdentityError::UsernameTooLong)));
        for name in ["a b", "a-b", "äöü", "a\0b", "a,b"] {
            assert!(matches!(check(name), Err(IdentityError::InvalidUsername)), "{name:?}");
        }
        assert!(check(&"Z".repeat(30)).is_ok());
    }
}
