//! Changes of a model's name or tags, which can put the model under another policy. Its versions must meet that
//! policy, and a model with versions cannot leave an enforced policy by a change of tags.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::decision::{Change, Model, NotDone, Refusal};
use super::super::facts::{ContentScope, FactsRequest};
use super::super::in_force::{self, ApplicablePolicy};
use super::super::policy::refusal;
use super::admission::{Admitted, gather_with_files, seal};
use super::judging::{is_active, judge, places};
use super::version_limit::LimitExceeded;
use crate::audit::{Entry, EntryOutcome, PolicyDecision};
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, ModelVersionRow};

/// The policy that applied to a model before a change of its name or tags.
pub struct PolicyBefore(Option<ApplicablePolicy>);

/// A model that was renamed or tagged in this transaction.
pub struct ModelEdit<'a> {
    pub model: Model<'a>,
    pub cause: SwitchCause,
    /// The entry for the history.
    pub entry: Entry,
}

/// The kind of change that can put a model under another policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchCause {
    Name,
    Tags,
}

impl PolicyBefore {
    /// Looks up the policy before the change is made.
    pub fn look_up(db: &mut Db, name: &str) -> Result<Self> {
        Ok(Self(in_force::of_model(db, name)?))
    }

    /// Admits a change that was made in this transaction. If another policy applies now, the versions of the model must
    /// meet it.
    pub fn admit(self, db: &mut Db, change: &Change, edit: ModelEdit) -> Result<Admitted, NotDone> {
        let unchanged = |entry| Admitted {
            entries: vec![entry],
            ..Admitted::default()
        };
        let now = in_force::of_model(db, edit.model.name)?;
        let hash = |policy: &ApplicablePolicy| policy.policy().hash().to_owned();
        if self.0.as_ref().map(hash) == now.as_ref().map(hash) {
            return Ok(unchanged(edit.entry));
        }
        let rows = model_versions::all(db, edit.model.name)?;
        if rows.is_empty() {
            return Ok(unchanged(edit.entry));
        }
        if let Some(before) = self.0.filter(ApplicablePolicy::is_enforced)
            && (edit.cause == SwitchCause::Tags
                || !now.as_ref().is_some_and(ApplicablePolicy::is_enforced))
        {
            return Err(refuse_to_leave(&before, edit.entry));
        }
        match now {
            Some(policy) => enter(db, change, &policy, rows, edit),
            None => Ok(unchanged(edit.entry)),
        }
    }
}

fn refuse_to_leave(before: &ApplicablePolicy, entry: Entry) -> NotDone {
    let policy = before.policy();
    let model = &before.model.name;
    let message = format!(
        "Model '{model}' has versions and stands under policy '{}', which would not apply to it any more. \
         Delete its versions, or apply a policy that names the model as it is to be.",
        policy.name()
    );
    let report = json!({
        "policy": policy.name(),
        "policy_hash": policy.hash(),
        "model": model,
        "allowed": false,
        "requirements": [{"id": "reach", "met": false, "explanation": message}],
    });
    let decision = PolicyDecision {
        policy: Some(before.reference()),
        outcome: EntryOutcome::Refused,
        report: report.to_string(),
    };
    Refusal::reported(entry.decision(Some(decision)), message)
}

/// Evaluates the new policy for all versions of a model, each for its current stage and aliases.
fn enter(
    db: &mut Db,
    change: &Change,
    policy: &ApplicablePolicy,
    rows: Vec<ModelVersionRow>,
    edit: ModelEdit,
) -> Result<Admitted, NotDone> {
    let ModelEdit { model, entry, .. } = edit;
    let request = FactsRequest {
        contents: ContentScope::BehindGates,
        ..FactsRequest::everything(policy, Some(model.id), rows, change)
    };
    let versions = gather_with_files(db, request)?;
    let mut reports = Vec::new();
    let mut messages = Vec::new();
    let mut outcome = EntryOutcome::Done;
    let mut in_the_way = BTreeSet::new();
    for (number, version) in &versions {
        for target in places(version) {
            let mut report = judge(policy, version, &target);
            // It is there already: where it came from is no question any more.
            report
                .report
                .requirements
                .retain(|requirement| requirement.id != "from");
            if report.outcome() != EntryOutcome::Done {
                outcome = report.outcome();
                reports.push(report.json());
                messages.push(report.details());
                in_the_way.insert(number);
            }
        }
    }
    let active = versions.values().filter(|version| is_active(version));
    if let Some(exceeded) = LimitExceeded::check(policy, active.count()) {
        outcome = exceeded.outcome();
        reports.push(exceeded.report);
        messages.push(exceeded.message);
    }
    let report =
        json!({"allowed": reports.is_empty(), "versions": versions.len(), "reports": reports});
    let entry = entry.decision(Some(PolicyDecision {
        policy: Some(policy.reference()),
        outcome,
        report: report.to_string(),
    }));
    if outcome == EntryOutcome::Refused {
        let policy_name = policy.policy().name();
        let first = match in_the_way.len() {
            0 => String::new(),
            some => format!(
                "Model '{}' cannot come under policy '{policy_name}', which {some} of its {} versions {} not meet.\n",
                policy.model.name,
                versions.len(),
                if some == 1 { "does" } else { "do" }
            ),
        };
        let rest = messages.join("\n");
        let end = refusal::read_policy(policy_name);
        return Err(Refusal::reported(entry, format!("{first}{rest}\n{end}")));
    }
    let mut entries = seal(db, change, model, policy, &versions)?;
    entries.push(entry);
    Ok(Admitted {
        entries,
        warnings: messages,
        ..Admitted::default()
    })
}
