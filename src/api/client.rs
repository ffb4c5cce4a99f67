//! The client of a request. Behind a proxy, the address of the connection and the `Host` header can be those of the
//! proxy; then its headers contain those of the client.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HOST, HeaderMap};
use url::{Origin, Url};

use crate::config::TrustedProxies;

/// The connection and the headers of a request, from which the client is determined.
pub struct Client<'a> {
    proxies: &'a TrustedProxies,
    peer: Option<SocketAddr>,
    headers: &'a HeaderMap,
}

impl<'a> Client<'a> {
    /// Takes the address of the connection and the headers of a request. Headers of a proxy count only if `proxies`
    /// trusts the address.
    pub fn new(
        proxies: &'a TrustedProxies,
        peer: Option<SocketAddr>,
        headers: &'a HeaderMap,
    ) -> Self {
        Self {
            proxies,
            peer,
            headers,
        }
    }

    /// Returns whether the request comes from a trusted proxy.
    fn is_proxied(&self) -> bool {
        self.peer.is_some_and(|peer| self.proxies.trust(peer.ip()))
    }

    /// Returns the address of the client. Each proxy appends the address that it got the request from to a list. So the last
    /// address that is not a trusted proxy is the client; addresses before it can be forged.
    pub fn address(&self) -> Option<IpAddr> {
        let peer = self.peer?.ip().to_canonical();
        if !self.proxies.trust(peer) {
            return Some(peer);
        }
        let mut address = peer;
        let said: Vec<&str> = self
            .headers
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .collect();
        for item in said.into_iter().rev() {
            let Some(named) = address_in(item.trim()) else {
                break;
            };
            address = named.to_canonical();
            if !self.proxies.trust(address) {
                break;
            }
        }
        Some(address)
    }

    /// The host that the client asked its proxy for, where a proxy says so.
    pub fn forwarded_host(&self) -> Option<&'a str> {
        self.forwarded("x-forwarded-host")
    }

    /// The web origins under which the client reached the server by this host: several, where the proxy
    /// names a port beside the host.
    pub fn origins(&self, host: &str) -> impl Iterator<Item = Origin> {
        let scheme = self
            .forwarded("x-forwarded-proto")
            .filter(|scheme| ["http", "https"].contains(scheme))
            .unwrap_or("http");
        let with_port = self
            .forwarded("x-forwarded-port")
            .map(|port| format!("{scheme}://{host}:{port}"));
        [Some(format!("{scheme}://{host}")), with_port]
            .into_iter()
            .flatten()
            .filter_map(|address| Some(Url::parse(&address).ok()?.origin()))
            .filter(Origin::is_tuple)
    }

    /// What the proxy nearest to the client says.
    fn forwarded(&self, name: &str) -> Option<&'a str> {
        let value = self.headers.get(name).filter(|_| self.is_proxied())?;
        let first = value.to_str().ok()?.split(',').next()?.trim();
        (!first.is_empty()).then_some(first)
    }
}

/// The `Host` header; empty where it is missing.
pub fn host(headers: &HeaderMap) -> String {
    headers.get(HOST).map_or_else(String::new, |value| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    })
}

/// An address, perhaps with a port.
fn address_in(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(text)
        .parse()
        .ok()
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// The client's address, as a connection from `peer` and the header say.
    fn address(trusted: &str, peer: &str, said: &[&str]) -> String {
        let mut request = TestRequest::default();
        for value in said {
            request = request.append_header(("x-forwarded-for", *value));
        }
        let request = request.to_http_request();
        let proxies = trusted.parse().unwrap();
        let client = Client::new(&proxies, Some(peer.parse().unwrap()), request.headers());
        client.address().unwrap().to_string()
    }

    #[test]
    fn a_client_is_the_last_one_that_is_no_proxy() {
        let local = "127.0.0.1,10.0.0.0/8";
        let peer = "127.0.0.1:4711";
        assert_eq!(address(local, peer, &[]), "127.0.0.1");
        assert_eq!(address(local, peer, &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            address(local, peer, &["1.1.1.1, 203.0.113.9:55, 10.0.0.7"]),
            "203.0.113.9"
        );
        assert_eq!(
            address(local, peer, &["1.1.1.1", "[2001:db8::1]:80"]),
            "2001:db8::1"
        );
        // Texts that are not addresses are ignored, and so are the headers of proxies that are not trusted.
        assert_eq!(
            address(local, peer, &["forged\"; 1.1.1.1, unknown"]),
            "127.0.0.1"
        );
        assert_eq!(address(local, "203.0.113.9:1", &["1.1.1.1"]), "203.0.113.9");
        assert_eq!(address("*", "203.0.113.9:1", &["1.1.1.1"]), "1.1.1.1");
    }
}
