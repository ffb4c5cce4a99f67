//! MLflow's search language: filters such as `metrics.rmse < 1 AND tags.team = 'blue'`, and the
//! clauses that order what is found.
//!
//! There is one syntax for all searches, and a [`Subject`] for each: which keys it has, and how
//! each may be compared. No SQL is known here; the store turns the tree into a query.

mod clauses;
mod comparison;
mod error;
mod joined;
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
