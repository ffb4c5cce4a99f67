//! Edits of a version's tags. An edit must not remove what the version needs at its current stage and aliases.

use super::super::decision::{Change, NotDone};
use super::super::facts::FactsRequest;
use super::super::in_force::GovernedModel;
use super::super::policy::Tags;
use super::admission::{Admitted, gather_with_files};
use super::judging::{judge, places};
use crate::audit::Entry;
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::ModelVersionRow;

/// A tag of a version that is to be set or removed.
pub struct TagEdit<'a> {
    pub row: ModelVersionRow,
    pub key: &'a str,
    /// `None` removes the tag.
    pub value: Option<&'a str>,
    /// The entry for the history.
    pub entry: Entry,
}

impl TagEdit<'_> {
    fn apply(&self, tags: &mut Tags) {
        match self.value {
            Some(value) => tags.insert(self.key.to_owned(), value.to_owned()),
            None => tags.remove(self.key),
        };
    }
}

/// Admits an edit. Fails with a refusal if the version would no longer meet a requirement of its current stage or
/// aliases that it meets now.
pub fn admit_tag_edit(
    db: &mut Db,
    change: &Change,
    governed: GovernedModel,
    edit: TagEdit,
) -> Result<Admitted, NotDone> {
    let mut admitted = Admitted::default();
    let Some(policy) = governed.policy else {
        admitted.entries.push(edit.entry);
        return Ok(admitted);
    };
    let number = edit.row.version;
    let rows = vec![edit.row.clone()];
    let request = FactsRequest::everything(policy, Some(governed.model.id), rows, change);
    let versions = gather_with_files(db, request)?;
    let Some(version) = versions.get(&number) else {
        admitted.entries.push(edit.entry);
        return Ok(admitted);
    };
    let mut edited = version.clone();
    edit.apply(&mut edited.facts.version.tags);
    for target in places(version) {
        let before = judge(policy, version, &target);
        let mut after = judge(policy, &edited, &target);
        let was_met = |id: &str| {
            let mut requirements = before.report.requirements.iter();
            requirements.any(|requirement| requirement.id == id && requirement.met)
        };
        after
            .report
            .requirements
            .retain(|requirement| !requirement.met && was_met(&requirement.id));
        if !after.report.allowed() {
            after.set_aside.clear();
            let entry = after.settle(edit.entry, &mut admitted.warnings)?;
            admitted.entries.push(entry);
            return Ok(admitted);
        }
    }
    admitted.entries.push(edit.entry);
    Ok(admitted)
}
