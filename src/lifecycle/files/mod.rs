//! The files of models: their bytes, their signature and their feature retrieval spec. Files are read outside of any
//! transaction, and are passed to a decision as [`ModelFiles`]. May use `feature_spec`, `policy` (for the names of
//! facts), artifacts and the store.

mod content;
mod description;
mod feature_spec_file;
mod model_files;

pub use self::content::{Content, recorded_digest};
pub use self::description::Description;
pub use self::feature_spec_file::{
    FeatureSpecSources, FoundFeatureSpec, InheritedHints, InheritedTag, TAG,
};
pub use self::model_files::{FilesToRead, ModelFiles};
