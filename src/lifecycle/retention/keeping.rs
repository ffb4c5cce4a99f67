//! Keeps versions, and all that has to be kept with them.

use std::collections::HashSet;

use serde_json::json;

use super::super::decision::{Change, Model};
use super::super::facts::origins_of;
use crate::audit::{Action, Entry};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::guards::{self, Guard, GuardKind};
use crate::store::governance::retained::{self, Extension, NewRetainedRow, RetainedRow, Term};
use crate::store::governance::whereabouts;
use crate::store::model_versions::{self, ModelVersionRow};

/// Keeps versions for a term, or for as long as there are holds if there is no term. Returns the entries for
/// the history.
pub fn keep(
    db: &mut Db,
    change: &Change,
    model: Model,
    versions: &[i32],
    term: Option<Term>,
) -> Result<Vec<Entry>> {
    let live = retained::live(db, model.id, versions)?;
    let mut entries = match term {
        Some(term) => extend(db, &live, term)?,
        None => Vec::new(),
    };
    let known: HashSet<i32> = live.iter().map(|row| row.version).collect();
    let new: Vec<i32> = versions
        .iter()
        .copied()
        .filter(|version| !known.contains(version))
        .collect();
    if new.is_empty() {
        return Ok(entries);
    }
    let rows = model_versions::some(db, model.name, &new)?;
    insert(db, change, model, rows, term)?;
    if let Some(term) = term {
        for row in retained::live(db, model.id, &new)? {
            entries.push(entry(Action::RetentionBegun, &row, None, term));
        }
    }
    Ok(entries)
}

/// Gives versions that are kept already a later term, unless theirs is later.
fn extend(db: &mut Db, live: &[RetainedRow], term: Term) -> Result<Vec<Entry>> {
    let mut extensions = Vec::new();
    let mut entries = Vec::new();
    for row in live {
        let later = Term {
            archived_at: row
                .archived_at
                .map_or(term.archived_at, |before| before.max(term.archived_at)),
            keep_until: row
                .keep_until
                .map_or(term.keep_until, |before| before.max(term.keep_until)),
        };
        let unchanged =
            (row.archived_at, row.keep_until) == (Some(later.archived_at), Some(later.keep_until));
        if unchanged {
            continue;
        }
        let action = match row.keep_until {
            None => Action::RetentionBegun,
            Some(_) => Action::RetentionExtended,
        };
        entries.push(entry(action, row, row.keep_until, later));
        extensions.push(Extension {
            id: row.id,
            term: later,
        });
    }
    retained::extend(db, &extensions)?;
    Ok(entries)
}

fn insert(
    db: &mut Db,
    change: &Change,
    model: Model,
    rows: Vec<ModelVersionRow>,
    term: Option<Term>,
) -> Result<()> {
    let origins = origins_of(db, Some(model.id), &rows)?;
    let model_ids: Vec<&str> = origins.values().filter_map(|one| one.model_id()).collect();
    let logged_models = whereabouts::of_logged_models(db, &model_ids)?;
    // A version may name its logged model alone, which has a run.
    let run_of = |version: i32| {
        let origin = origins.get(&version)?;
        let logged_model = || logged_models.get(origin.model_id()?)?.run_id.as_deref();
        origin
            .run_id()
            .or_else(logged_model)
            .filter(|id| !id.is_empty())
    };
    let run_ids: Vec<&str> = rows.iter().filter_map(|row| run_of(row.version)).collect();
    let experiments = whereabouts::of_runs(db, &run_ids)?;
    let addresses: Vec<Option<String>> = rows
        .iter()
        .map(|row| {
            let address = change.address(row.location()?)?;
            Some(address.trim_end_matches('/').to_owned())
        })
        .collect();
    let kept: Vec<NewRetainedRow> = rows
        .iter()
        .zip(&addresses)
        .map(|(row, address)| {
            let run_id = run_of(row.version);
            let model_id = origins.get(&row.version).and_then(|one| one.model_id());
            NewRetainedRow {
                model_id: model.id,
                version: row.version,
                name: model.name,
                run_id,
                logged_model_id: model_id,
                run_experiment_id: run_id.and_then(|id| experiments.get(id).copied()),
                model_experiment_id: model_id
                    .and_then(|id| logged_models.get(id))
                    .map(|model| model.experiment_id),
                address: address.as_deref(),
                archived_at: term.map(|term| term.archived_at),
                keep_until: term.map(|term| term.keep_until),
            }
        })
        .collect();
    retained::insert(db, &kept)?;
    let guards: Vec<Guard> = kept
        .iter()
        .filter_map(|row| {
            Some(Guard {
                address: row.address?,
                model_id: row.model_id,
                version: row.version,
                kind: GuardKind::Retention,
            })
        })
        .collect();
    guards::set_all(db, &guards)
}

/// Returns the entry for a retention that begins or gets longer.
pub fn entry(action: Action, row: &RetainedRow, before: Option<i64>, term: Term) -> Entry {
    let entry = Entry::of_model(action, &row.name, &row.model_id)
        .version(row.version)
        .after(json!({
            "archived_at_ms": term.archived_at,
            "keep_until_ms": term.keep_until,
        }));
    match before {
        Some(before) => entry.before(json!({"keep_until_ms": before})),
        None => entry,
    }
}
