//! Weighs evidence: what was recorded about a version counts as long as the version is what it was then.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::policy::claims::{AbTestClaim, ApprovalClaim, Claim, EvaluationClaim};
use super::super::policy::{AbTest, Approval, Binding, Evaluation, Tags};
use super::tags::tags_digest;
use crate::error::{Error, Result};
use crate::store::governance::evidence::EvidenceRow;
use crate::store::model_versions::ModelVersionRow;

/// Evidence that does not count any more, or never did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SetAside {
    pub id: i64,
    pub kind: String,
    pub reason: String,
}

/// What was recorded about a version, in the form in which policies take it.
#[derive(Clone, Default)]
pub struct WeighedEvidence {
    pub evaluations: Vec<Evaluation>,
    pub ab_tests: Vec<AbTest>,
    pub approvals: Vec<Approval>,
    pub set_aside: Vec<SetAside>,
}

/// A version as it is when its evidence is weighed.
pub struct CurrentVersion<'a> {
    pub row: &'a ModelVersionRow,
    pub tags: &'a Tags,
    /// The digest of its content, if that is known.
    pub digest: Option<&'a str>,
}

impl CurrentVersion<'_> {
    /// Says why a piece of evidence does not count for the version; `None` if it counts.
    pub fn why_not(&self, evidence: &EvidenceRow) -> Option<&'static str> {
        let other_bytes = |given: &String| self.digest.is_some_and(|digest| digest != given);
        let other_tags = |given: &String| *given != tags_digest(self.tags);
        if evidence.version_created_at != self.row.creation_time {
            Some("it was given for another version of this number")
        } else if evidence.source != self.row.source {
            Some("it was given for another source")
        } else if evidence.content_digest.as_ref().is_some_and(other_bytes) {
            Some("the content of the version was changed since")
        } else if evidence.tags_digest.as_ref().is_some_and(other_tags) {
            Some("the tags of the version were changed since")
        } else {
            None
        }
    }
}

/// Sorts what was recorded about a version by its kind, and sets aside what does not count.
pub fn weigh(rows: Vec<EvidenceRow>, version: &CurrentVersion) -> Result<WeighedEvidence> {
    let mut weighed = WeighedEvidence::default();
    for row in rows {
        if let Some(reason) = version.why_not(&row) {
            weighed.set_aside.push(SetAside {
                id: row.id,
                kind: row.kind,
                reason: reason.to_owned(),
            });
            continue;
        }
        let claim = Claim::from_body(&row.kind, &row.body).map_err(|error| {
            Error::internal(format!("Evidence in the database cannot be read: {error}"))
        })?;
        let recorded = Recorded {
            id: row.id,
            time_ms: row.recorded_at,
            binding: Binding {
                source: row.source.unwrap_or_default(),
                digest: row.content_digest,
            },
        };
        match claim {
            Claim::Evaluation(claim) => weighed.evaluations.push(recorded.evaluation(claim)),
            Claim::AbTest(claim) => weighed.ab_tests.push(recorded.ab_test(claim)),
            Claim::Approval(claim) => weighed.approvals.push(recorded.approval(claim)),
        }
    }
    Ok(weighed)
}

/// What all kinds of evidence have beside their claim.
struct Recorded {
    id: i64,
    time_ms: i64,
    binding: Binding,
}

impl Recorded {
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
