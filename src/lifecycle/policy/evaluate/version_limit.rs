//! The limit of active versions: whether one more may be active, and which ones are archived for it.

use std::fmt::Write;

use super::evaluation::Evaluation;
use crate::lifecycle::policy::Policy;
use crate::lifecycle::policy::document::{Enforcement, Spec};
use crate::lifecycle::policy::facts::{ActiveVersion, Target};
use crate::lifecycle::policy::report::Requirement;
use crate::store::model_versions::Stage;

const ID: &str = "max_active";

/// As many versions as an explanation names.
const MOST_NAMED: usize = 20;

/// The limit of a policy, and the versions that there are.
struct VersionLimit<'a> {
    spec: &'a Spec,
    others: &'a [ActiveVersion],
    most: u32,
    /// How many there would be too many.
    over: usize,
}

impl Evaluation<'_> {
    /// Adds the requirement of the limit. A new version sends others into the archive. One that comes out of
    /// the archive sends none: the caller has to say which one it is for.
    pub(super) fn version_limit(&mut self, policy: &Policy) {
        let spec = policy.spec();
        let (Some(versions), Some(others)) = (&spec.versions, &self.facts.others) else {
            return;
        };
        let most = versions.max_active.get();
        let limit = VersionLimit {
            spec,
            others,
            most,
            over: (others.len() + 1).saturating_sub(usize::try_from(most).unwrap_or(usize::MAX)),
        };
        let is_archived = self.facts.version.current_stage == Stage::Archived;
        let requirement = match self.target {
            Target::Registration if !is_archived => limit.for_new(policy.enforcement()),
            Target::Stage(stage) if is_archived && *stage != Stage::Archived => {
                limit.for_archived()
            }
            _ => return,
        };
        self.add(requirement);
    }
}

impl VersionLimit<'_> {
    fn for_new(&self, enforcement: Enforcement) -> Requirement {
        if self.over == 0 {
            return self.enough();
        }
        let (leaving, staying) = self.sides();
        if leaving.len() < self.over {
            let can = match leaving.len() {
                0 => "None of the others can be archived for it".to_owned(),
                _ => format!(
                    "Of the others, only {} can be archived for it",
                    names(&leaving)
                ),
            };
            let explanation = format!("{} {can}; these stay: {}.", self.count(), names(&staying));
            return Requirement::unmet(ID, explanation).remedy(
                "Transition a version that is not needed any more to Archived, or take its alias away, first.",
            );
        }
        let leaving = &leaving[..self.over];
        let is_one = leaving.len() == 1;
        let what = if is_one { "Version" } else { "Versions" };
        let (count, names) = (self.count(), names(leaving));
        match enforcement {
            Enforcement::Enforce => {
                let are = if is_one { "is" } else { "are" };
                Requirement::met(ID, format!("{count} {what} {names} {are} archived."))
                    .archives(leaving.iter().map(|version| version.version))
            }
            Enforcement::Warn => {
                let explanation = format!(
                    "{count} {what} {names} would be archived if the policy were enforced."
                );
                Requirement::unmet(ID, explanation)
            }
        }
    }

    fn for_archived(&self) -> Requirement {
        if self.over == 0 {
            return self.enough();
        }
        let oldest = self.sides().0.first().map(|oldest| {
            let version = oldest.version;
            format!(" The oldest that no stage and no alias keeps is version {version}.")
        });
        let remedy = match self.over {
            1 => "Transition another version to Archived first.".to_owned(),
            over => format!("Transition {over} other versions to Archived first."),
        };
        Requirement::unmet(ID, self.count()).remedy(remedy + &oldest.unwrap_or_default())
    }

    fn enough(&self) -> Requirement {
        let count = self.others.len() + 1;
        let most = self.most;
        Requirement::met(
            ID,
            format!("with this one, the model has {count} of at most {most} active versions."),
        )
    }

    fn count(&self) -> String {
        let count = self.others.len() + 1;
        let most = self.most;
        format!("with this one, {count} versions would be active, and at most {most} may be.")
    }

    /// Those that may give way, the oldest first, and those that stay.
    fn sides(&self) -> (Vec<&ActiveVersion>, Vec<&ActiveVersion>) {
        let mut others: Vec<&ActiveVersion> = self.others.iter().collect();
        others.sort_by_key(|other| other.version);
        others.into_iter().partition(|other| !self.stays(other))
    }

    /// None is where every version begins: a gate in front of it keeps nothing there.
    fn stays(&self, version: &ActiveVersion) -> bool {
        let stage = version.stage;
        let is_gated = stage != Stage::None && self.spec.stages.contains_key(&stage);
        is_gated || !version.aliases.is_empty() || version.stays
    }
}

/// Versions by their numbers, each with what keeps it where it is.
fn names(versions: &[&ActiveVersion]) -> String {
    let named = versions.iter().take(MOST_NAMED).map(|version| {
        let stage = (version.stage != Stage::None).then(|| version.stage.as_str().to_owned());
        let aliases = version
            .aliases
            .iter()
            .map(|alias| format!("alias '{alias}'"));
        let marks: Vec<String> = stage.into_iter().chain(aliases).collect();
        let number = version.version;
        if marks.is_empty() {
            number.to_string()
        } else {
            format!("{number} ({})", marks.join(", "))
        }
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if versions.len() > MOST_NAMED {
        // Writing to a String cannot fail.
        let _ = write!(text, " and {} more", versions.len() - MOST_NAMED);
    }
    text
}
