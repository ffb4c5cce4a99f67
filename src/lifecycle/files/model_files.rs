//! The model files that have been read for a change, and those that still have to be read.

use std::collections::HashMap;

use super::{Content, Description, FeatureSpecSources};
use crate::artifacts::Artifacts;

/// The files that have been read. A file that could not be read counts as unknown.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles {
    descriptions: HashMap<FeatureSpecSources, Description>,
    contents: HashMap<String, Content>,
    /// Whether storage cannot be reached at all.
    out_of_reach: bool,
}

/// The files that have to be read before a decision can be made.
#[derive(Clone, Debug, Default)]
pub struct FilesToRead {
    pub descriptions: Vec<FeatureSpecSources>,
    /// Locations whose bytes are asked for.
    pub contents: Vec<String>,
}

impl FilesToRead {
    /// The bytes at one location.
    pub fn content_of(location: String) -> Self {
        Self {
            contents: vec![location],
            ..Self::default()
        }
    }

    /// Adds the files of another list.
    pub fn extend(&mut self, others: Self) {
        self.descriptions.extend(others.descriptions);
        self.contents.extend(others.contents);
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.descriptions.is_empty() && self.contents.is_empty()
    }
}

impl ModelFiles {
    /// Stands for storage that cannot be reached: every content is unknown.
    pub fn out_of_reach() -> Self {
        Self {
            out_of_reach: true,
            ..Self::default()
        }
    }

    /// What a model says of itself, if that was read.
    pub fn description(&self, sources: &FeatureSpecSources) -> Option<Description> {
        self.descriptions.get(sources).cloned()
    }

    /// What is at a location, if that was read.
    pub fn content(&self, location: &str) -> Option<Content> {
        if self.out_of_reach {
            return Some(Content::Unknown("No storage is at hand.".to_owned()));
        }
        self.contents.get(location).cloned()
    }

    /// Reads files and keeps what they say. What cannot be read is kept as unknown.
    pub async fn read(&mut self, artifacts: &Artifacts, needed: FilesToRead) {
        for sources in needed.descriptions {
            let description = Description::read(artifacts, &sources).await;
            self.descriptions.insert(sources, description);
        }
        for location in needed.contents {
            let content = Content::read(artifacts, &location).await;
            self.contents.insert(location, content);
        }
    }
}
