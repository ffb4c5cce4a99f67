//! Splits, extends and resolves artifact locations: local paths and URIs of object stores.

use std::path::{Component, Path, PathBuf};

/// The parts of a location. A location without a scheme is a local path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UriParts<'a> {
    pub scheme: &'a str,
    pub authority: Option<&'a str>,
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub fragment: Option<&'a str>,
}

/// Splits a location into its parts, without decoding them.
pub fn split(uri: &str) -> UriParts<'_> {
    let (scheme, rest) = match uri.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", uri),
    };
    let (rest, fragment) = cut(rest, '#');
    let (rest, query) = cut(rest, '?');
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (Some(&rest[..end]), &rest[end..])
        }
        None => (None, rest),
    };
    UriParts {
        scheme,
        authority,
        path,
        query,
        fragment,
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Returns the location with `path` appended to its path, before a query or a fragment.
pub fn append(uri: &str, path: &str) -> String {
    let parts = split(uri);
    if parts.scheme.is_empty() {
        return join(uri, path);
    }
    let joined = join(parts.path, path);
    let mut extended = format!("{}:", parts.scheme);
    if let Some(authority) = parts.authority {
        extended.push_str("//");
        extended.push_str(authority);
        if !joined.starts_with('/') {
            extended.push('/');
        }
    }
    extended.push_str(&joined);
    for (mark, part) in [('?', parts.query), ('#', parts.fragment)] {
        if let Some(part) = part {
            extended.push(mark);
            extended.push_str(part);
        }
    }
    extended
}

fn join(path: &str, more: &str) -> String {
    if path.is_empty() {
        return more.to_owned();
    }
    let separator = if path.ends_with('/') { "" } else { "/" };
    format!("{path}{separator}{}", more.trim_start_matches('/'))
}

/// Makes a local location absolute. Other locations stay unchanged.
///
/// Each experiment stores its location, so it must not depend on the directory in which the server
/// runs.
pub fn absolute(location: &str, working_directory: &Path) -> String {
    let parts = split(location);
    let resolved = || {
        let joined = working_directory.join(parts.path);
        let tidy: PathBuf = joined
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
        tidy.display().to_string()
    };
    match parts.scheme {
        "" if !location.starts_with('/') => resolved(),
        "file" if !parts.path.starts_with('/') => format!("file://{}", resolved()),
        _ => location.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_before_the_query() {
        for (uri, extended) in [
            ("mlflow-artifacts:/", "mlflow-artifacts:/0/a"),
            ("mlflow-artifacts:", "mlflow-artifacts:0/a"),
            ("s3://bucket", "s3://bucket/0/a"),
            ("s3://bucket/root/?k=v", "s3://bucket/root/0/a?k=v"),
            ("s3://bucket/root#f", "s3://bucket/root/0/a#f"),
            ("/srv/mlruns", "/srv/mlruns/0/a"),
            ("/srv/what?", "/srv/what?/0/a"),
            ("file:///srv", "file:///srv/0/a"),
            ("", "0/a"),
        ] {
            assert_eq!(append(uri, "0/a"), extended);
        }
    }

    #[test]
    fn makes_local_paths_absolute() {
        for (given, kept) in [
            ("s3://bucket/root", "s3://bucket/root"),
            ("./here", "/srv/here"),
            ("../here", "/srv/../here"),
            ("/there", "/there"),
            ("file:./here", "file:///srv/here"),
            ("file:///there", "file:///there"),
        ] {
            assert_eq!(absolute(given, Path::new("/srv")), kept);
        }
    }
}
