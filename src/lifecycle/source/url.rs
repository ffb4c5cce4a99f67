//! Parses URLs as Python does. Clients and stock MLflow read sources that way, and a check that reads them in
//! another way could be bypassed.

/// The parts of a URL. Escapes are not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// In lower case; empty for a plain path.
    pub scheme: String,
    pub authority: String,
    pub path: String,
}

/// Parses a URL. Returns `None` if the brackets in its authority do not match.
pub fn parse(url: &str) -> Option<Url> {
    let trimmed = url.trim_start_matches(|letter: char| letter <= ' ');
    let text: String = trimmed
        .chars()
        .filter(|letter| !matches!(letter, '\t' | '\r' | '\n'))
        .collect();
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), text.as_str()),
    };
    let (authority, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    if authority.contains('[') != authority.contains(']') {
        return None;
    }
    let path = rest.split('#').next().unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    Some(Url {
        authority: authority.to_owned(),
        path: path.to_owned(),
        scheme,
    })
}

impl Url {
    /// Returns the host in lower case, or `None` if there is none.
    pub fn host(&self) -> Option<String> {
        let host = self.host_and_port().0;
        (!host.is_empty()).then(|| host.to_lowercase())
    }

    /// Returns the port. Fails if the text in its place is not a port.
    pub fn port(&self) -> Result<Option<u16>, ()> {
        match self.host_and_port().1 {
            "" => Ok(None),
            port if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                port.parse().map(Some).map_err(|_| ())
            }
            _ => Err(()),
        }
    }

    fn host_and_port(&self) -> (&str, &str) {
        let after_user = self.authority.rsplit('@').next().unwrap_or_default();
        match after_user.split_once('[') {
            Some((_, bracketed)) => {
                let (host, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
                (host, rest.split_once(':').map_or("", |(_, port)| port))
            }
            None => after_user.split_once(':').unwrap_or((after_user, "")),
        }
    }

    /// Parameters stand behind a semicolon in the last part of a path, in some schemes.
    pub fn path_without_parameters(&self) -> &str {
        const WITH_PARAMETERS: [&str; 16] = [
            "", "ftp", "hdl", "prospero", "http", "imap", "https", "shttp", "rtsp", "rtsps",
            "rtspu", "sip", "sips", "mms", "sftp", "tel",
        ];
        if !WITH_PARAMETERS.contains(&self.scheme.as_str()) {
            return &self.path;
        }
        let last = self.path.rfind('/').unwrap_or(0);
        match self.path[last..].find(';') {
            Some(position) => &self.path[..last + position],
            None => &self.path,
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

/// Decodes percent escapes. Bytes that are not UTF-8 become a replacement character.
pub fn unescape(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Decodes a text until it has no escapes any more, however often it was encoded.
pub fn unescape_fully(text: &str, once: impl Fn(&str) -> String) -> String {
    let mut text = text.to_owned();
    loop {
        // Each round makes the text shorter, or leaves it as it was.
        let unescaped = once(&text);
        if unescaped == text || unescaped.len() > text.len() {
            return unescaped;
        }
        text = unescaped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_apart_as_in_python() {
        for (url, scheme, authority, path) in [
            ("s3://bucket/a/b?q#f", "s3", "bucket", "/a/b"),
            ("/a/b", "", "", "/a/b"),
            ("FILE:/a", "file", "", "/a"),
            ("  \x01s3://b/c", "s3", "b", "/c"),
            ("s\t3://b\n/c", "s3", "b", "/c"),
            ("1s:/a", "", "", "1s:/a"),
            ("a b:/c", "", "", "a b:/c"),
            ("runs:abc", "runs", "", "abc"),
            ("//host/a", "", "host", "/a"),
            ("http://host?q", "http", "host", ""),
            ("mlflow-artifacts:/a", "mlflow-artifacts", "", "/a"),
            ("http:////a", "http", "", "//a"),
        ] {
            let parsed = parse(url).unwrap();
            assert_eq!(
                (
                    parsed.scheme.as_str(),
                    parsed.authority.as_str(),
                    parsed.path.as_str()
                ),
                (scheme, authority, path),
                "{url:?}"
            );
        }
        assert_eq!(parse("http://[::1/a"), None);
    }

    #[test]
    fn hosts_and_ports_are_found() {
        for (url, host, port) in [
            ("http://Host:80/a", Some("host"), Ok(Some(80))),
            ("http://user:word@host/a", Some("host"), Ok(None)),
            ("http://[::1]:90/a", Some("::1"), Ok(Some(90))),
            ("http://host:x/a", Some("host"), Err(())),
            ("http://host:99999/a", Some("host"), Err(())),
            ("http:/a", None, Ok(None)),
        ] {
            let parsed = parse(url).unwrap();
            assert_eq!(parsed.host().as_deref(), host, "{url}");
            assert_eq!(parsed.port(), port, "{url}");
        }
    }

    #[test]
    fn parameters_are_cut_where_the_scheme_has_them() {
        assert_eq!(
            parse("http://h/a;b/c;d").unwrap().path_without_parameters(),
            "/a;b/c"
        );
        assert_eq!(
            parse("s3://h/c;d").unwrap().path_without_parameters(),
            "/c;d"
        );
    }

    #[test]
    fn escapes_are_read_to_the_end() {
        assert_eq!(unescape_fully("%25252e", unescape), ".");
        assert_eq!(unescape_fully("100%", unescape), "100%");
    }
}
