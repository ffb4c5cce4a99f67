//! flowkeep's own tables about the life of models: policies, evidence, history, and the ids that
//! models keep. What may be written is decided by [`crate::lifecycle`] and [`crate::audit`].

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

/// The outcome of what was not done.
pub const REFUSED: &str = "refused";
