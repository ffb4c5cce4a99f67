//! Feature retrieval specs: which features a model takes, and where a scoring service fetches them.
//!
//! A spec is a YAML file among the artifacts of a model. What is in here reads it, compares it with the
//! signature of the model, and checks the columns of a scoring request. No database and no HTTP.

mod check;
mod column_type;
mod compare;
mod document;
mod signature;
mod yaml;

#[cfg(test)]
mod tests;

pub use self::check::{Check, Column, Mistyped, check};
pub use self::column_type::ColumnType;
pub use self::compare::{Comparison, compare};
pub use self::document::{Feature, FeatureSpec};
pub use self::signature::{Input, Inputs};

/// What the file is called among the artifacts of a model.
pub const FILE: &str = "feature_retrieval_spec.yaml";

/// What is wrong with a file, in sentences that begin with line and column where they can.
pub type Problems = Vec<String>;

/// As many bytes as files may have to be read.
pub mod limits {
    pub const SPEC: usize = 256 << 10;
    /// Signatures are in it, examples are not.
    pub const MLMODEL: usize = 4 << 20;
}
