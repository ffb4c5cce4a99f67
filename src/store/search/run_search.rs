//! One page of a search for runs, as a query.

use diesel::prelude::*;

use super::lookup::ByRow;
use super::run_conditions::condition;
use super::run_keys::keys;
use super::token::KeyValue;
use crate::error::Result;
use crate::search::{Condition as Asked, OrderBy};
use crate::store::in_list::in_list;
use crate::store::runs::RunRow;
use crate::store::schema::runs;
use crate::store::{Condition, Db};

/// What is searched for.
pub struct RunSearch<'a> {
    pub experiments: &'a [i32],
    pub stages: &'static [&'static str],
    pub conditions: &'a [Asked],
    pub order: &'a [OrderBy],
    pub start: Start,
    pub limit: i64,
}

/// Where a page begins.
pub enum Start {
    /// Behind the row with these values of the keys; at the first row where there are none.
    Behind(Option<Vec<KeyValue>>),
    /// After so many rows, as in the tokens of stock MLflow.
    At(i64),
}

/// A part of the page.
#[derive(Default)]
pub struct Part {
    /// A condition that an index leads to.
    pub leading: Option<Condition<runs::table>>,
    /// The place of the condition that this one stands for.
    pub stands_for: Option<usize>,
    pub behind: Option<Condition<runs::table>>,
    pub limit: i64,
}

impl RunSearch<'_> {
    /// How many rows come before the page.
    pub fn offset(&self) -> i64 {
        match self.start {
            Start::Behind(_) => 0,
            Start::At(offset) => offset,
        }
    }

    /// Holds for the stages of the search.
    pub fn of_stages(&self) -> Condition<runs::table> {
        match self.stages {
            [stage] => Box::new(runs::lifecycle_stage.eq(*stage).assume_not_null()),
            both => Box::new(runs::lifecycle_stage.eq_any(both).assume_not_null()),
        }
    }

    /// Loads the rows of a part, in order.
    pub fn load(&self, db: &mut Db, part: Part) -> Result<Vec<RunRow>> {
        let mut query = runs::table
            .select(RunRow::as_select())
            .filter(self.of_stages())
            .into_boxed();
        query = match (self.experiments, part.leading) {
            // Not by the index of the newest runs.
            ([id], Some(leading)) => query
                .filter(leading)
                .filter(ByRow(runs::experiment_id).eq(*id)),
            (ids, Some(leading)) => query
                .filter(leading)
                .filter(in_list(ByRow(runs::experiment_id), ids.to_vec())),
            // An equality, so that an index can give the runs in their order.
            ([id], None) => query.filter(runs::experiment_id.eq(*id)),
            (ids, None) => query.filter(in_list(runs::experiment_id, ids.to_vec())),
        };
        for (place, asked) in self.conditions.iter().enumerate() {
            if part.stands_for != Some(place) {
                query = query.filter(condition(asked.clone())?);
            }
        }
        if let Some(behind) = part.behind {
            query = query.filter(behind);
        }
        for key in &keys(self.order)? {
            query = query.then_order_by(key.order());
        }
        query = query.limit(part.limit);
        if self.offset() > 0 {
            query = query.offset(self.offset());
        }
        Ok(query.load(db)?)
    }
}
