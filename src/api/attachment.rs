//! The headers under which a file is sent: always as an attachment, so that no browser runs what
//! somebody stored as an artifact.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

/// What RFC 5987 lets stand for itself.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The extensions and names of files that are sent as text, whatever their registered type. The last ones are text for
/// Python's `mimetypes`, and other types in the registry of media types. MLflow finds projects under either spelling, and
/// sends only `mlproject` as text.
const TEXT: [&str; 31] = [
    "txt",
    "log",
    "err",
    "cfg",
    "conf",
    "cnf",
    "cf",
    "ini",
    "properties",
    "prop",
    "hocon",
    "toml",
    "yaml",
    "yml",
    "xml",
    "json",
    "js",
    "py",
    "py3",
    "csv",
    "tsv",
    "md",
    "rst",
    "ipynb",
    "MLmodel",
    "mlproject",
    "MLproject",
    "bat",
    "ksh",
    "pl",
    "srt",
];
const COMPRESSED: [&str; 6] = ["gz", "Z", "bz2", "xz", "br", "zst"];
const UNKNOWN: &str = "application/octet-stream";

/// Returns the media type under which a file of this name is sent.
pub fn content_type(name: &str) -> &'static str {
    let extension = extension(name).unwrap_or(name);
    if TEXT.contains(&extension) {
        return "text/plain";
    }
    let name = match name.rsplit_once('.') {
        Some((inner, extension)) if COMPRESSED.contains(&extension) => inner,
        _ => name,
    };
    mime_guess::from_path(name).first_raw().unwrap_or(UNKNOWN)
}

/// What follows the last dot; a dot at the start does not count.
fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.trim_start_matches('.').is_empty() && !extension.is_empty()).then_some(extension)
}

/// Returns the header that names a file: in ASCII, and in full where the name has other letters.
pub fn content_disposition(name: &str) -> String {
    if name.is_ascii() {
        return format!("attachment; filename={}", quoted(name));
    }
    let ascii: String = name.nfkd().filter(char::is_ascii).collect();
    let fallback = if ascii.is_empty() { "download" } else { &ascii };
    format!(
        "attachment; filename={}; filename*=UTF-8''{}",
        quoted(fallback),
        utf8_percent_encode(name, ATTRIBUTE)
    )
}

/// The same in a signed address, where MLflow tells a name that is not plain ASCII once.
pub fn signed_content_disposition(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) {
        let escaped = name.replace('\\', r"\\").replace('"', "\\\"");
        return format!("attachment; filename=\"{escaped}\"");
    }
    format!(
        "attachment; filename*=UTF-8''{}",
        utf8_percent_encode(name, ATTRIBUTE)
    )
}

fn quoted(name: &str) -> Cow<'_, str> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !name.is_empty() && name.chars().all(is_token) {
        return Cow::Borrowed(name);
    }
    let escaped = name.replace('\\', r"\\").replace('"', "\\\"");
    Cow::Owned(format!("\"{escaped}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_mlflow() {
        for (name, content_type_expected) in [
            ("MLmodel", "text/plain"),
            ("MLproject", "text/plain"),
            ("mlproject", "text/plain"),
            ("saved.mlproject", "text/plain"),
            ("run.bat", "text/plain"),
            ("metrics.json", "text/plain"),
            ("README.md", "text/plain"),
            ("plot.png", "image/png"),
            ("page.html", "text/html"),
            ("model.pkl", "application/octet-stream"),
            ("table.csv.gz", "text/csv"),
            ("weights.gz", "application/octet-stream"),
            ("noextension", "application/octet-stream"),
            (".json", "application/octet-stream"),
        ] {
            assert_eq!(content_type(name), content_type_expected, "{name}");
        }
    }

    #[test]
    fn names_are_told_in_ascii_and_in_full() {
        for (name, disposition) in [
            ("model.pkl", "attachment; filename=model.pkl"),
            ("b c.txt", r#"attachment; filename="b c.txt""#),
            (r#"a"b.txt"#, r#"attachment; filename="a\"b.txt""#),
            (
                "na\u{ef}ve%.bin",
                "attachment; filename=naive%.bin; filename*=UTF-8''na%C3%AFve%25.bin",
            ),
            (
                "\u{65e5}\u{672c}",
                "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC",
            ),
        ] {
            assert_eq!(content_disposition(name), disposition);
        }
    }
}
