//! How long versions are kept: the term of a retention begins with the archiving, and only ever gets longer.

use std::collections::HashMap;

use super::super::decision::Change;
use super::super::in_force::GovernedModel;
use super::super::policy::{Enforcement, ModelFacts, Period, Policy, select};
use super::keeping;
use crate::audit::{Action, Entry};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::history;
use crate::store::governance::retained::{self, Extension, Term};
use crate::store::registered_models::tags;

/// How long a policy keeps archived versions. A policy that only warns keeps none: a trial must not keep
/// anything for years.
pub fn period(policy: &Policy) -> Option<Period> {
    let retention = policy.spec().retention.as_ref()?;
    (policy.enforcement() == Enforcement::Enforce).then_some(retention.archived)
}

/// Begins the retention of versions that were archived in this transaction. One that had begun before only
/// ever gets longer.
pub fn begin(
    db: &mut Db,
    change: &Change,
    governed: GovernedModel,
    versions: &[i32],
) -> Result<()> {
    let period = governed.policy.and_then(|policy| period(policy.policy()));
    let Some(period) = period.filter(|_| !versions.is_empty()) else {
        return Ok(());
    };
    // A clock that was set back must not let a retention end early.
    let archived_at = history::newest(db)?.map_or(change.now_ms, |last| last.max(change.now_ms));
    let term = Term {
        archived_at,
        keep_until: period.after(archived_at),
    };
    let entries = keeping::keep(db, change, governed.model, versions, Some(term))?;
    change.write(db, &entries)
}

/// Lengthens the retentions for which policies that were applied in this transaction ask for more. None
/// becomes shorter.
pub fn lengthen(db: &mut Db, policies: &[Policy]) -> Result<Vec<Entry>> {
    if policies.iter().all(|policy| period(policy).is_none()) {
        return Ok(Vec::new());
    }
    let rows = retained::begun(db)?;
    let mut names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    names.sort();
    names.dedup();
    let mut tags = tags::of_models(db, &names)?;
    let periods: HashMap<String, Period> = names
        .into_iter()
        .filter_map(|name| {
            let tags = tags.remove(&name).unwrap_or_default();
            let model = ModelFacts {
                tags: tags
                    .into_iter()
                    .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
                    .collect(),
                name,
            };
            let period = period(select(policies, &model)?)?;
            Some((model.name, period))
        })
        .collect();
    let mut extensions = Vec::new();
    let mut entries = Vec::new();
    for row in rows {
        let (Some(archived_at), Some(before)) = (row.archived_at, row.keep_until) else {
            continue;
        };
        let after = periods
            .get(&row.name)
            .map(|period| period.after(archived_at));
        let Some(keep_until) = after.filter(|after| *after > before) else {
            continue;
        };
        let term = Term {
            archived_at,
            keep_until,
        };
        entries.push(keeping::entry(
            Action::RetentionExtended,
            &row,
            Some(before),
            term,
        ));
        extensions.push(Extension { id: row.id, term });
    }
    retained::extend(db, &extensions)?;
    Ok(entries)
}
