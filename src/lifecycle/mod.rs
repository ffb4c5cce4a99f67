//! What may happen to a model version. Every change of a version's life passes through here, whichever API it
//! came by: it is decided, made and written to the history in one transaction, and webhooks are told of it.
//!
//! Each room uses only those above it in this list:
//!
//! - [`policy`]: policies as documents, and their evaluation; [`feature_spec`]: feature retrieval specs. Both are
//!   pure: no database, no HTTP.
//! - `source`: where the artifacts of a new version may lie.
//! - `files`: what the files of models say and hold.
//! - `decision`: a change, and what comes of it: done, refused, or in need of files.
//! - `in_force`: the policies in force, and which one applies to a model.
//! - `seals`: what a version consists of, fixed at its first gate.
//! - [`evidence`]: evaluations, A/B tests and approvals, recorded and weighed.
//! - `facts`: gathers what a policy judges by.
//! - `gates`: lets changes through, or refuses them.
//! - [`retention`]: how long versions are kept; legal holds; what may be deleted.
//! - [`version_reference`]: finds the version that a client names. `events`: what webhooks are told.
//! - [`versions`], [`models`], [`aliases`], [`policies`], [`deletions`], [`gc`]: the operations.
//!
//! Where something new goes: a kind of evidence begins in `policy/claims.rs`; a requirement in
//! `policy/document.rs` and `policy/evaluate/`; a rule about what may be deleted in `retention/deletion.rs`.

pub mod aliases;
mod decision;
pub mod deletions;
mod events;
pub mod evidence;
mod facts;
pub mod feature_spec;
mod files;
mod gates;
pub mod gc;
mod in_force;
pub mod models;
pub mod policies;
pub mod policy;
pub mod retention;
mod seals;
mod source;
pub mod version_reference;
pub mod versions;

pub use self::decision::{Change, Decision, Done, NotDone, Resources, run, run_briefly};
pub use self::files::{FeatureSpecSources, FoundFeatureSpec, TAG as FEATURE_SPEC_TAG};
pub use self::gates::{gate_report, preview};
pub use self::seals::integrity;
pub use self::source::ModelUri;
