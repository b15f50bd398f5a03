//! Who is at the other end: the address that a rate limit counts for and a session remembers.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use actix_web::http::header::{HeaderMap, HeaderName};

use crate::config::address::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address, as far as it can be trusted; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// What counts as one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// An address.
    V4(Ipv4Addr),
    /// A network of 64 bits: the least that a provider assigns, within which addresses cost nothing.
    V6(u64),
}

impl ClientAddress {
    /// The peer's address; or, if the peer is a trusted proxy, the last address before the trusted ones.
    ///
    /// `X-Forwarded-For` is read from its end: what stands before an untrusted address is what that one claims.
    pub fn of(peer: Option<SocketAddr>, headers: &HeaderMap, proxies: &[Network]) -> Self {
        let trusted = |ip: IpAddr| proxies.iter().any(|network| network.contains(ip));
        let mut client = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        if proxies.is_empty() || !trusted(client) {
            return Self(client.to_canonical());
        }
        let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
        'lines: for line in lines.into_iter().rev() {
            for hop in line.to_str().unwrap_or_default().rsplit(',') {
                let Some(ip) = parse(hop.trim()) else { break 'lines };
                client = ip;
                if !trusted(ip) {
                    break 'lines;
                }
            }
        }
        Self(client.to_canonical())
    }

    /// The client that the address belongs to.
    pub fn client(self) -> Client {
        match self.0 {
            IpAddr::V4(ip) => Client::V4(ip),
            IpAddr::V6(ip) => Client::V6(network(ip)),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(ip) => ip.fmt(f),
            Self::V6(network) => {
                write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*network) << 64))
            }
        }
    }
}

fn network(ip: Ipv6Addr) -> u64 {
    u64::try_from(ip.to_bits() >> 64).unwrap_or_default()
}

/// An address, with or without a port.
fn parse(hop: &str) -> Option<IpAddr> {
    hop.parse().ok().or_else(|| hop.parse().ok().map(|address: SocketAddr| address.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let proxies: Vec<Network> =
            proxies.iter().map(|network| network.parse().unwrap()).collect();
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        ClientAddress::of(Some(peer), &headers, &proxies).0.to_string()
    }

    #[test]
    fn a_header_is_believed_from_a_trusted_proxy_only() {
        let proxies = ["10.0.0.0/8"];
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["spoofed, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:5555"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::7]:5555"], "2001:db8::7"),
            ("10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
        ] {
            assert_eq!(client(peer, forwarded, &proxies), expected, "{peer} {forwarded:?}");
        }
        assert_eq!(client("10.0.0.1", &["198.51.100.1"], &[]), "10.0.0.1");
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let of = |ip: &str| ClientAddress(ip.parse::<IpAddr>().unwrap().to_canonical()).client();
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_eq!(of("2001:DB8:0:1::1").to_string(), "2001:db8:0:1::/64");
        assert_eq!(of("::ffff:192.0.2.1").to_string(), "192.0.2.1");
    }
}
