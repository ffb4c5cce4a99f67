//! What was read of the files of models, and what has to be read yet.

use std::collections::HashMap;

use super::{Content, Description, FeatureSpecSources};
use crate::artifacts::Artifacts;

/// What was read. Nothing is known of what could not be read.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles {
    descriptions: HashMap<FeatureSpecSources, Description>,
    contents: HashMap<String, Content>,
    /// Whether nothing can be read at all.
    out_of_reach: bool,
}

/// What has to be read before a decision can be made.
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

    /// Adds what others ask for.
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
