use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

const NAMES: [&str; 24] = [
    "model/MLmodel",
    "with space/a b.txt",
    "na\u{ef}ve/\u{65e5}\u{672c}\u{8a9e}.txt",
    "a#b",
    "100%",
    "a+b;c=d&e?f",
    "...",
    "a..b/c..",
    "~/x",
    "a%2Fb.txt",
    "a%252Fb.txt",
    "x%E4.txt",
    "x%zz",
    "%",
    "%41",
    "dog%step%20%timestamp%1795841614982%g.png",
    "dog%step%2500%timestamp%1795841614982%g.png",
    "a%0Ab",
    "a%5Cb",
    "a/%2E/b",
    // What looks like dots and slashes is none, as long as nobody normalizes it.
    "\u{ff0e}\u{ff0e}\u{ff0f}x",
    "\u{2025}/x",
    "\u{2024}\u{2024}\u{2215}x",
    "\u{ff3c}x",
];

#[test]
fn names_are_kept_as_they_are() {
    for name in NAMES {
        assert_eq!(ArtifactPath::from_plain(name).unwrap().as_str(), name);
    }
}

#[test]
fn addresses_are_decoded_once() {
    for name in NAMES {
        let path = ArtifactPath::from_address(&encoded(name)).unwrap();
        assert_eq!(path.as_str(), name);
    }
    for (text, path) in [
        ("a%20b", "a b"),
        ("a%2520b", "a%20b"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("50%25", "50%"),
        ("50%2525", "50%25"),
        ("a%23b", "a#b"),
        ("x%25E4.txt", "x%E4.txt"),
        ("100%", "100%"),
    ] {
        assert_eq!(ArtifactPath::from_address(text).unwrap().as_str(), path);
    }
}

#[test]
fn drops_empty_parts() {
    let path = ArtifactPath::from_plain("a//b/./c/").unwrap();
    assert_eq!(path.as_str(), "a/b/c");
    assert_eq!(path.name(), "c");
    assert_eq!(path.parent().as_str(), "a/b");
    assert!(ArtifactPath::from_plain(".").unwrap().is_root());
    assert_eq!(ArtifactPath::default().parts().count(), 0);
}

const WAYS_OUT: [&str; 24] = [
    "..",
    "../x",
    "a/../b",
    "a/..",
    "/etc/passwd",
    "//host/share",
    "C:\\x",
    "C:/x",
    "c:x",
    "\\\\host\\share",
    "..\\x",
    "a\\..\\b",
    "a/..\\b",
    "file:///etc/passwd",
    "FILE:etc",
    "..\0/x",
    "\0../x",
    ".\0./x",
    "a/.\u{1}./x",
    "a/..\n/x",
    "\t/etc",
    "%2e%2e/x",
    "a/%2E./b",
    "..%252f",
];

#[test]
fn refuses_what_leads_out() {
    for way in WAYS_OUT {
        assert_eq!(ArtifactPath::from_plain(way), Err(invalid()), "{way:?}");
        let mut text = way.to_owned();
        for _ in 0..6 {
            text = encoded(&text);
            assert_eq!(ArtifactPath::from_address(&text), Err(invalid()), "{text}");
        }
    }
}

#[test]
fn refuses_other_spellings() {
    for text in [
        "%2e%2e/x",
        "%252e%252e%252fx",
        "%25252e%25252e%25252fx",
        "..%2fx",
        "..%252fx",
        "..%255cx",
        "%2fetc/passwd",
        "%252Fetc",
        "%255c%255chost",
        "a%5c..%5cb",
        "a%5cb",
        "a%00b",
        "a\0",
        "a%0ab",
        "%ff",
        "%c0%ae%c0%ae/x",
        "%25c0%25ae%25c0%25ae/x",
        "..%25c0%25afx",
        "..%25e0%2580%25afx",
        "..%25c1%259cx",
        "%2543%253A%252Fx",
        "./c%253a/x",
        ".//%252fetc",
        "./c:/x",
    ] {
        assert_eq!(ArtifactPath::from_address(text), Err(invalid()), "{text}");
    }
    let nested = (0..MOST_DECODINGS).fold("a b".to_owned(), |text, _| encoded(&text));
    assert_eq!(ArtifactPath::from_plain(&nested), Err(invalid()));
}

#[test]
fn what_a_store_lists_is_below_its_folder() {
    let folder = ArtifactPath::from_plain("1/run").unwrap();
    for name in [
        "a:b",
        "c:/x",
        "a\\b",
        "a\nb",
        "%2e%2e%2fx",
        "file:x",
        "a%2Fb",
    ] {
        let path = folder.below(name).unwrap();
        assert_eq!(path.as_str(), format!("1/run/{name}"));
    }
    for name in ["", ".", "..", "a/../b", "/a", "a//b", "a/", "a\0"] {
        assert_eq!(folder.below(name), None, "{name:?}");
    }
    let root = ArtifactPath::default();
    let can_be_requested = |name| root.below(name).unwrap().can_be_requested();
    assert!(can_be_requested("a%2Fb") && can_be_requested("x%E4.txt"));
    assert!(!can_be_requested("a\\b") && !can_be_requested("%2e%2e%2fx"));
}

#[test]
fn names_of_uploads_are_taken() {
    let check = |path| ArtifactPath::from_plain(path).unwrap().check_name();
    assert!(check("a/.artifact.uploadin").is_ok());
    assert!(check("a/.artifact.uploading.x").is_err());
    assert!(check(".artifact.uploading.x/a").is_err());
}

/// A root below which a path leads nowhere else, whatever reads it.
fn stays_inside(path: &str) {
    assert!(std::path::Path::new(path).is_relative());
    assert!(!path.starts_with(['/', '\\']) && !path.contains('\0'));
    let mut text = path.to_owned();
    for _ in 0..12 {
        assert!(text.split(['/', '\\']).all(|part| part != ".."), "{path}");
        text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
}

proptest! {
    #[test]
    fn never_leads_out(text in r"[a.%/2eEfF5cC\\:03dD]{0,14}") {
        for path in [ArtifactPath::from_address(&text), ArtifactPath::from_plain(&text)] {
            let Ok(path) = path else { continue };
            assert!(path.parts().all(|part| part != ".." && part != "."));
            stays_inside(path.as_str());
            assert!(path.can_be_requested());
            assert_eq!(ArtifactPath::from_address(&encoded(path.as_str())).unwrap(), path);
        }
    }

    #[test]
    fn no_encoding_hides_a_way_out(
        before in "[ab%]{0,2}",
        way in prop::sample::select(&WAYS_OUT[..]),
        times in prop::collection::vec(any::<bool>(), 0..60),
    ) {
        // Each round encodes some of the characters once more.
        let mut text = if before.is_empty() { way.to_owned() } else { format!("{before}/../{way}") };
        for round in times.chunks(10) {
            text = text
                .chars()
                .enumerate()
                .map(|(at, letter)| {
                    let keep = round[at % round.len()] && letter != '%';
                    if keep { letter.to_string() } else { encoded(&letter.to_string()) }
                })
                .collect();
        }
        prop_assert!(ArtifactPath::from_plain(&text).is_err(), "{text}");
        prop_assert!(ArtifactPath::from_address(&text).is_err(), "{text}");
    }

    #[test]
    fn each_name_is_its_own(one in "[a.%/2fF0]{1,8}", other in "[a.%/2fF0]{1,8}") {
        if let (Ok(first), Ok(second)) = (ArtifactPath::from_plain(&one), ArtifactPath::from_plain(&other)) {
            let plain = |text: &str| text.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/");
            prop_assert_eq!(first == second, plain(&one) == plain(&other));
        }
    }
}
