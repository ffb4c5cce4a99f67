//! Searches that have been parsed: the part of a search that needs no database.

use super::token::KeyValue;
use crate::error::Result;
use crate::search::{Filter, OrderBy};

/// A request for a search.
pub trait Search: Sized {
    /// Parses the filter, the order and the page token of the request. A handler does so before it takes a connection.
    /// Fails with MLflow's error for the first part that is invalid.
    fn parse(self) -> Result<ParsedSearch<Self>>;
}

/// A search that has been parsed. The functions that search take no other kind.
pub struct ParsedSearch<R> {
    pub(super) request: R,
    /// The maximum number of rows on the page.
    pub(super) limit: i64,
    pub(super) filter: Filter,
    pub(super) order: Vec<OrderBy>,
    /// The sort keys of the last row of the page before, which fit the order. `None` for the first page.
    pub(super) after: Option<Vec<KeyValue>>,
    /// The experiments that are searched. Empty for searches of the registry and for experiments.
    pub(super) experiment_ids: Vec<i32>,
}

impl<R> ParsedSearch<R> {
    /// What the search asks of the rows that it finds.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }
}
