//! What comes of the limit of active versions, beside the requirement in a report: versions that give
//! way to a new one, and models that have too many.

use serde_json::{Value, json};

use super::archiving;
use super::change::Change;
use super::facts;
use super::gate::{self, Model};
use super::in_force::Applying;
use super::policy::{Requirement, refusal};
use super::versions::moving;
use crate::audit::{Entry, Outcome};
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, Stage};

/// As many versions as a message names; MLflow's column takes 500 letters.
const MOST_NAMED: usize = 20;

/// Archives the versions that give way to a new one. Gives their entries for the history, and the
/// message that the new version carries about it.
pub fn make_room(
    db: &mut Db,
    change: &Change,
    (model, applying): (Model, Option<&Applying>),
    (new, leaving): (i32, &[i32]),
) -> Result<(Vec<Entry>, String)> {
    let most = applying.and_then(most).unwrap_or_default();
    let reason = format!("version {new} was created, and at most {most} versions may be active");
    let mut asks = Vec::new();
    for row in model_versions::some(db, model.name, leaving)? {
        let before = facts::stage_of(&row);
        let mut ask = moving(model, row.version, before, Stage::Archived);
        let after = json!({"stage": Stage::Archived.as_str(), "reason": reason});
        ask.entry = ask.entry.after(after);
        asks.push(ask);
    }
    let admitted = gate::admit_under(db, change, (model, applying), asks)?;
    archiving::archive(db, change, model, leaving)?;
    let message = message(leaving, most);
    model_versions::set_status_message(db, model.name, new, &message)?;
    Ok((admitted.entries, message))
}

fn most(applying: &Applying) -> Option<u32> {
    let versions = applying.policy().spec().versions.as_ref()?;
    Some(versions.max_active.get())
}

fn message(leaving: &[i32], most: u32) -> String {
    let named: Vec<String> = leaving
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    let (what, were) = if leaving.len() == 1 {
        ("Version", "was")
    } else {
        ("Versions", "were")
    };
    let more = match leaving.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{what} {}{more} {were} archived, because at most {most} versions may be active.",
        named.join(", ")
    )
}

/// More active versions than the policy allows which a model comes under.
pub struct Excess {
    pub report: Value,
    pub message: String,
    is_refusal: bool,
}

impl Excess {
    pub fn of(applying: &Applying, active: usize) -> Option<Self> {
        let most = most(applying)?;
        let over = active.saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
        if over == 0 {
            return None;
        }
        let (policy, model) = (applying.policy(), &applying.model.name);
        let requirement = Requirement::unmet(
            "max_active",
            format!("the model has {active} active versions, and at most {most} may be."),
        )
        .remedy(format!("Archive {over} of them first."));
        let message = format!(
            "{} Model '{model}' has too many active versions:{}",
            refusal::first_sentence(policy.name(), &[&requirement], 1),
            refusal::item(&requirement)
        );
        let report = json!({
            "policy": policy.name(),
            "policy_hash": policy.hash(),
            "enforcement": policy.enforcement(),
            "model": model,
            "allowed": false,
            "requirements": [requirement],
        });
        Some(Self {
            report,
            message,
            is_refusal: applying.is_enforced(),
        })
    }

    pub fn outcome(&self) -> Outcome {
        if self.is_refusal {
            Outcome::Refused
        } else {
            Outcome::Warned
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_short() {
        assert_eq!(
            message(&[3], 10),
            "Version 3 was archived, because at most 10 versions may be active."
        );
        let many: Vec<i32> = (1..=i32::from(i16::MAX))
            .map(|n| n + 2_000_000_000)
            .collect();
        let message = message(&many, u32::MAX);
        assert!(
            message.contains(" and 32747 more were archived"),
            "{message}"
        );
        assert!(message.len() <= 500);
    }
}
