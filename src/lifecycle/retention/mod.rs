//! Retention: how long a version is kept that was archived under a policy which says so, and with it its model,
//! its run, its logged model, its experiment and its artifacts. A new rule about what may be deleted belongs into
//! `deletion.rs`; a new reason to keep something into `terms.rs`.
//! May use `policy`, `in_force`, `decision`, `facts` (for origins), the audit log and the store.

mod deletion;
pub mod holds;
mod keeping;
mod report;
mod terms;

pub use self::deletion::{VersionDeletion, admit, check, let_go, moment, why_kept};
pub use self::report::{KeptVersion, page};
pub use self::terms::{begin, lengthen};
