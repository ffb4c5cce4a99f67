//! Checks that no artifact path leads out of the artifact root, and that a checked path stays unchanged.
#![no_main]

use std::path::{Component, Path};

use flowkeep::artifacts::ArtifactPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for path in [
        ArtifactPath::from_address(text),
        ArtifactPath::from_plain(text),
    ]
    .into_iter()
    .flatten()
    {
        let plain = path.as_str();
        let stays_below = |component| matches!(component, Component::Normal(_));
        assert!(Path::new(plain).components().all(stays_below), "{plain:?}");
        assert!(
            !plain.contains(|c: char| c == '\\' || c.is_control()),
            "{plain:?}"
        );
        assert_eq!(path.parts().collect::<Vec<_>>().join("/"), plain);

        let again = ArtifactPath::from_plain(plain).expect("a checked path passes the check");
        assert_eq!(again, path);
        let name = ArtifactPath::from_plain(path.name()).map(|name| path.parent().join(&name));
        assert!(
            name.is_err() || name.is_ok_and(|rejoined| rejoined == path),
            "{plain:?}"
        );
    }
});
