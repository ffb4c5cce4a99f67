//! Checks the addresses of webhooks. A user who can create a webhook must not be able to reach,
//! through this server, hosts that only its network can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use crate::config::WebhookSettings;
use crate::error::{Error, Result};
use crate::wire::python;

/// Checks the URL of a webhook, and resolves its host unless private addresses are allowed.
///
/// Fails with MLflow's message if the scheme is not allowed, or if the host has an address that is
/// not public.
pub async fn check_url(text: &str, settings: &WebhookSettings) -> Result<()> {
    let shown = python::repr(text);
    if text.trim().is_empty() {
        return Err(Error::invalid_parameter(format!(
            "Webhook URL cannot be empty or just whitespace: {shown}"
        )));
    }
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let scheme = scheme.trim_start().to_lowercase();
    if !settings.allowed_schemes.contains(&scheme) {
        return Err(Error::invalid_parameter(format!(
            "Invalid webhook URL scheme: {}. Allowed schemes are: {}.",
            python::repr(&scheme),
            settings.allowed_schemes.join(", ")
        )));
    }
    // After more than two slashes there is a path and no host, although browsers read a host there.
    let has_host = text
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.starts_with(['/', '\\']));
    let url = Url::parse(text).ok().filter(|_| has_host);
    let Some(host) = url.as_ref().and_then(Url::host) else {
        return Err(Error::invalid_parameter(format!(
            "Webhook URL must include a hostname: {shown}"
        )));
    };
    if settings.allow_private_addresses {
        return Ok(());
    }
    let name = match &host {
        // The message shows the address without brackets.
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    };
    let addresses = match host {
        Host::Domain(domain) => resolve(domain).await.map_err(|error| {
            Error::invalid_parameter(format!(
                "Cannot resolve Webhook URL hostname {}: {error}",
                python::repr(&name)
            ))
        })?,
        Host::Ipv4(address) => vec![SocketAddr::from((address, 0))],
        Host::Ipv6(address) => vec![SocketAddr::from((address, 0))],
    };
    match addresses.iter().find(|address| !is_public(address.ip())) {
        Some(address) => Err(Error::invalid_parameter(format!(
            "Webhook URL must not resolve to a non-public IP address. {} resolves to {}.",
            python::repr(&name),
            address.ip()
        ))),
        None => Ok(()),
    }
}

/// Returns whether a URL's scheme is allowed and its host, if it is an IP address, is allowed. Host
/// names are checked when they are resolved.
pub fn may_connect_to(url: &Url, settings: &WebhookSettings) -> bool {
    let public = match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    };
    settings
        .allowed_schemes
        .iter()
        .any(|scheme| scheme == url.scheme())
        && (public || settings.allow_private_addresses)
}

/// Resolves a host name to its addresses.
pub async fn resolve(host: &str) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.collect())
}

/// Returns whether an address belongs to the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_for_protocols = first == 192 && second == 0 && third == 0;
    let is_for_benchmarks = first == 198 && (18..20).contains(&second);
    !(first == 0
        || first >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_for_protocols
        || is_for_benchmarks)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Global unicast addresses, except the ranges that are reserved within them.
    let is_global_unicast = segments[0] & 0xe000 == 0x2000;
    let is_for_protocols = segments[0] == 0x2001 && segments[1] < 0x0200;
    let is_documentation = (segments[0] == 0x2001 && segments[1] == 0x0db8)
        || (segments[0] == 0x3fff && segments[1] < 0x1000);
    is_global_unicast && !is_for_protocols && !is_documentation
}

/// Returns the IPv4 address that an IPv6 address leads to through mapping, NAT64 or 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(of(high, low))
        }
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_not_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.1",
            "203.0.113.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "::7f00:1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[actix_web::test]
    async fn refuses_urls_of_private_networks() {
        let settings = WebhookSettings::default();
        for (url, words) in [
            ("", "cannot be empty"),
            ("  ", "cannot be empty"),
            (
                "http://8.8.8.8/",
                "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.",
            ),
            ("example.org", "Invalid webhook URL scheme: ''"),
            ("https://", "must include a hostname"),
            ("https://127.0.0.1/", "'127.0.0.1' resolves to 127.0.0.1."),
            ("https://127.1/", "resolves to 127.0.0.1."),
            ("https://0x7f.1/", "resolves to 127.0.0.1."),
            ("https://[::1]/", "resolves to ::1."),
            ("https://[::ffff:10.0.0.1]/", "non-public"),
            ("https://localhost/", "non-public"),
            ("https://name.invalid/", "Cannot resolve"),
        ] {
            let message = check_url(url, &settings).await.expect_err(url).message;
            assert!(message.contains(words), "{message}");
        }
        assert_eq!(
            check_url("HTTPS://8.8.8.8:444/a?b", &settings).await,
            Ok(())
        );
        let lenient = WebhookSettings {
            allowed_schemes: vec!["http".to_owned()],
            allow_private_addresses: true,
            ..WebhookSettings::default()
        };
        assert_eq!(check_url("http://127.0.0.1:1/", &lenient).await, Ok(()));
    }
}
