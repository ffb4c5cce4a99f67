//! Seals: what a version consists of is fixed when it first passes a gate. From then on its artifacts may
//! not change, and each later gate compares them with the seal.
//! May use `decision`, `files`, `policy` (for the words of a report), the audit log, artifacts and the store.

mod comparison;
pub mod integrity;
mod sealing;

pub use self::comparison::{Seal, VersionContent, compare, of_versions};
pub use self::sealing::{Sealing, requirement, seal};
