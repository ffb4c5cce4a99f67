//! Who may do what: who sends a request, what a route needs, and what MLflow's permissions allow.
//!
//! - [`needs`]: what routes need, as data, and what that means in permissions.
//! - [`resolution`]: which permission decides; `proxy_path`: whose artifacts a path is about. Both are pure.
//! - [`authorize`]: decides a request, in part in the transaction of its work.

mod authorize;
mod caller;
pub mod needs;
mod permission;
mod proxy_path;
mod resolution;
mod resource_type;

pub use self::authorize::{Check, Demand, authorize};
pub use self::caller::{Authenticated, Caller, Grant, Grants, User};
pub use self::needs::Access;
pub use self::permission::Permission;
pub use self::resource_type::ResourceType;

#[cfg(test)]
mod tests;
