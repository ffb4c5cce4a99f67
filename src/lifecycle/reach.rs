//! Which policy reaches a model: what happens when another name or another tag of the model changes that.

use std::collections::BTreeSet;

use serde_json::json;

use super::change::Change;
use super::facts::{Contents, Wanted};
use super::gate::{self, Model};
use super::in_force::{self, Applying};
use super::limit::Excess;
use super::policy::{Policy, refusal};
use crate::audit::{Decision, Entry, Outcome};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::model_versions::{self, Row};

/// Which policy applied to a model before a change of its name or tags.
pub struct Reach(Option<Applying>);

/// How a model gets under another policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Name,
    Tags,
}

impl Reach {
    pub fn before(db: &mut Db, name: &str) -> Result<Self> {
        Ok(Self(in_force::of_model(db, name)?))
    }

    /// Looks at a model that was renamed or tagged in this transaction. Where another policy applies
    /// to it now, its versions must meet that; out of the reach of policies it cannot get.
    pub fn changed(
        self,
        db: &mut Db,
        change: &Change,
        model: Model,
        way: Way,
        entry: Entry,
    ) -> Result<Entry> {
        let now = in_force::of_model(db, model.name)?;
        let hash = |applying: &Applying| applying.policy().hash().to_owned();
        if self.0.as_ref().map(hash) == now.as_ref().map(hash) {
            return Ok(entry);
        }
        let rows = model_versions::all(db, model.name)?;
        if rows.is_empty() {
            return Ok(entry);
        }
        if let Some(before) = self.0.filter(Applying::is_enforced)
            && (way == Way::Tags || !now.as_ref().is_some_and(Applying::is_enforced))
        {
            return Err(refuse_to_leave(change, &before, entry));
        }
        match now {
            Some(applying) => enter(db, change, &applying, model, rows, entry),
            None => Ok(entry),
        }
    }
}

fn named(policy: &Policy) -> (String, String) {
    (policy.name().to_owned(), policy.hash().to_owned())
}

fn refuse_to_leave(change: &Change, before: &Applying, entry: Entry) -> Error {
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
    let decision = Decision {
        policy: Some(named(policy)),
        outcome: Outcome::Refused,
        report: report.to_string(),
    };
    change.refuse(entry.decision(Some(decision)), message)
}

fn enter(
    db: &mut Db,
    change: &Change,
    applying: &Applying,
    model: Model,
    rows: Vec<Row>,
    entry: Entry,
) -> Result<Entry> {
    let wanted = Wanted {
        contents: Contents::BehindGates,
        ..Wanted::new(applying, Some(model.id), rows, change.files_now())
    };
    let dossiers = gate::read(db, change, wanted)?;
    let mut reports = Vec::new();
    let mut messages = Vec::new();
    let mut outcome = Outcome::Done;
    let mut in_the_way = BTreeSet::new();
    for (version, dossier) in &dossiers {
        for target in gate::places(dossier) {
            let mut verdict = gate::judge(applying, dossier, &target);
            // It is there already: where it came from is no question any more.
            verdict
                .report
                .requirements
                .retain(|requirement| requirement.id != "from");
            if verdict.outcome() != Outcome::Done {
                outcome = verdict.outcome();
                reports.push(verdict.json());
                messages.push(verdict.details());
                in_the_way.insert(version);
            }
        }
    }
    let active = dossiers.values().filter(|dossier| gate::is_active(dossier));
    if let Some(excess) = Excess::of(applying, active.count()) {
        outcome = excess.outcome();
        reports.push(excess.report);
        messages.push(excess.message);
    }
    let report =
        json!({"allowed": reports.is_empty(), "versions": dossiers.len(), "reports": reports});
    let entry = entry.decision(Some(Decision {
        policy: Some(named(applying.policy())),
        outcome,
        report: report.to_string(),
    }));
    match outcome {
        Outcome::Refused => {
            let policy = applying.policy().name();
            let first = match in_the_way.len() {
                0 => String::new(),
                some => format!(
                    "Model '{}' cannot come under policy '{policy}', which {some} of its {} versions {} not meet.\n",
                    applying.model.name,
                    dossiers.len(),
                    if some == 1 { "does" } else { "do" }
                ),
            };
            let rest = messages.join("\n");
            let end = refusal::read_policy(policy);
            return Err(change.refuse(entry, format!("{first}{rest}\n{end}")));
        }
        Outcome::Warned => {
            for message in messages {
                change.warn(message);
            }
        }
        Outcome::Done => {}
    }
    let sealed = gate::seal(db, change, model, applying, &dossiers)?;
    change.write(db, &sealed)?;
    Ok(entry)
}
