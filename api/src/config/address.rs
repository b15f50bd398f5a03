//! Addresses among the settings: of the database, of front ends, of proxies.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use url::Url;

pub use workflow::url::DatabaseUrl;
pub(super) use workflow::url::is_local;

use super::value::Use;

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
