//! Parses MLflow's search language: filters such as `metrics.rmse < 1 AND tags.team = 'blue'`, and
//! `order_by` clauses.
//!
//! All searches share one syntax. A [`Subject`] states which keys a search has and how each of them
//! can be compared. This module contains no SQL: `store::search` translates the tree into a query.
//! It uses `wire::python` and `error` only.

mod clauses;
mod comparison;
mod error;
mod keyword_comparisons;
mod lexer;
mod list;
mod logged_models;
mod order_by;
mod parser;
mod python;
mod subject;
mod tree;

pub use comparison::experiment_id;
pub use error::SearchError;
pub use logged_models::parse_order_by as parse_logged_model_order_by;
pub use order_by::{parse_order_by, parse_order_by_list};
pub use parser::parse_filter;
pub use python::{list, repr_of_bytes};
pub use subject::Subject;
pub use tree::{Condition, Entity, Field, Filter, Match, Number, OrderBy, Relation, Test};

#[cfg(test)]
mod tests;
