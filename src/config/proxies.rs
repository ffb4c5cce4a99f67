//! The proxies that are trusted to report the client and the requested address.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The proxies whose `X-Forwarded-*` headers are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedProxies {
    /// All peers are trusted, because the server is reachable only through a proxy.
    All,
    Listed(Vec<IpNet>),
}

impl TrustedProxies {
    /// Returns whether the peer with this address is trusted.
    pub fn trust(&self, address: IpAddr) -> bool {
        match self {
            Self::All => true,
            // A dual-stack socket reports an IPv4 address as an IPv4-mapped IPv6 address.
            Self::Listed(networks) => networks
                .iter()
                .any(|network| network.contains(&address.to_canonical())),
        }
    }
}

/// Parses a list in uvicorn's format: addresses and networks separated by commas, or `*`.
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = || {
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
        };
        if items().any(|item| item == "*") {
            return Ok(Self::All);
        }
        let networks = items().map(|item| {
            item.parse::<IpNet>()
                .or_else(|_| item.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| {
                    format!("'{item}' is neither an address nor a network such as 10.0.0.0/8")
                })
        });
        networks.collect::<Result<_, _>>().map(Self::Listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(list: &str, address: &str) -> bool {
        let proxies: TrustedProxies = list.parse().unwrap();
        proxies.trust(address.parse().unwrap())
    }

    #[test]
    fn trusts_addresses_networks_or_all() {
        assert!(trusts("127.0.0.1, ::1", "127.0.0.1"));
        assert!(trusts("127.0.0.1,::1", "::1"));
        assert!(trusts("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(!trusts("127.0.0.1", "127.0.0.2"));
        assert!(trusts("10.0.0.0/8", "10.7.8.9"));
        assert!(!trusts("10.0.0.0/8", "11.0.0.1"));
        assert!(trusts("*", "203.0.113.9"));
        assert!(!trusts("", "127.0.0.1"));
        assert!("proxy.example.com".parse::<TrustedProxies>().is_err());
    }
}
