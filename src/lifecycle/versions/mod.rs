//! What may happen to a version: it is created, moved between stages, archived, restored, tagged, described and
//! deleted. Each operation is one decision: it reads the row of its version once and looks the policy up once.
//! May use everything in `lifecycle` but the operations on models and policies.

mod archive;
mod create;
mod edit;
mod limit;
mod moves;
mod restore;
pub mod tags;
mod transition;

pub use self::create::create;
pub use self::edit::{delete, update};
pub use self::restore::restore;
pub use self::transition::transition;
