//! Policies: what must be true before a version may be registered, enter a stage or get an alias.
//!
//! A policy is a YAML document. It is read and checked once, and then evaluated against the facts of
//! a version. There is no database and no HTTP in here, so that what a policy says can be tested
//! without a server.

pub mod cases;
mod check;
pub mod claims;
mod comparisons;
pub mod document;
mod document_error;
mod evaluate;
mod expression;
mod facts;
mod glob;
mod items;
mod needs;
mod reading;
pub mod refusal;
mod report;
mod requirements;
mod selection;
pub mod statistics;
mod values;

pub use document::Enforcement;
pub use document_error::DocumentError;
pub use evaluate::evaluate;
pub use facts::{
    AbTest, ActiveVersion, Approval, Binding, Evaluation, Facts, FeatureSpecFacts, Lineage, Logged,
    Metrics, ModelFacts, Params, Tags, Target, Verdict, VersionFacts,
};
pub use needs::Needs;
pub(crate) use reading::read;
pub use reading::{Policy, schema};
pub use report::{Report, Requirement};
pub use selection::{Specificity, Tie, find_tie, select};
pub use values::Period;

#[cfg(test)]
mod tests;
