//! One entry of the log, and how it gets there.

use serde_json::Value;

use super::Actor;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::{REFUSED, history};

/// What happened. Each action has a name in the log that never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    PolicyApplied,
    PolicyDeleted,
    /// A model that was there before flowkeep had seen it, and where its versions and aliases were.
    ModelAdopted,
    VersionAdopted,
    AliasAdopted,
    ModelCreated,
    ModelUpdated,
    ModelRenamed,
    ModelDeleted,
    ModelTagSet,
    ModelTagDeleted,
    VersionCreated,
    VersionUpdated,
    VersionTransitioned,
    VersionRestored,
    VersionDeleted,
    /// What it consists of was fixed, or could not be.
    VersionSealed,
    VersionUnsealed,
    VersionTagSet,
    VersionTagDeleted,
    AliasSet,
    AliasDeleted,
    EvidenceRecorded,
    /// A version was archived under a policy that keeps it from then on.
    RetentionBegun,
    RetentionExtended,
    HoldPlaced,
    HoldLifted,
    /// What was deleted before, and is now gone for good with its artifacts.
    RunRemoved,
    LoggedModelRemoved,
    ExperimentRemoved,
}

impl Action {
    /// The name of the action in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PolicyApplied => "policy.applied",
            Self::PolicyDeleted => "policy.deleted",
            Self::ModelAdopted => "model.adopted",
            Self::VersionAdopted => "version.adopted",
            Self::AliasAdopted => "alias.adopted",
            Self::ModelCreated => "model.created",
            Self::ModelUpdated => "model.updated",
            Self::ModelRenamed => "model.renamed",
            Self::ModelDeleted => "model.deleted",
            Self::ModelTagSet => "model.tag_set",
            Self::ModelTagDeleted => "model.tag_deleted",
            Self::VersionCreated => "version.created",
            Self::VersionUpdated => "version.updated",
            Self::VersionTransitioned => "version.transitioned",
            Self::VersionRestored => "version.restored",
            Self::VersionDeleted => "version.deleted",
            Self::VersionSealed => "version.sealed",
            Self::VersionUnsealed => "version.left_unsealed",
            Self::VersionTagSet => "version.tag_set",
            Self::VersionTagDeleted => "version.tag_deleted",
            Self::AliasSet => "alias.set",
            Self::AliasDeleted => "alias.deleted",
            Self::EvidenceRecorded => "evidence.recorded",
            Self::RetentionBegun => "retention.begun",
            Self::RetentionExtended => "retention.extended",
            Self::HoldPlaced => "hold.placed",
            Self::HoldLifted => "hold.lifted",
            Self::RunRemoved => "run.removed",
            Self::LoggedModelRemoved => "logged_model.removed",
            Self::ExperimentRemoved => "experiment.removed",
        }
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryOutcome {
    #[default]
    Done,
    /// Done, though a policy that only warns is not met.
    Warned,
    Refused,
}

impl EntryOutcome {
    /// The name of the outcome in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Warned => "warned",
            Self::Refused => REFUSED,
        }
    }
}

/// A policy by its name and the hash of what it said at the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRef {
    pub name: String,
    pub hash: String,
}

/// What a policy said of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDecision {
    /// `None` for a rule that flowkeep has by itself.
    pub policy: Option<PolicyRef>,
    pub outcome: EntryOutcome,
    /// Each requirement with its verdict and the evidence that was used, as JSON.
    pub report: String,
}

/// One entry of the log, before it is written. It says what happened to what; who did it and when is known
/// by the one who writes it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub action: Action,
    pub model: Option<String>,
    pub model_id: Option<String>,
    pub version: Option<i32>,
    /// The stage that the version has from then on.
    pub stage: Option<&'static str>,
    pub alias: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub decision: Option<PolicyDecision>,
}

impl Entry {
    /// An entry that is about no model.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            model: None,
            model_id: None,
            version: None,
            stage: None,
            alias: None,
            before: None,
            after: None,
            decision: None,
        }
    }

    /// An entry about a registered model.
    pub fn of_model(action: Action, name: &str, model_id: &str) -> Self {
        Self {
            model: Some(name.to_owned()),
            model_id: Some(model_id.to_owned()),
            ..Self::new(action)
        }
    }

    /// Says which version of the model it is about.
    #[must_use]
    pub fn version(mut self, version: i32) -> Self {
        self.version = Some(version);
        self
    }

    /// Says which stage the version has from then on.
    #[must_use]
    pub fn stage(mut self, stage: &'static str) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Says which alias it is about.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        self.alias = Some(alias.to_owned());
        self
    }

    /// Says what there was before.
    #[must_use]
    pub fn before(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }

    /// Says what there is from then on.
    #[must_use]
    pub fn after(mut self, after: Value) -> Self {
        self.after = Some(after);
        self
    }

    /// Says what a policy had to say.
    #[must_use]
    pub fn decision(mut self, decision: Option<PolicyDecision>) -> Self {
        self.decision = decision;
        self
    }

    fn row<'a>(&'a self, actor: &'a Actor, now_ms: i64) -> history::NewHistoryRow<'a> {
        let decision = self.decision.as_ref();
        let outcome = decision.map(|decision| decision.outcome);
        let policy = decision.and_then(|decision| decision.policy.as_ref());
        history::NewHistoryRow {
            time_ms: now_ms,
            actor: actor.known(),
            claimed: actor.claimed.as_deref(),
            how: actor.how.as_deref(),
            action: self.action.as_str(),
            outcome: outcome.unwrap_or_default().as_str(),
            model: self.model.as_deref(),
            model_id: self.model_id.as_deref(),
            version: self.version,
            stage: self.stage,
            alias: self.alias.as_deref(),
            before: self.before.as_ref().map(Value::to_string),
            after: self.after.as_ref().map(Value::to_string),
            policy: policy.map(|policy| policy.name.as_str()),
            policy_hash: policy.map(|policy| policy.hash.as_str()),
            report: decision.map(|decision| decision.report.as_str()),
        }
    }
}

/// Writes entries in the transaction of the change that they tell of: after the commit both are there, or
/// neither is.
pub fn write(db: &mut Db, actor: &Actor, now_ms: i64, entries: &[Entry]) -> Result<()> {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| entry.row(actor, now_ms))
        .collect();
    history::insert(db, &rows)
}
