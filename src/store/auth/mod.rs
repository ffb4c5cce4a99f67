//! MLflow's auth database: users, their roles, what the roles grant, and flowkeep's tokens. It may be a database of
//! its own or the tracking database.

mod conflicts;
mod copies;
mod legacy_grants;
mod open;
pub(in crate::store) mod revisions;
pub mod role_permissions;
pub mod roles;
mod schema;
pub mod snapshot;
pub mod tokens;
pub mod user_grants;
pub mod users;
mod watch;

pub use self::open::{AuthDatabaseState, check, prepare};
pub use self::watch::ChangeWatch;
