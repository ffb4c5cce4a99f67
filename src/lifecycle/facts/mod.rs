//! Facts about versions, for policies to judge by: tags, lineage, evidence, files, seals, the other versions of
//! the model. Only what the gates in question ask for is read, in as many queries for a hundred versions as for one.
//! May use `policy`, `in_force`, `decision`, `files`, `seals`, `evidence`, `source`, the audit log and the store.

mod active_versions;
mod examination;
mod gathering;
mod origins;
mod production;
mod queries;
mod request;

pub use self::gathering::{GatheredVersion, gather};
pub use self::origins::{VersionOrigin, logged_model_of_version, origins_of};
pub use self::request::{ContentScope, FactsRequest, VersionBeingCreated};
