//! Records evidence with the digests of what it speaks of.

use serde_json::json;

use super::super::decision::{Change, Decision, Done, Model, NotDone, identify};
use super::super::files::{FilesToRead, recorded_digest};
use super::super::in_force;
use super::super::policy::Tags;
use super::super::policy::claims::{ApprovalClaim, Claim};
use super::tags::tags_digest;
use crate::audit::{Action, Entry};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::evidence::{self, NewEvidenceRow};
use crate::store::model_versions::{self, ModelVersionRow, tags};
use crate::validation::prompts::is_prompt_source;

/// The version that evidence is about.
pub struct EvidenceSubject<'a> {
    pub model: Model<'a>,
    pub row: &'a ModelVersionRow,
    pub tags: &'a Tags,
    /// Whether a policy applies to the model: then evidence is bound to the bytes as a gate reads them.
    pub is_under_policy: bool,
}

/// A piece of evidence that was recorded.
pub struct InsertedEvidence {
    pub id: i64,
    /// Belongs into the history.
    pub entry: Entry,
}

/// Records evidence that comes by flowkeep's own API, and returns its id.
pub fn record(
    db: &mut Db,
    change: &Change,
    name: &str,
    version: &str,
    claim: Claim,
) -> Decision<i64> {
    check(&claim)?;
    let row = model_versions::row_locked(db, name, version)?;
    let id = identify(db, change, name)?;
    let tags = tags::of_version(db, name, row.version)?;
    let subject = EvidenceSubject {
        model: Model { name, id: &id },
        row: &row,
        tags: &tags,
        is_under_policy: in_force::of_model(db, name)?.is_some(),
    };
    let inserted = insert(db, change, &subject, claim)?;
    change.write(db, &[inserted.entry])?;
    Ok(Done::new(inserted.id))
}

/// Refuses evidence that is well-formed and says nothing, or two things.
fn check(claim: &Claim) -> Result<()> {
    match claim {
        Claim::Evaluation(evaluation) if evaluation.kind.trim().is_empty() => {
            Err(Error::invalid_parameter(
                "An evaluation names its kind, such as \"kind\": \"responsible_ai\".",
            ))
        }
        Claim::Approval(approval) if approval.stage.is_some() && approval.alias.is_some() => Err(
            Error::invalid_parameter("An approval is for a stage or an alias, not for both."),
        ),
        Claim::Evaluation(_) | Claim::AbTest(_) | Claim::Approval(_) => Ok(()),
    }
}

/// Adds evidence in the transaction of a change. The caller writes the entry.
pub fn insert(
    db: &mut Db,
    change: &Change,
    subject: &EvidenceSubject,
    claim: Claim,
) -> Result<InsertedEvidence, NotDone> {
    let claim = signed(change, claim)?;
    let kind = claim.kind();
    let body = claim
        .to_body()
        .map_err(|error| Error::invalid_parameter(format!("The evidence is refused: {error}")))?;
    let text = body.to_string();
    // An approval is also of what the tags say.
    let tags = matches!(claim, Claim::Approval(_)).then(|| tags_digest(subject.tags));
    let content = content_digest(db, change, subject)?;
    let EvidenceSubject { model, row, .. } = subject;
    let id = evidence::insert(
        db,
        &NewEvidenceRow {
            model_id: model.id,
            version: row.version,
            version_created_at: row.creation_time,
            kind,
            body: &text,
            source: row.source.as_deref(),
            content_digest: content.as_deref(),
            tags_digest: tags.as_deref(),
            actor: change.actor.known(),
            claimed: change.actor.claimed.as_deref(),
            recorded_at: change.now_ms,
        },
    )?;
    let entry = Entry::of_model(Action::EvidenceRecorded, model.name, model.id)
        .version(row.version)
        .after(json!({
            "evidence": id,
            "kind": kind,
            "body": body,
            "source": row.source,
            "content_digest": content,
        }));
    Ok(InsertedEvidence { id, entry })
}

/// Puts the name of who gives it into an approval: the one that the server has checked, else the one in the
/// approval, else the one that the client claims.
fn signed(change: &Change, claim: Claim) -> Result<Claim> {
    let Claim::Approval(mut approval) = claim else {
        return Ok(claim);
    };
    let actor = &change.actor;
    let named = approval.by.take().filter(|by| !by.trim().is_empty());
    approval.by = actor
        .authenticated
        .clone()
        .or(named)
        .or_else(|| actor.claimed.clone());
    if approval.by.is_none() {
        return Err(Error::invalid_parameter(format!(
            "An approval says who gives it: as a user of the server, or as \"by\" in {}",
            ApprovalClaim::EXAMPLE
        )));
    }
    Ok(Claim::Approval(approval))
}

/// Returns the digest of the bytes that evidence is about. Under a policy they are read, as its gates will
/// do; without one nothing is read, and the digest is of what passed through the server.
fn content_digest(
    db: &mut Db,
    change: &Change,
    subject: &EvidenceSubject,
) -> Result<Option<String>, NotDone> {
    let row = subject.row;
    if is_prompt_source(row.source.as_deref().unwrap_or_default()) {
        return Ok(None);
    }
    let location = row.location().unwrap_or_default();
    if !subject.is_under_policy {
        return Ok(recorded_digest(db, location)?);
    }
    if let Some(content) = change.files.content(location)
        && content.is_current(db)?
    {
        return Ok(content.digest().map(str::to_owned));
    }
    Err(NotDone::NeedsFiles(FilesToRead::content_of(
        location.to_owned(),
    )))
}
