//! What may happen to a model version. Every change of a version's life passes through here,
//! whichever API it came by: it is decided, made and written to the history in one transaction, and
//! what webhooks are to be told of it goes out from here.

mod active;
mod adoption;
pub mod aliases;
mod archiving;
mod change;
mod claims;
mod content;
mod events;
pub mod evidence;
mod examined;
mod facts;
pub mod feature_files;
pub mod feature_spec;
mod gate;
pub mod gate_report;
pub mod gc;
mod in_force;
pub mod integrity;
mod limit;
mod model_files;
pub mod models;
mod origins;
pub mod policies;
pub mod policy;
pub mod preview;
mod reach;
mod reads;
pub mod restoring;
pub mod retention;
mod seals;
mod source;
pub mod version_reference;
pub mod version_tags;
pub mod versions;

pub use self::change::{Change, Done, Place, run};
