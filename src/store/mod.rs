//! The only place with SQL. Handlers see [`Store::read`] and [`Store::write`]; the functions that
//! they pass take a [`Db`] and know nothing of how they are run.

pub mod artifact_digests;
pub mod artifact_locations;
pub mod auth;
pub mod belongings;
mod database_errors;
pub mod datasets;
mod db;
mod executor;
pub mod experiments;
pub mod gc;
pub mod governance;
mod in_list;
pub mod inputs;
pub mod logged_models;
pub mod metrics;
pub mod model_versions;
mod open;
pub mod paged;
mod prepared;
pub mod random_name;
pub mod registered_models;
mod registry_tags;
pub mod runs;
pub mod schema;
pub mod search;
pub(crate) mod stand_ins;
mod statement_size;
pub mod unserved;
pub mod webhooks;

pub use db::{Backend, Condition, Db};
pub(crate) use db::{locked, on_backend};
/// What Diesel reports. Callers turn it into an error of their own; they need not know its kinds.
pub use diesel::result::Error as DatabaseError;
pub use executor::{Store, WorkError};
pub use open::{DatabaseState, Head, OpenError, Step, check, checkpoint, initialize, prepare};

/// Everything is in the one workspace that a server without workspaces has.
pub(crate) const WORKSPACE: &str = "default";

/// The lifecycle stages of experiments and runs.
pub(crate) const ACTIVE: &str = "active";
pub(crate) const DELETED: &str = "deleted";

#[cfg(test)]
mod tests;
