//! What one request may log at once.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::wire::{LogBatch, Param, python};

const MOST_METRICS: usize = 1_000;
const MOST_PARAMS_OR_TAGS: usize = 100;
const MOST_ENTITIES: usize = 1_000;

/// Checks the size of a batch, and that it gives each param one value.
pub(super) fn batch(request: &LogBatch) -> Result<()> {
    let (metrics, params, tags) = (
        request.metrics.len(),
        request.params.len(),
        request.tags.len(),
    );
    at_most("metrics", MOST_METRICS, metrics)?;
    at_most("params", MOST_PARAMS_OR_TAGS, params)?;
    at_most("tags", MOST_PARAMS_OR_TAGS, tags)?;
    at_most(
        "metrics, params, and tags",
        MOST_ENTITIES,
        metrics + params + tags,
    )?;
    params_once(&request.params)
}

fn at_most(entities: &str, limit: usize, count: usize) -> Result<()> {
    if count > limit {
        return Err(Error::invalid_parameter(format!(
            "A batch logging request can contain at most {limit} {entities}. Got {count} {entities}. \
             Please split up {entities} across multiple requests and try again."
        )));
    }
    Ok(())
}

fn params_once(params: &[Param]) -> Result<()> {
    let mut seen = HashSet::new();
    let repeated: Vec<String> = params
        .iter()
        .filter(|param| !seen.insert(param.key()))
        .map(|param| python::repr(param.key()))
        .collect();
    if repeated.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only \
         one param value per param key.",
        repeated.join(", ")
    )))
}
