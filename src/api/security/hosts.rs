//! The names that the `Host` header of a request can contain.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::patterns::Pattern;

/// The allowed names of the server.
pub enum Hosts {
    Any,
    /// This machine and private addresses, to which no public DNS name points.
    Private,
    /// The names in the settings, and this machine.
    Listed(Vec<Pattern>),
}

impl Hosts {
    /// Reads the list of allowed names. Without a list, private addresses are allowed; `*` allows every name.
    pub fn new(allowed: Option<&[String]>) -> Self {
        match allowed {
            None => Self::Private,
            Some(hosts) if hosts.iter().any(|host| host == "*") => Self::Any,
            Some(hosts) => Self::Listed(
                hosts
                    .iter()
                    .map(|host| Pattern::new(&host.to_ascii_lowercase()))
                    .collect(),
            ),
        }
    }

    /// Returns whether a name is allowed. A name without a port in the settings allows every port.
    ///
    /// The names of this machine are always allowed: another site cannot make a browser send them for its own name, and
    /// probes on the machine use them.
    pub fn allow(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let name = without_port(&host);
        match self {
            Self::Any => true,
            Self::Private => is_this_machine(name) || address(name).is_some_and(is_private),
            Self::Listed(patterns) => {
                is_this_machine(name)
                    || !name.is_empty()
                        && patterns
                            .iter()
                            .any(|pattern| pattern.matches(&host) || pattern.matches(name))
            }
        }
    }
}

/// Returns a host without its port.
pub fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address are in brackets.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

fn is_this_machine(name: &str) -> bool {
    name == "localhost" || address(name).is_some_and(|address| address.is_loopback())
}

/// An address as hosts are written, which no name can be mistaken for: `10.example.com` is none.
fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[') {
        Some(rest) => Some(IpAddr::V6(
            rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?,
        )),
        None => Some(IpAddr::V4(name.parse::<Ipv4Addr>().ok()?)),
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_unspecified(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_and_private_hosts_are_the_default() {
        let hosts = Hosts::new(None);
        for host in [
            "localhost",
            "localhost:5000",
            "LocalHost",
            "127.0.0.1:5000",
            "[::1]",
            "[::1]:5000",
            "0.0.0.0:1",
            "192.168.0.7",
            "192.168.1.5:5000",
            "10.1.2.3:80",
            "172.16.0.1",
            "172.31.9.9:5000",
            "[fd00::7]:5000",
            "[fc12:3::7]",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in [
            "",
            ":5000",
            "evil.com",
            "localhost.evil.com",
            "172.32.0.1",
            "172.15.0.1",
            "[::2]:80",
            "[2001:db8::1]",
            // Names that look like addresses, which anybody can have.
            "10.evil.com",
            "192.168.evil.com:5000",
            "172.16.0.1.evil.com",
            "127.0.0.1.evil.com",
            "fd00:evil.com",
        ] {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn a_list_takes_the_place_of_private_addresses() {
        let list = [
            "ml.corp",
            "app-?.corp*:8080",
            "app-*.corp:*",
            "MLflow.Example.com",
            "only.corp:443",
            "[fd00::7]",
        ]
        .map(str::to_owned);
        let hosts = Hosts::new(Some(&list));
        for host in [
            "ml.corp",
            "ml.corp:5000",
            "ML.corp:",
            "app-1.corp:80",
            "mlflow.example.com:5000",
            "only.corp:443",
            "[fd00::7]:5000",
            // Probes on this machine.
            "localhost",
            "127.0.0.1:5000",
            "[::1]:5000",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "192.168.0.7",
            "0.0.0.0:5000",
            "ml-corp",
            "ml.corp.evil.com",
            "evil-ml.corp",
            "ml.corp:x",
            "ml.corp:5000:80",
            "only.corp",
            "only.corp:5000",
            "[fd00::8]:5000",
        ] {
            assert!(!hosts.allow(host), "{host}");
        }
        assert!(Hosts::new(Some(&["*".to_owned()])).allow("evil.com"));
    }
}
