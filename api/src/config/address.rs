//! Addresses among the settings: of the database, of front ends, of proxies.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    path::PathBuf,
    str::FromStr,
};

use url::{Host, Url};

use super::value::{MASK, Use};

/// Which database, and how it is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL with its password, for the driver.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it names a PostgreSQL server; otherwise it names a SQLite file.
    pub fn is_postgres(&self) -> bool {
        self.0.starts_with("postgres")
    }

    /// Where the SQLite file is.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.0.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        Some(PathBuf::from(path.split('?').next().unwrap_or_default()))
    }
}

impl FromStr for DatabaseUrl {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        const ALLOWED: Use = Use("sqlite://PATH or postgres://USER:PASSWORD@HOST[:PORT]/NAME");
        if text.starts_with("sqlite:") {
            let url = Self(text.to_owned());
            let in_memory = text.contains(":memory:") || text.contains("mode=memory");
            return match url.sqlite_file() {
                Some(path) if !path.as_os_str().is_empty() && !in_memory => Ok(url),
                _ => Err(ALLOWED),
            };
        }
        let mut url = Url::parse(text).map_err(|_not_a_url| ALLOWED)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(ALLOWED);
        }
        // Who says nothing about TLS gets a server whose certificate is checked, unless no network lies between.
        let says_tls = url.query_pairs().any(|(name, _)| name == "sslmode" || name == "ssl-mode");
        if !says_tls && !is_local(&url) {
            url.query_pairs_mut().append_pair("sslmode", "verify-full");
            return Ok(Self(url.into()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether the server is on this machine: a loopback address, or a socket in the file system.
pub(super) fn is_local(url: &Url) -> bool {
    let socket = |text: &str| text.starts_with('/') || text.to_ascii_lowercase().starts_with("%2f");
    if let Some((_, host)) = url.query_pairs().find(|(name, _)| name == "host") {
        return socket(&host);
    }
    match url.host() {
        None => true,
        Some(Host::Domain(name)) => {
            name.is_empty()
                || name == "localhost"
                || socket(name)
                || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(mut url) = Url::parse(&self.0).ok().filter(|_| self.is_postgres()) else {
            return f.write_str(&self.0);
        };
        if url.password().is_some() {
            let _ = url.set_password(Some(MASK));
        }
        if url.query_pairs().any(|(name, _)| name == "password") {
            let shown = url.query_pairs().into_owned().map(|(name, value)| match name.as_str() {
                "password" => (name, MASK.to_owned()),
                _ => (name, value),
            });
            let shown: Vec<_> = shown.collect();
            url.query_pairs_mut().clear().extend_pairs(shown);
        }
        f.write_str(url.as_str())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Scheme, host and port, as browsers write them in `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As a browser sends it: `https://example.com`, `http://localhost:3000`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether pages of this origin are transported safely.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl FromStr for Origin {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        const ALLOWED: Use =
            Use("http:// or https:// with a host and no path, such as https://app.example.com");
        let url = Url::parse(text).map_err(|_not_a_url| ALLOWED)?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || !bare || text.contains('*') {
            return Err(ALLOWED);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One entry of `TRUSTED_ORIGINS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedOrigin {
    /// Any at all: refused in production.
    Any,
    /// This one.
    Only(Origin),
}

impl FromStr for TrustedOrigin {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        match text.trim() {
            "*" => Ok(Self::Any),
            origin => origin.parse().map(Self::Only).map_err(|_origin| {
                Use("exact origins separated by commas, such as https://app.example.com, or * outside production")
            }),
        }
    }
}

impl fmt::Display for TrustedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Only(origin) => origin.fmt(f),
        }
    }
}

/// A range of addresses: `10.0.0.0/8`, `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    bits: u8,
}

impl Network {
    /// Whether the address lies in the range; IPv4 and its IPv6 form are the same address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let shift = 128 - u32::from(self.bits);
        let differs = self.address ^ as_ipv6(ip).to_bits();
        differs.checked_shr(shift).unwrap_or(0) == 0
    }
}

fn as_ipv6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

impl FromStr for Network {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        const ALLOWED: Use =
            Use("addresses or networks separated by commas, such as 10.0.0.0/8,::1");
        let (ip, bits) =
            text.trim().split_once('/').map_or((text.trim(), None), |(ip, bits)| (ip, Some(bits)));
        let ip: IpAddr = ip.parse().map_err(|_not_an_address| ALLOWED)?;
        let width = if ip.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Ok(width), str::parse).map_err(|_not_a_number| ALLOWED)?;
        if bits > width {
            return Err(ALLOWED);
        }
        Ok(Self { address: as_ipv6(ip).to_bits(), bits: bits + (128 - width) })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ip = Ipv6Addr::from_bits(self.address);
        match ip.to_ipv4_mapped() {
            Some(ip) if self.bits >= 96 => write!(f, "{ip}/{}", self.bits - 96),
            _ => write!(f, "{ip}/{}", self.bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn tls_to_a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        for (given, used) in [
            (
                "postgres://u:p@db.example.com/g",
                "postgres://u:p@db.example.com/g?sslmode=verify-full",
            ),
            (
                "postgres://u:p@10.0.0.7:6432/g?application_name=x",
                "postgres://u:p@10.0.0.7:6432/g?application_name=x&sslmode=verify-full",
            ),
            ("postgres://u@db/g?sslmode=disable", "postgres://u@db/g?sslmode=disable"),
            ("postgres://u@db/g?ssl-mode=require", "postgres://u@db/g?ssl-mode=require"),
            ("postgres://u@localhost/g", "postgres://u@localhost/g"),
            ("postgres://u@127.0.0.1:5433/g", "postgres://u@127.0.0.1:5433/g"),
            ("postgresql://u@[::1]/g", "postgresql://u@[::1]/g"),
            ("postgres:///g?host=/var/run/postgresql", "postgres:///g?host=/var/run/postgresql"),
            ("postgres://%2Fvar%2Frun/g", "postgres://%2Fvar%2Frun/g"),
            (
                "postgres://u@localhost/g?host=db.example.com",
                "postgres://u@localhost/g?host=db.example.com&sslmode=verify-full",
            ),
        ] {
            assert_eq!(database(given).reveal(), used);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = database("postgres://garboard:hunter2@db/g?password=hunter3&sslmode=disable");
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }

    #[test]
    fn a_database_is_a_file_or_a_server() {
        for text in [
            "",
            "garboard.db",
            "mysql://u@h/d",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://x?mode=memory",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
        }
        let file = |text: &str| database(text).sqlite_file().unwrap();
        assert_eq!(file("sqlite://data/garboard.db?mode=rwc"), PathBuf::from("data/garboard.db"));
        assert_eq!(file("sqlite:///var/lib/garboard.db"), PathBuf::from("/var/lib/garboard.db"));
    }

    #[test]
    fn an_origin_has_no_path() {
        for (given, used) in [
            ("https://App.Example.com", "https://app.example.com"),
            ("https://example.com:443/", "https://example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(given.parse::<Origin>().unwrap().as_str(), used);
        }
        for text in [
            "",
            "*",
            "example.com",
            "https://example.com/app",
            "https://*.example.com",
            "ftp://example.com",
            "https://u@example.com",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_network_contains_its_addresses_only() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::10.1.2.3"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
        }
        assert!("::/0".parse::<Network>().unwrap().contains("203.0.113.9".parse().unwrap()));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "proxy", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
