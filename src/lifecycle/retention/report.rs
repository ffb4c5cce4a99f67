//! What is kept, why and until when, and what may go.

use serde::Serialize;
use serde_json::{Value, json};

use super::end;
use super::holds::describe;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::holds;
use crate::store::governance::retained::{self, Row};

#[derive(Debug, Default, Serialize)]
pub struct Page {
    pub entries: Vec<Value>,
    /// After which id the next page begins.
    #[serde(skip)]
    pub next: Option<i64>,
}

impl Page {
    /// A page of rows, of which one more than fits was asked for.
    pub fn of<T>(
        mut rows: Vec<T>,
        limit: i64,
        id: impl Fn(&T) -> i64,
        describe: impl FnMut(T) -> Value,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(id);
        Self {
            entries: rows.into_iter().map(describe).collect(),
            next,
        }
    }
}

/// What part of the report is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub model: Option<String>,
    pub after: i64,
    pub limit: i64,
    /// When it is asked.
    pub now_ms: i64,
}

pub fn page(db: &mut Db, wanted: &Wanted) -> Result<Page> {
    let rows = retained::page(db, wanted.model.as_deref(), wanted.after, wanted.limit + 1)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut holds = holds::in_force(db, &ids)?;
    Ok(Page::of(
        rows,
        wanted.limit,
        |row| row.id,
        |row| {
            let holds = holds.remove(&row.id).unwrap_or_default();
            entry(&row, &holds, wanted.now_ms)
        },
    ))
}

fn entry(row: &Row, holds: &[holds::Row], now_ms: i64) -> Value {
    let is_kept = row.keep_until.is_some_and(|until| until > now_ms);
    let mut experiments: Vec<i32> = [row.run_experiment_id, row.model_experiment_id]
        .into_iter()
        .flatten()
        .collect();
    experiments.dedup();
    let experiments: Vec<String> = experiments.iter().map(i32::to_string).collect();
    json!({
        "model": row.name,
        "version": row.version.to_string(),
        "archived_at_ms": row.archived_at,
        "keep_until_ms": row.keep_until,
        "holds": holds.iter().map(describe).collect::<Vec<_>>(),
        "may_go": !is_kept && holds.is_empty(),
        "why": end::why(row, holds, now_ms),
        "run_id": row.run_id,
        "logged_model_id": row.logged_model_id,
        "experiment_ids": experiments,
        "artifacts": row.address,
    })
}
