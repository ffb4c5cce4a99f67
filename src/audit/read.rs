//! Reads the log back, a page at a time.

use serde::Serialize;
use serde_json::{Value, json};

use super::ANONYMOUS;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::history::{self, Filter, Row};

pub struct Wanted {
    pub filter: Filter,
    /// The last entry that was read before.
    pub after: i64,
    pub limit: i64,
}

#[derive(Debug, Serialize)]
pub struct Page {
    pub entries: Vec<Value>,
    /// Where the next page begins, if there is one.
    #[serde(skip)]
    pub next: Option<i64>,
}

pub fn page(db: &mut Db, wanted: &Wanted) -> Result<Page> {
    let mut rows = history::page(db, &wanted.filter, wanted.after, wanted.limit + 1)?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let next = (rows.len() > limit).then(|| {
        rows.truncate(limit);
        rows.last().map_or(wanted.after, |row| row.id)
    });
    Ok(Page {
        entries: rows.into_iter().map(described).collect(),
        next,
    })
}

/// How replies say who did something.
pub fn actor(known: &str, claimed: Option<&str>) -> Value {
    json!({"name": known, "authenticated": known != ANONYMOUS, "claimed": claimed})
}

fn described(row: Row) -> Value {
    let mut entry = json!({
        "id": row.id,
        "time_ms": row.time_ms,
        "actor": actor(&row.actor, row.claimed.as_deref()),
        "action": row.action,
        "outcome": row.outcome,
        "model": row.model,
        "model_id": row.model_id,
        "version": row.version.map(|version| version.to_string()),
        "stage": row.stage,
        "alias": row.alias,
        "before": parsed(row.before),
        "after": parsed(row.after),
        "policy": row.policy,
        "policy_hash": row.policy_hash,
        "report": parsed(row.report),
    });
    if let Some(fields) = entry.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    entry
}

/// What we wrote is JSON; a hand on the database may have added something else.
fn parsed(text: Option<String>) -> Value {
    text.map_or(Value::Null, |text| {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    })
}
