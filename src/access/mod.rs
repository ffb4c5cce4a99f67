//! Who may do what: who sends a request, what a route needs, and what MLflow's permissions allow.
//!
//! - [`Logins`] finds out who sends a request.
//! - [`needs`]: what routes need, as data, and what that means in permissions.
//! - `resolution`: which permission decides; `proxy_path`: whose artifacts a path is about. Both are pure.
//! - [`authorize`](authorize()): decides a request, in part in the transaction of its work.

mod authorize;
mod caller;
mod first_admin;
mod form_tokens;
mod grant_rules;
mod logins;
pub mod needs;
pub mod owner_grants;
mod password_cache;
pub mod passwords;
mod permission;
mod proxy_path;
mod resolution;
mod resource_type;
mod throttle;
pub mod tokens;
mod user_cache;

pub use self::authorize::{Check, Demand, authorize};
pub use self::caller::{Authenticated, Caller, Grant, Grants, User};
pub use self::grant_rules::{check_grant, check_pattern, check_permission, check_resource_type};
pub use self::logins::{Credentials, LoginError, Logins};
pub use self::needs::Access;
pub use self::permission::Permission;
pub use self::resource_type::ResourceType;

#[cfg(test)]
mod tests;
