//! Names with wildcards, as Python's `fnmatch` reads them.

use std::fmt::Write;

use regex::Regex;

/// What a client may call the server in the `Host` header.
pub enum Hosts {
    Any,
    Listed(Vec<Pattern>),
}

impl Hosts {
    /// Without a list, this machine and private addresses: names that no public name server gives out.
    pub fn new(allowed: Option<&[String]>) -> Self {
        match allowed {
            None => Self::Listed(
                default_hosts()
                    .iter()
                    .map(|host| Pattern::new(host))
                    .collect(),
            ),
            Some(hosts) if hosts.iter().any(|host| host == "*") => Self::Any,
            Some(hosts) => Self::Listed(hosts.iter().map(|host| Pattern::new(host)).collect()),
        }
    }

    pub fn allow(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(patterns) => {
                !host.is_empty() && patterns.iter().any(|pattern| pattern.matches(host))
            }
        }
    }
}

fn default_hosts() -> Vec<String> {
    let mut hosts: Vec<String> = [
        "localhost",
        "localhost:*",
        "127.0.0.1",
        "127.0.0.1:*",
        "[::1]",
        "[[]::1]:*",
        "0.0.0.0",
        "0.0.0.0:*",
        "192.168.*",
        "10.*",
        "fc00:*",
        "fd00:*",
    ]
    .map(str::to_owned)
    .to_vec();
    hosts.extend((16..32).map(|part| format!("172.{part}.*")));
    hosts
}

pub enum Pattern {
    Exact(String),
    Wildcards(Regex),
}

impl Pattern {
    /// Only a star makes it a pattern: `[::1]` is an address.
    pub fn new(text: &str) -> Self {
        if !text.contains('*') {
            return Self::Exact(text.to_owned());
        }
        match Regex::new(&translate(text)) {
            Ok(regex) => Self::Wildcards(regex),
            Err(_) => Self::Exact(text.to_owned()),
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Wildcards(regex) => regex.is_match(text),
        }
    }
}

fn translate(pattern: &str) -> String {
    let mut regex = String::from(r"(?s)\A");
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match read_set(rest) {
                Some((set, after)) => {
                    regex.push_str(&set);
                    rest = after;
                }
                None => regex.push_str(r"\["),
            },
            letter => write!(regex, "{}", regex::escape(letter.encode_utf8(&mut [0; 4])))
                .unwrap_or_default(),
        }
    }
    regex.push_str(r"\z");
    regex
}

/// `[abc]`, `[a-c]` or `[!abc]`, whose first letter may be a bracket.
fn read_set(text: &str) -> Option<(String, &str)> {
    let (negated, members) = match text.strip_prefix('!') {
        Some(members) => ("^", members),
        None => ("", text),
    };
    let first = members.chars().next()?.len_utf8();
    let end = first + members[first..].find(']')?;
    let escaped: String = members[..end]
        .chars()
        .map(|letter| match letter {
            '-' => "-".to_owned(),
            letter => regex::escape(letter.encode_utf8(&mut [0; 4])),
        })
        .collect();
    Some((format!("[{negated}{escaped}]"), &members[end + 1..]))
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
            "127.0.0.1:5000",
            "[::1]",
            "[::1]:5000",
            "0.0.0.0:1",
            "192.168.0.7",
            "10.1.2.3:80",
            "172.16.0.1",
            "172.31.9.9:5000",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in [
            "",
            "evil.com",
            "localhost.evil.com",
            "172.32.0.1",
            "172.15.0.1",
            "[::2]:80",
        ] {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn a_list_replaces_the_default() {
        let list = ["ml.corp".to_owned(), "app-?.corp:*".to_owned()];
        let hosts = Hosts::new(Some(&list));
        for host in ["ml.corp", "app-1.corp:80"] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in ["localhost", "ml.corp:80", "app-12.corp:80", "ml-corp"] {
            assert!(!hosts.allow(host), "{host}");
        }
        assert!(Hosts::new(Some(&["*".to_owned()])).allow("evil.com"));
    }

    #[test]
    fn sets_of_letters() {
        assert!(Pattern::new("*[a-c]").matches("xb"));
        assert!(!Pattern::new("*[!a-c]").matches("xb"));
        assert!(Pattern::new("*[]]").matches("x]"));
        assert!(Pattern::new("*[").matches("x["));
    }
}
