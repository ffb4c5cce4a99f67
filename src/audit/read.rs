//! Reads the log back, a page at a time.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ANONYMOUS;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::history::{self, HistoryFilter, HistoryRow};
use crate::store::paged::{PageRequest, Paged};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordedActor {
    /// The name that the server knows; `anonymous` where it has checked none.
    pub name: String,
    /// Whether the server has checked the name.
    pub authenticated: bool,
    /// The name that the client gave itself.
    pub claimed: Option<String>,
    /// How the server has checked the name: `password`, or `token` with the token's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

impl RecordedActor {
    /// The actor of a row: the name that the server knew, and the name that the client claimed.
    pub fn new(known: &str, claimed: Option<&str>) -> Self {
        Self {
            name: known.to_owned(),
            authenticated: known != ANONYMOUS,
            claimed: claimed.map(str::to_owned),
            how: None,
        }
    }

    /// Says how the server has checked the name.
    #[must_use]
    pub fn known_by(mut self, how: Option<&str>) -> Self {
        self.authenticated |= how.is_some();
        self.how = how.map(str::to_owned);
        self
    }
}

/// One entry of the history: a decision, or a change that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HistoryEntry {
    pub id: i64,
    /// When it was written, in milliseconds since 1970.
    pub time_ms: i64,
    pub actor: RecordedActor,
    /// What was done, such as `version.transitioned`.
    pub action: String,
    /// `done`, `warned` or `refused`.
    pub outcome: String,
    /// The model's name at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The model's id, which stays when the model is renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The stage that the version has from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What was there before.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub before: Value,
    /// What is there since.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub after: Value,
    /// The policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The hash of that policy's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_hash: Option<String>,
    /// The reports of the gates, or why something was refused.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub report: Value,
}

/// Returns a page of the entries that pass a filter, oldest first.
pub fn page(
    db: &mut Db,
    filter: &HistoryFilter,
    request: PageRequest,
) -> Result<Paged<HistoryEntry>> {
    let rows = history::page(db, filter, request.after, request.rows())?;
    Ok(Paged::of(rows, request, |row| row.id).map(HistoryEntry::from))
}

impl From<HistoryRow> for HistoryEntry {
    fn from(row: HistoryRow) -> Self {
        Self {
            id: row.id,
            time_ms: row.time_ms,
            actor: RecordedActor::new(&row.actor, row.claimed.as_deref())
                .known_by(row.how.as_deref()),
            action: row.action,
            outcome: row.outcome,
            model: row.model,
            model_id: row.model_id,
            version: row.version.map(|version| version.to_string()),
            stage: row.stage,
            alias: row.alias,
            before: parsed(row.before),
            after: parsed(row.after),
            policy: row.policy,
            policy_hash: row.policy_hash,
            report: parsed(row.report),
        }
    }
}

/// What flowkeep wrote is JSON; a hand on the database may have added something else.
fn parsed(text: Option<String>) -> Value {
    text.map_or(Value::Null, |text| {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    })
}
