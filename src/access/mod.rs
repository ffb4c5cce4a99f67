//! Who may do what: who sends a request, and what MLflow's permissions allow.

mod caller;
mod permission;
mod resource_type;

pub use self::caller::{Authenticated, Caller, Grant, Grants, User};
pub use self::permission::Permission;
pub use self::resource_type::ResourceType;
