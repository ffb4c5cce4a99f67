//! Evidence about versions: how it is recorded, and which of it counts.

use serde_json::{Value, json};

use super::change::Change;
use super::content;
use super::facts::{SetAside, tags_digest};
use super::in_force;
use super::model_files::Unread;
use super::policy::claims::{AbTestClaim, ApprovalClaim, Claim, EvaluationClaim};
use super::policy::{AbTest, Approval, Binding, Evaluation, Tags};
use super::source;
use crate::audit::{Action, Entry};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::evidence;
use crate::store::model_versions::Row;

const EVALUATION: &str = "evaluation";
const AB_TEST: &str = "ab_test";
const APPROVAL: &str = "approval";

/// Whether a version tag of this key is evidence.
pub fn is_reserved(key: &str) -> bool {
    Claim::from_tag(key, "").is_some()
}

/// What a version tag says, if it is evidence.
pub fn of_tag(key: &str, value: &str) -> Result<Option<Claim>> {
    Claim::from_tag(key, value)
        .transpose()
        .map_err(Error::invalid_parameter)
}

/// The version that evidence is about.
pub struct About<'a> {
    pub name: &'a str,
    pub model_id: &'a str,
    pub row: &'a Row,
    pub tags: &'a Tags,
}

/// Keeps evidence. The entry that is returned belongs into the history.
pub fn record(db: &mut Db, change: &Change, about: &About, claim: Claim) -> Result<(i64, Entry)> {
    let (kind, body) = described(change, claim)?;
    let text = body.to_string();
    let is_approval = kind == APPROVAL;
    // Whoever approves a version approves what its tags say, too.
    let tags = is_approval.then(|| tags_digest(about.tags));
    let place = about.row.clone().location().unwrap_or_default();
    let content = digest(db, change, about, place)?;
    let id = evidence::insert(
        db,
        &evidence::NewRow {
            model_id: about.model_id,
            version: about.row.version,
            version_created_at: about.row.creation_time,
            kind,
            body: &text,
            source: about.row.source.as_deref(),
            content_digest: content.as_deref(),
            tags_digest: tags.as_deref(),
            actor: change.actor.known(),
            claimed: change.actor.claimed.as_deref(),
            recorded_at: change.now_ms,
        },
    )?;
    let entry = Entry::of_model(Action::EvidenceRecorded, about.name, about.model_id)
        .version(about.row.version)
        .after(json!({
            "evidence": id,
            "kind": kind,
            "body": body,
            "source": about.row.source,
            "content_digest": content,
        }));
    Ok((id, entry))
}

fn described(change: &Change, claim: Claim) -> Result<(&'static str, Value)> {
    let written = |value: serde_json::Result<Value>| {
        value.map_err(|error| Error::invalid_parameter(format!("The evidence is refused: {error}")))
    };
    Ok(match claim {
        Claim::Evaluation(claim) => (EVALUATION, written(serde_json::to_value(claim))?),
        Claim::AbTest(claim) => (AB_TEST, written(serde_json::to_value(claim))?),
        Claim::Approval(mut claim) => {
            let actor = &change.actor;
            let named = claim.by.take().filter(|by| !by.trim().is_empty());
            claim.by = actor
                .authenticated
                .clone()
                .or(named)
                .or_else(|| actor.claimed.clone());
            if claim.by.is_none() {
                return Err(Error::invalid_parameter(format!(
                    "An approval says who gives it: as a user of the server, or as \"by\" in {}",
                    ApprovalClaim::EXAMPLE
                )));
            }
            (APPROVAL, written(serde_json::to_value(claim))?)
        }
    })
}

/// The digest of the bytes that evidence is about. Under a policy they are read, as its gates will do;
/// without one nothing is read, and the digest is of what passed through the server.
fn digest(db: &mut Db, change: &Change, about: &About, location: String) -> Result<Option<String>> {
    if source::is_of_prompt(about.row.source.as_deref().unwrap_or_default()) {
        return Ok(None);
    }
    if in_force::of_model(db, about.name)?.is_none() {
        return content::recorded_digest(db, &location);
    }
    let (files, _) = change.files_now();
    if let Some(content) = files.content(&location)
        && content.is_current(db)?
    {
        return Ok(content.digest().map(str::to_owned));
    }
    Err(change.wait_for_files(Unread {
        contents: vec![location],
        ..Unread::default()
    }))
}

/// Evidence in the form in which policies take it.
#[derive(Clone, Default)]
pub struct Counted {
    pub evaluations: Vec<Evaluation>,
    pub ab_tests: Vec<AbTest>,
    pub approvals: Vec<Approval>,
    pub set_aside: Vec<SetAside>,
}

/// A version as it is when its evidence is weighed.
pub struct Now<'a> {
    pub row: &'a Row,
    pub tags: &'a Tags,
    /// Of its content, where it is known.
    pub digest: Option<&'a str>,
}

/// Why a piece of evidence does not count for a version, if it does not.
pub fn why_not(row: &evidence::Row, now: &Now) -> Option<&'static str> {
    let Now {
        row: version,
        tags,
        digest,
    } = now;
    let other_bytes = |given: &String| digest.is_some_and(|digest| digest != given);
    if row.version_created_at != version.creation_time {
        Some("it was given for another version of this number")
    } else if row.source != version.source {
        Some("it was given for another source")
    } else if row.content_digest.as_ref().is_some_and(other_bytes) {
        Some("the content of the version was changed since")
    } else if row
        .tags_digest
        .as_ref()
        .is_some_and(|given| *given != tags_digest(tags))
    {
        Some("the tags of the version were changed since")
    } else {
        None
    }
}

/// Sorts out what was recorded about a version.
pub fn weigh(rows: Vec<evidence::Row>, now: &Now) -> Result<Counted> {
    let mut counted = Counted::default();
    for row in rows {
        let reason = why_not(&row, now);
        if let Some(reason) = reason {
            counted.set_aside.push(SetAside {
                id: row.id,
                kind: row.kind,
                reason: reason.to_owned(),
            });
            continue;
        }
        let given = Given {
            id: row.id,
            time_ms: row.recorded_at,
            binding: Binding {
                source: row.source.unwrap_or_default(),
                digest: row.content_digest,
            },
        };
        let body = row.body.as_str();
        match row.kind.as_str() {
            EVALUATION => counted.evaluations.push(given.evaluation(read(body)?)),
            AB_TEST => counted.ab_tests.push(given.ab_test(read(body)?)),
            _ => counted.approvals.push(given.approval(read(body)?)),
        }
    }
    Ok(counted)
}

fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|error| {
        Error::internal(format!("Evidence in the database cannot be read: {error}"))
    })
}

/// What all kinds of evidence have.
struct Given {
    id: i64,
    time_ms: i64,
    binding: Binding,
}

impl Given {
    fn evaluation(self, claim: EvaluationClaim) -> Evaluation {
        Evaluation {
            id: self.id,
            kind: claim.kind,
            verdict: claim.verdict,
            metrics: claim.metrics,
            report_uri: claim.report_uri,
            evaluator: claim.evaluator,
            time_ms: self.time_ms,
            binding: self.binding,
        }
    }

    fn ab_test(self, claim: AbTestClaim) -> AbTest {
        AbTest {
            id: self.id,
            metric: claim.metric,
            baseline_version: claim.baseline.version,
            baseline: claim.baseline.measured,
            candidate: claim.candidate,
            report_uri: claim.report_uri,
            evaluator: claim.evaluator,
            time_ms: self.time_ms,
            binding: self.binding,
        }
    }

    fn approval(self, claim: ApprovalClaim) -> Approval {
        Approval {
            id: self.id,
            target: claim.target(),
            by: claim.by.unwrap_or_default(),
            comment: claim.comment,
            time_ms: self.time_ms,
            binding: self.binding,
        }
    }
}
