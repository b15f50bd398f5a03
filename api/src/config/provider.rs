//! Providers that people sign in with.

use std::{fmt, str::FromStr};

use service::identity::social::Registration;
use url::Url;

use super::{
    address::is_local,
    value::{MASK, Use},
};

/// The longest name of a provider.
const MAX_NAME: usize = 50;

/// One entry of `OAUTH_PROVIDERS`: `NAME=https://ID:SECRET@ISSUER`.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider(Registration);

impl Provider {
    /// The provider with its secret.
    pub fn reveal(&self) -> &Registration {
        &self.0
    }
}

impl FromStr for Provider {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        const ALLOWED: Use = Use(
            "NAME=https://ID:SECRET@ISSUER, separated by commas; what is special in an id or a secret is percent-encoded",
        );
        let (name, address) = text.trim().split_once('=').ok_or(ALLOWED)?;
        let url = Url::parse(address).map_err(|_not_a_url| ALLOWED)?;
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        // The names of what is no provider, under which accounts are stored as well.
        let taken = ["credential", "error"].contains(&name);
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_local(&url));
        let bare = url.query().is_none() && url.fragment().is_none();
        if !plain || name.is_empty() || name.len() > MAX_NAME || taken || !safe || !bare {
            return Err(ALLOWED);
        }
        // Taken out of the text as it is: tokens name the issuer to the letter, and to a URL a slash at its end is
        // the same as none.
        let (scheme, rest) = address.split_once("://").ok_or(ALLOWED)?;
        let (credentials, issuer) = rest.split_once('@').ok_or(ALLOWED)?;
        let (id, secret) = match credentials.split_once(':') {
            Some((id, secret)) => (id, Some(decode(secret)?)),
            None => (credentials, None),
        };
        let client_id = decode(id)?;
        if client_id.is_empty() || issuer.contains('@') {
            return Err(ALLOWED);
        }
        Ok(Self(Registration {
            name: name.to_owned(),
            issuer: format!("{scheme}://{issuer}"),
            client_id,
            client_secret: secret.filter(|secret| !secret.is_empty()),
        }))
    }
}

fn decode(text: &str) -> Result<String, Use> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_not_utf_8| Use("percent-encoded UTF-8"))
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Registration { name, issuer, client_id, client_secret } = &self.0;
        let (scheme, rest) = issuer.split_once("://").unwrap_or(("https", issuer));
        let secret = client_secret.as_ref().map(|_| [":", MASK].concat()).unwrap_or_default();
        write!(f, "{name}={scheme}://{client_id}{secret}@{rest}")
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_a_name_an_issuer_and_credentials() {
        let provider: Provider =
            "acme=https://id:a%2Fb%40c@login.example/realms/x".parse().unwrap();
        assert_eq!(
            *provider.reveal(),
            Registration {
                name: "acme".to_owned(),
                issuer: "https://login.example/realms/x".to_owned(),
                client_id: "id".to_owned(),
                client_secret: Some("a/b@c".to_owned()),
            }
        );
        for issuer in ["https://login.example", "https://login.example/", "http://127.0.0.1:9000"] {
            let (scheme, rest) = issuer.split_once("://").unwrap();
            let provider: Provider = format!("acme={scheme}://id@{rest}").parse().unwrap();
            assert_eq!(provider.reveal().issuer, issuer);
            assert_eq!(provider.reveal().client_secret, None);
        }
        for text in [
            "",
            "acme",
            "https://id:secret@login.example",
            "acme=https://login.example",
            "acme=https://:secret@login.example",
            "acme=http://id:secret@login.example",
            "acme=https://id:secret@login.example?a=b",
            "Acme=https://id:secret@login.example",
            "=https://id:secret@login.example",
            "credential=https://id:secret@login.example",
        ] {
            assert!(text.parse::<Provider>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_secret_of_a_client_is_never_shown() {
        let provider: Provider = "acme=https://id:hunter2@login.example/".parse().unwrap();
        for shown in [provider.to_string(), format!("{provider:?}")] {
            assert_eq!(shown, format!("acme=https://id:{MASK}@login.example/"));
        }
    }
}
