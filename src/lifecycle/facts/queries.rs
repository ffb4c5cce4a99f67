//! Selects the tables that are read for a decision. Most policies need few of them, and a change should not wait for
//! the others.

use std::collections::HashMap;

use super::super::evidence;
use super::FactsRequest;
use crate::store::governance::lineage::LoggedParts;
use crate::wire::ModelVersionTag;

/// What is read, beside the tags of the versions.
pub struct FactQueries {
    pub origins: bool,
    /// The versions whose evidence is read.
    pub evidence_of: Vec<i32>,
    pub of_runs: LoggedParts,
    pub of_logged_models: LoggedParts,
}

impl FactQueries {
    /// Decides what is read for a request. `tags` are those of the versions, by name and number.
    pub fn plan(
        request: &FactsRequest,
        tags: &HashMap<(String, i32), Vec<ModelVersionTag>>,
    ) -> Self {
        let needs = &request.needs;
        let name = request.model_name();
        let mut has_all_tags = true;
        let mut evidence_of = Vec::new();
        for row in &request.rows {
            let tags = tags.get(&(name.to_owned(), row.version));
            let tags = tags.map(Vec::as_slice).unwrap_or_default();
            let keys = || tags.iter().map(ModelVersionTag::key);
            has_all_tags &= !needs.tags_beyond(keys());
            // About a version that is being created there is no evidence yet but what its tags say.
            let is_new = request.being_created.contains_key(&row.version);
            if !is_new || keys().any(evidence::is_reserved) {
                evidence_of.push(row.version);
            }
        }
        let of_logged_models = LoggedParts {
            params: needs.params,
            metrics: needs.metrics,
            tags: !has_all_tags,
            user: false,
        };
        let of_runs = LoggedParts {
            tags: of_logged_models.tags || needs.authors,
            user: needs.authors,
            ..of_logged_models
        };
        let mut rows = request.rows.iter();
        let are_new = rows.all(|row| request.being_created.contains_key(&row.version));
        let is_asked = needs.origin || of_runs.any();
        Self {
            origins: is_asked && !are_new,
            evidence_of,
            of_runs,
            of_logged_models,
        }
    }
}
