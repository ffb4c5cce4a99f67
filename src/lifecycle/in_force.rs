//! The policies in force, and which of them applies to a model. All servers on a database agree on them: each
//! change looks, in its own transaction, at which ones there are. A policy is parsed once and kept in memory.
//! May use `policy`, `decision`, the audit log (for a name) and the store.

use std::sync::{Arc, PoisonError, RwLock};

use super::decision::{Change, Model, identify};
use super::policy::{Enforcement, ModelFacts, Policy, select};
use crate::audit::PolicyRef;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::{locked, policies};
use crate::store::registered_models::tags;

/// The last set that was parsed. A hash stands for the same policy in every database.
static PARSED: RwLock<Option<ParsedPolicies>> = RwLock::new(None);

/// Policies and their hashes.
#[derive(Clone)]
struct ParsedPolicies {
    hashes: Vec<String>,
    policies: Arc<Vec<Policy>>,
}

/// Returns all policies in force; `None` if there are none, which takes one look at a small table.
pub fn all(db: &mut Db) -> Result<Option<Arc<Vec<Policy>>>> {
    let hashes = policies::hashes(db)?;
    parsed(db, hashes)
}

/// Returns the policies with these hashes, which are those in force.
fn parsed(db: &mut Db, hashes: Vec<String>) -> Result<Option<Arc<Vec<Policy>>>> {
    if hashes.is_empty() {
        return Ok(None);
    }
    let parsed = PARSED.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(parsed) = parsed.as_ref().filter(|parsed| parsed.hashes == hashes) {
        return Ok(Some(Arc::clone(&parsed.policies)));
    }
    drop(parsed);
    let policies = policies::list(db)?
        .iter()
        .map(|row| {
            // A server must not make changes under a policy that it cannot read.
            Policy::parse(&row.text).map_err(|problem| {
                Error::internal(format!(
                    "The policy '{}' in the database cannot be read by this server: {problem}",
                    row.name
                ))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let policies = Arc::new(policies);
    *PARSED.write().unwrap_or_else(PoisonError::into_inner) = Some(ParsedPolicies {
        hashes,
        policies: Arc::clone(&policies),
    });
    Ok(Some(policies))
}

/// The policy that applies to a model, and the model as policies know it.
pub struct ApplicablePolicy {
    policies: Arc<Vec<Policy>>,
    index: usize,
    pub model: ModelFacts,
}

impl ApplicablePolicy {
    /// The policy itself.
    pub fn policy(&self) -> &Policy {
        &self.policies[self.index]
    }

    /// Whether what does not meet the policy is refused, rather than only noted.
    pub fn is_enforced(&self) -> bool {
        self.policy().enforcement() == Enforcement::Enforce
    }

    /// The name and the hash of the policy, as history keeps them.
    pub fn reference(&self) -> PolicyRef {
        PolicyRef {
            name: self.policy().name().to_owned(),
            hash: self.policy().hash().to_owned(),
        }
    }
}

/// A registered model and the policy that applies to it. The policy is looked up once for a change.
#[derive(Clone, Copy)]
pub struct GovernedModel<'a> {
    pub model: Model<'a>,
    /// `None`: everything is allowed.
    pub policy: Option<&'a ApplicablePolicy>,
}

/// Looks up the policy that applies to a model. `None`: everything is allowed.
pub fn of_model(db: &mut Db, name: &str) -> Result<Option<ApplicablePolicy>> {
    let policies = all(db)?;
    applicable(db, policies, name)
}

/// A registered model that is locked for a change.
pub struct OpenedModel {
    /// The id that it keeps when it is renamed.
    pub id: String,
    /// The policy that applies to it. `None`: everything is allowed.
    pub policy: Option<ApplicablePolicy>,
    /// Whether somebody may want to be told of changes.
    pub has_webhooks: bool,
}

impl OpenedModel {
    /// The model with its policy.
    pub fn governed<'a>(&'a self, name: &'a str) -> GovernedModel<'a> {
        GovernedModel {
            model: Model { name, id: &self.id },
            policy: self.policy.as_ref(),
        }
    }
}

/// Locks a model and looks up the policy that applies to it; `None` if there is no such model. One that history
/// has not met yet is adopted.
pub fn open(db: &mut Db, change: &Change, name: &str) -> Result<Option<OpenedModel>> {
    let Some(locked) = locked::lock(db, name)? else {
        return Ok(None);
    };
    let id = match locked.id {
        Some(id) => id,
        None => identify(db, change, name)?,
    };
    let policies = parsed(db, locked.policy_hashes)?;
    Ok(Some(OpenedModel {
        id,
        policy: applicable(db, policies, name)?,
        has_webhooks: locked.has_webhooks,
    }))
}

fn applicable(
    db: &mut Db,
    policies: Option<Arc<Vec<Policy>>>,
    name: &str,
) -> Result<Option<ApplicablePolicy>> {
    let Some(policies) = policies else {
        return Ok(None);
    };
    let model = ModelFacts {
        name: name.to_owned(),
        tags: tags::of_models(db, &[name.to_owned()])?
            .remove(name)
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
            .collect(),
    };
    let index = select(&policies, &model)
        .and_then(|chosen| policies.iter().position(|one| std::ptr::eq(one, chosen)));
    Ok(index.map(|index| ApplicablePolicy {
        policies,
        index,
        model,
    }))
}
