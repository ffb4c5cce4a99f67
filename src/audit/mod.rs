//! The append-only log of decisions: what is written for each change of a model's life, in the same
//! transaction, and what can be read back from it.

mod actor;
mod as_of;
mod entry;
mod read;

pub use self::actor::{ANONYMOUS, Actor};
pub use self::as_of::{AsOf, PastVersion, as_of};
pub use self::entry::{Action, Decision, Entry, Outcome, write};
pub use self::read::{HistoryEntry, RecordedActor, page};
