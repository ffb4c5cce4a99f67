//! How a change of a model is decided and made: in one transaction that locks only the database. The modules above
//! get a [`Change`] (author, time, files) and return a [`Decision`]. May use `files`, the audit log, artifacts and
//! the store; it does not know policies.

mod adoption;
mod change;
mod outcome;
mod resources;
mod run;

pub use self::adoption::identify;
pub use self::change::{Change, Model};
pub use self::outcome::{Decision, Done, NotDone, Refusal};
pub use self::resources::Resources;
pub use self::run::{run, run_briefly};
