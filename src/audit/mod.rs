//! The append-only log of decisions: an entry for each change of a model's life, written in the same
//! transaction, and what can be read back from it. It decides nothing. May use the store.

mod actor;
mod as_of;
mod entry;
mod read;

pub use self::actor::{ANONYMOUS, Actor};
pub use self::as_of::{AsOf, PastVersion, as_of, unknown_then};
pub use self::entry::{Action, Entry, EntryOutcome, PolicyDecision, PolicyRef, write};
pub use self::read::{HistoryEntry, RecordedActor, page};
