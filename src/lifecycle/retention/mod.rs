//! Retention: how long a version is kept that was archived under a policy which says so, and with it
//! its model, its run, its logged model, its experiment and its artifacts.

mod end;
pub mod holds;
mod keep;
mod report;

pub use self::end::{Ending, admit, check, let_go, moment, why};
pub use self::keep::keep;
pub use self::report::{KeptVersion, page};
use std::collections::HashMap;

use super::change::Change;
use super::gate::Model;
use super::in_force;
use super::policy::{Enforcement, ModelFacts, Period, Policy, select};
use crate::audit::{Action, Entry};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::history;
use crate::store::governance::retained::{self, Term};
use crate::store::registered_models::tags;

/// How long a policy keeps archived versions. What one only warns of, it does not do either: a trial
/// must not keep anything for years.
pub fn period(policy: &Policy) -> Option<Period> {
    let retention = policy.spec().retention.as_ref()?;
    (policy.enforcement() == Enforcement::Enforce).then_some(retention.archived)
}

/// Lets the retention of versions begin that were archived in this transaction. Where it had begun
/// before, it only ever gets longer.
pub fn begin(db: &mut Db, change: &Change, model: Model, versions: &[i32]) -> Result<()> {
    if versions.is_empty() {
        return Ok(());
    }
    let Some(applying) = in_force::of_model(db, model.name)? else {
        return Ok(());
    };
    let Some(period) = period(applying.policy()) else {
        return Ok(());
    };
    // A clock that was set back must not let a retention end early.
    let archived_at = history::newest(db)?.map_or(change.now_ms, |last| last.max(change.now_ms));
    let term = Term {
        archived_at,
        keep_until: period.after(archived_at),
    };
    let entries = keep(db, change, model, versions, Some(term))?;
    change.write(db, &entries)
}

/// Makes retentions longer for which policies that were applied in this transaction ask for more.
/// None becomes shorter.
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
    let mut terms = Vec::new();
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
        entries.push(keep::entry(
            Action::RetentionExtended,
            &row,
            Some(before),
            term,
        ));
        terms.push((row.id, term));
    }
    retained::extend(db, &terms)?;
    Ok(entries)
}
