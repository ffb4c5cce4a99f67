//! Gates: decide whether a change may move versions. Every change that gives a version a stage or an alias,
//! registers it, edits its tags or puts its model under another policy is decided here. May use `policy`,
//! `in_force`, `decision`, `facts`, `seals`, the audit log and the store.

mod admission;
pub mod gate_report;
mod judging;
mod policy_switch;
pub mod preview;
mod tag_edits;
mod version_limit;

pub use self::admission::{Admitted, Move, MovingVersion, admit};
pub use self::policy_switch::{ModelEdit, PolicyBefore, SwitchCause};
pub use self::tag_edits::{TagEdit, admit_tag_edit};
