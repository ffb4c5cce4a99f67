//! Models that come under a policy with more active versions than it allows.

use serde_json::{Value, json};

use super::super::in_force::ApplicablePolicy;
use super::super::policy::{Requirement, refusal};
use crate::audit::EntryOutcome;

/// More active versions than the policy allows.
pub struct LimitExceeded {
    pub report: Value,
    pub message: String,
    is_refusal: bool,
}

impl LimitExceeded {
    /// Compares the number of active versions with the limit of the policy.
    pub fn check(policy: &ApplicablePolicy, active: usize) -> Option<Self> {
        let most = policy.policy().max_active()?;
        let over = active.saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
        if over == 0 {
            return None;
        }
        let is_refusal = policy.is_enforced();
        let model = &policy.model.name;
        let policy = policy.policy();
        let requirement = Requirement::unmet(
            "max_active",
            format!("the model has {active} active versions, and at most {most} may be."),
        )
        .remedy(format!("Archive {over} of them first."));
        let message = format!(
            "{} Model '{model}' has too many active versions:{}",
            refusal::first_sentence(policy.name(), &[&requirement], 1),
            refusal::item(&requirement)
        );
        let report = json!({
            "policy": policy.name(),
            "policy_hash": policy.hash(),
            "enforcement": policy.enforcement(),
            "model": model,
            "allowed": false,
            "requirements": [requirement],
        });
        Some(Self {
            report,
            message,
            is_refusal,
        })
    }

    /// What becomes of the change.
    pub fn outcome(&self) -> EntryOutcome {
        if self.is_refusal {
            EntryOutcome::Refused
        } else {
            EntryOutcome::Warned
        }
    }
}
