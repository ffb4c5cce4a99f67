//! The differences between two manifests of one folder.

use std::cmp::Ordering;

use super::{Manifest, ManifestEntry};

/// The files of a folder that were changed, removed or added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Each file before and after the change.
    pub changed: Vec<(ManifestEntry, ManifestEntry)>,
    pub missing: Vec<ManifestEntry>,
    pub added: Vec<ManifestEntry>,
}

impl Differences {
    /// Compares two manifests of one folder.
    pub fn between(before: &Manifest, after: &Manifest) -> Self {
        let mut found = Self::default();
        let mut after = after.entries.iter().peekable();
        for old in &before.entries {
            while let Some(new) = after.next_if(|new| new.path < old.path) {
                found.added.push(new.clone());
            }
            match after.peek().map(|new| new.path.cmp(&old.path)) {
                Some(Ordering::Equal) => {
                    if let Some(new) = after.next()
                        && new != old
                    {
                        found.changed.push((old.clone(), new.clone()));
                    }
                }
                _ => found.missing.push(old.clone()),
            }
        }
        found.added.extend(after.cloned());
        found
    }

    /// Returns whether the two manifests were equal.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.missing.is_empty() && self.added.is_empty()
    }

    /// Describes each difference in words, such as "'a.bin' is missing".
    pub fn phrases(&self) -> impl Iterator<Item = String> {
        let changed = self
            .changed
            .iter()
            .map(|(old, _)| format!("'{}' has other bytes", old.path));
        let missing = self
            .missing
            .iter()
            .map(|old| format!("'{}' is missing", old.path));
        let added = self
            .added
            .iter()
            .map(|new| format!("'{}' is new", new.path));
        changed.chain(missing).chain(added)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn manifest(files: &[(String, u8)]) -> Manifest {
        let mut entries: Vec<_> = files
            .iter()
            .map(|(path, content)| ManifestEntry {
                path: path.clone(),
                size: 1,
                sha256: content.to_string(),
            })
            .collect();
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        entries.dedup_by(|left, right| left.path == right.path);
        Manifest::new(entries)
    }

    #[test]
    fn each_file_that_differs_is_named() {
        let file = |path: &str, content| (path.to_owned(), content);
        let before = manifest(&[file("a", 1), file("b", 1), file("d", 1)]);
        let after = manifest(&[file("a", 1), file("b", 2), file("c", 1), file("e", 1)]);
        let found: Vec<_> = Differences::between(&before, &after).phrases().collect();
        let expected = [
            "'b' has other bytes",
            "'d' is missing",
            "'c' is new",
            "'e' is new",
        ];
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn nothing_differs_where_digests_are_the_same(
            before in prop::collection::vec(("[a-c]/?[ab]", 0u8..3), 0..6),
            after in prop::collection::vec(("[a-c]/?[ab]", 0u8..3), 0..6),
        ) {
            let (before, after) = (manifest(&before), manifest(&after));
            let found = Differences::between(&before, &after);
            prop_assert_eq!(found.is_empty(), before.digest() == after.digest());
            prop_assert_eq!(
                before.entries.len() + found.added.len(),
                after.entries.len() + found.missing.len()
            );
        }
    }
}
