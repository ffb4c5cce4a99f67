//! Keeps `flowkeep_metric_values` up to date: the latest values of metrics, sorted for searches.
//!
//! Triggers mark each metric that changes, whoever changes it. Marks are worked off later and many at once, so that
//! logging a point costs no change of a sorted table. Searches take marked metrics into account.

mod fill;
mod keeper;
mod merge;

use std::time::{Duration, Instant};

pub use self::keeper::keep_forever;
use super::Db;
use super::schema::{flowkeep_metric_fill, flowkeep_metric_marks};
use crate::error::Result;
use diesel::dsl::exists;
use diesel::prelude::*;

/// What a step has done.
pub struct Step {
    /// Whether there is likely more to do.
    pub more: bool,
    /// How long it worked.
    pub took: Duration,
}

/// Works off marks, and fills the table from the metrics of a database that is older than it: at most `rows` of each.
pub fn step(db: &mut Db, rows: u32) -> Result<Step> {
    let started = Instant::now();
    let merged = merge::marks(db, rows)?;
    let filled = fill::next(db, rows)?;
    Ok(Step {
        more: merged >= rows as usize || filled == fill::Progress::Begun,
        took: started.elapsed(),
    })
}

/// Returns whether a step would find anything to do.
pub fn is_behind(db: &mut Db) -> Result<bool> {
    let marked = flowkeep_metric_marks::table.select(flowkeep_metric_marks::key);
    let marked: bool = diesel::select(exists(marked)).get_result(db)?;
    let filling = flowkeep_metric_fill::table
        .filter(flowkeep_metric_fill::complete.eq(false))
        .select(flowkeep_metric_fill::id);
    Ok(marked || diesel::select(exists(filling)).get_result(db)?)
}
