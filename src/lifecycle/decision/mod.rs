//! How a change of a model's life is decided and made: in one transaction that holds nothing but the database.
//! The rooms above get a [`Change`] (who asks, when, what is known of files) and return a [`Decision`].
//! May use `files`, the audit log, artifacts and the store; it knows nothing of policies.

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
