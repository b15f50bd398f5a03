//! How mail is sent.

use std::{fmt, str::FromStr};

use service::mail::{Sender, Transport};
use url::Url;

use super::{
    address::is_local,
    value::{MASK, Use},
};

/// The mail server, and how it is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(Url);

impl SmtpUrl {
    /// The URL with its password, for the driver.
    pub fn reveal(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for SmtpUrl {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        const ALLOWED: Use =
            Use("smtps://USER:PASSWORD@HOST[:PORT], or smtp:// with ?tls=required");
        let mut url = Url::parse(text).map_err(|_not_a_url| ALLOWED)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(ALLOWED);
        }
        let tls =
            url.query_pairs().find(|(name, _)| name == "tls").map(|(_, tls)| tls.into_owned());
        match (url.scheme(), tls.as_deref()) {
            // Who says nothing about TLS gets a server whose certificate is checked, unless no network lies between.
            ("smtp", None) if !is_local(&url) => {
                url.query_pairs_mut().append_pair("tls", "required");
            }
            ("smtp", Some("none")) => url.set_query(None),
            ("smtp", None | Some("required" | "opportunistic")) | ("smtps", None) => {}
            _ => return Err(ALLOWED),
        }
        Transport::smtp(url.as_str(), sender(DEFAULT_SENDER)?).map_err(|_not_smtp| ALLOWED)?;
        Ok(Self(url))
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.0.clone();
        if url.password().is_some() {
            let _ = url.set_password(Some(MASK));
        }
        f.write_str(url.as_str())
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who messages are from where nobody said.
pub(super) const DEFAULT_SENDER: &str = "Garboard <no-reply@localhost>";

/// Who messages are from.
pub(super) fn sender(text: &str) -> Result<Sender, Use> {
    text.parse().map_err(|_not_an_address| {
        Use("an address, with or without a name: Garboard <no-reply@example.com>")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_to_a_mail_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        for (given, used) in [
            ("smtp://u:p@mail.example.com", "smtp://u:p@mail.example.com?tls=required"),
            ("smtp://10.0.0.7:2525", "smtp://10.0.0.7:2525?tls=required"),
            ("smtp://mail.example.com?tls=none", "smtp://mail.example.com"),
            (
                "smtp://mail.example.com?tls=opportunistic",
                "smtp://mail.example.com?tls=opportunistic",
            ),
            ("smtps://u:p@mail.example.com", "smtps://u:p@mail.example.com"),
            ("smtp://localhost:1025", "smtp://localhost:1025"),
            ("smtp://127.0.0.1:1025", "smtp://127.0.0.1:1025"),
        ] {
            assert_eq!(given.parse::<SmtpUrl>().unwrap().reveal(), used);
        }
        for text in
            ["", "mail.example.com", "smtp:", "smtp://", "http://mail", "smtp://mail?tls=maybe"]
        {
            assert!(text.parse::<SmtpUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_password_of_a_mail_server_is_never_shown() {
        let url: SmtpUrl = "smtps://garboard:hunter2@mail.example.com".parse().unwrap();
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for text in [DEFAULT_SENDER, "no-reply@example.com"] {
            assert_eq!(sender(text).unwrap().to_string(), text);
        }
        for text in ["", "Garboard", "Garboard <no-reply>", "a@example.com, b@example.com"] {
            assert!(sender(text).is_err(), "{text}");
        }
    }
}
