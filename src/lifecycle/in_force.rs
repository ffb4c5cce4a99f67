//! The policies in force. All servers on a database agree on them: each change looks, in its own
//! transaction, at which ones there are. What has been read once is not read again.

use std::sync::{Arc, PoisonError, RwLock};

use super::policy::{Enforcement, ModelFacts, Policy, select};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::policies;
use crate::store::registered_models::tags;

/// The last set that was read, by its hashes. A hash stands for the same policy in every database.
static READ: RwLock<Option<Known>> = RwLock::new(None);

/// Hashes, and what they stand for.
type Known = (Vec<String>, Arc<Vec<Policy>>);

/// None where there are none, which is found out by one look at a small table.
pub fn all(db: &mut Db) -> Result<Option<Arc<Vec<Policy>>>> {
    let hashes = policies::hashes(db)?;
    if hashes.is_empty() {
        return Ok(None);
    }
    let known = READ.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((of, policies)) = known
        && of == hashes
    {
        return Ok(Some(policies));
    }
    let read = policies::list(db)?
        .iter()
        .map(|row| {
            // Nothing may happen under a policy that this server does not understand.
            Policy::parse(&row.text).map_err(|problem| {
                Error::internal(format!(
                    "The policy '{}' in the database cannot be read by this server: {problem}",
                    row.name
                ))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let read = Arc::new(read);
    *READ.write().unwrap_or_else(PoisonError::into_inner) = Some((hashes, Arc::clone(&read)));
    Ok(Some(read))
}

/// The policy that applies to a model.
pub struct Applying {
    policies: Arc<Vec<Policy>>,
    index: usize,
    pub model: ModelFacts,
}

impl Applying {
    pub fn policy(&self) -> &Policy {
        &self.policies[self.index]
    }

    pub fn is_enforced(&self) -> bool {
        self.policy().enforcement() == Enforcement::Enforce
    }
}

pub fn of_model(db: &mut Db, name: &str) -> Result<Option<Applying>> {
    let Some(policies) = all(db)? else {
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
    Ok(index.map(|index| Applying {
        policies,
        index,
        model,
    }))
}
