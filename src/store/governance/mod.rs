//! flowkeep's own tables about models: policies, evidence, seals, retention, history, and the ids of models.
//! [`crate::lifecycle`] and [`crate::audit`] decide what is written.

pub mod evidence;
pub mod guards;
pub mod history;
pub mod holds;
pub mod identity;
pub mod lineage;
pub mod locked;
pub mod policies;
pub mod retained;
pub mod seals;
pub mod whereabouts;

/// The outcome of a change that was refused.
pub const REFUSED: &str = "refused";
