//! The search for runs.

use diesel::prelude::*;

use super::keyset::{KeyColumn, key_values, read_token};
use super::parsed::{ParsedSearch, Search};
use super::run_keys::{keys, values};
use super::run_search::{RunSearch, Start};
use super::run_ways::rows;
use super::token::{KeyValue, PageToken, offset_of_stock};
use super::visible::VisibleNames;
use super::{experiment_ids, max_results, stages};
use crate::error::Result;
use crate::search::{self, OrderBy, Subject};
use crate::store::Db;
use crate::store::runs::{RunRow, assemble};
use crate::store::schema::runs;
use crate::wire::{Run, RunData, SearchRuns, search_runs};

impl Search for SearchRuns {
    fn parse(self) -> Result<ParsedSearch<Self>> {
        let limit = max_results(i64::from(self.max_results()))?;
        let filter = search::parse_filter(self.filter(), Subject::Runs)?;
        let order = search::parse_order_by_list(&self.order_by, Subject::Runs)?;
        let keys = keys(&order)?;
        let after = match offset_of_stock(self.page_token()) {
            Some(_) => None,
            None => read_token(self.page_token.as_deref(), &keys)?,
        };
        let experiment_ids = experiment_ids(&self.experiment_ids)?;
        Ok(ParsedSearch {
            request: self,
            limit,
            filter,
            order,
            after,
            experiment_ids,
        })
    }
}

/// Returns one page of the runs that a search finds in the experiments that are seen.
pub fn search_runs(
    db: &mut Db,
    search: &ParsedSearch<SearchRuns>,
    visible: &VisibleNames,
) -> Result<search_runs::Response> {
    // A client may have its token from stock MLflow, which ran on this database until a moment ago.
    let start = match offset_of_stock(search.request.page_token()) {
        Some(offset) => Start::At(offset),
        None => Start::Behind(search.after.clone()),
    };
    let experiments = visible.experiments_among(&search.experiment_ids);
    let wanted = RunSearch {
        experiments: &experiments,
        stages: stages(search.request.run_view_type()),
        conditions: &search.filter.conditions,
        order: &search.order,
        start,
        limit: search.limit,
    };
    let mut rows = rows(db, &wanted)?;
    let last = super::cut(&mut rows, search.limit)
        .then(|| rows.last().cloned())
        .flatten();
    let mut runs = assemble(db, rows)?;
    let next_page_token = match (last, runs.last()) {
        (Some(row), Some(run)) => Some(token_behind(db, &search.order, &row, run)?),
        _ => None,
    };
    // Only a single run tells which models went into it.
    for inputs in runs.iter_mut().filter_map(|run| run.inputs.as_mut()) {
        inputs.model_inputs.clear();
    }
    Ok(search_runs::Response {
        runs,
        next_page_token,
    })
}

/// Returns the token of the page behind a run.
fn token_behind(db: &mut Db, order: &[OrderBy], row: &RunRow, run: &Run) -> Result<String> {
    let none = RunData::default();
    let known = values(order, row, run.data.as_ref().unwrap_or(&none));
    let values = if let Some(values) = known {
        values
    } else {
        key_values!(
            db,
            runs::table,
            &keys(order)?,
            runs::run_uuid.eq(&row.run_id)
        )
    };
    PageToken::encode(values)
}
