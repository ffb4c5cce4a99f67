//! Evidence about versions: recorded once, for the bytes and the tags that a version has at that time, and
//! weighed each time a gate asks. What evidence may say stands in `policy/claims.rs`; a new kind begins there.
//! May use `policy`, `in_force`, `decision`, `files`, `seals`, the audit log and the store.

mod listing;
mod recording;
mod tags;
mod weighing;

pub use self::listing::{RecordedEvidence, page};
pub use self::recording::{EvidenceSubject, InsertedEvidence, insert, record};
pub use self::tags::{is_reserved, of_tag};
pub use self::weighing::{CurrentVersion, SetAside, WeighedEvidence, weigh};
