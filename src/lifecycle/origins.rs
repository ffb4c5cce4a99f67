//! Where versions come from: the run and the logged model behind each, and who made it.

use std::collections::HashMap;

use serde_json::Value;

use super::source::logged_model_of;
use crate::audit::{ANONYMOUS, Action};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::{history, identity, lineage};
use crate::store::model_versions::{self, Row};

const USER_TAG: &str = "mlflow.user";

#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub run_id: Option<String>,
    pub model_id: Option<String>,
    /// Who registered it, as known and as claimed.
    pub actor: Option<String>,
    pub claimed: Option<String>,
}

impl Origin {
    pub fn run_id(&self) -> Option<&str> {
        self.run_id.as_deref().filter(|id| !id.is_empty())
    }

    pub fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref().filter(|id| !id.is_empty())
    }

    /// Whoever had a hand in it, as far as anybody said.
    pub fn authors(&self, run: Option<&lineage::Logged>) -> Vec<String> {
        let mut authors: Vec<String> = [self.actor.as_ref(), self.claimed.as_ref()]
            .into_iter()
            .chain([
                run.and_then(|run| run.user.as_ref()),
                run.and_then(|run| run.tags.get(USER_TAG)),
            ])
            .flatten()
            .cloned()
            .collect();
        authors.sort();
        authors.dedup();
        authors
    }
}

/// The logged model behind a version.
pub fn logged_model(db: &mut Db, name: &str, version: &str) -> Result<Option<String>> {
    let row = model_versions::find(db, name, version)?;
    let number = row.version;
    let model_id = identity::find(db, name)?;
    let origin = of(db, model_id.as_deref(), &[row])?.remove(&number);
    Ok(origin.and_then(|origin| origin.model_id))
}

/// By the number of the version. The database does not keep the logged model of a version: history
/// does, and else its source says it.
pub fn of(db: &mut Db, model_id: Option<&str>, rows: &[Row]) -> Result<HashMap<i32, Origin>> {
    let mut origins: HashMap<i32, Origin> = rows
        .iter()
        .map(|row| {
            let source = row.source.as_deref().unwrap_or_default();
            let origin = Origin {
                run_id: row.run_id.clone(),
                model_id: logged_model_of(source),
                ..Origin::default()
            };
            (row.version, origin)
        })
        .collect();
    let Some(model_id) = model_id else {
        return Ok(origins);
    };
    let numbers: Vec<i32> = rows.iter().map(|row| row.version).collect();
    let of = (model_id, Action::VersionCreated.as_str());
    for made in history::after_of(db, of, &numbers)? {
        let Some(origin) = origins.get_mut(&made.version) else {
            continue;
        };
        let after: Value = made
            .after
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        if let Some(model_id) = after["model_id"].as_str() {
            origin.model_id = Some(model_id.to_owned());
        }
        origin.actor = Some(made.actor).filter(|actor| actor != ANONYMOUS);
        origin.claimed = made.claimed;
    }
    Ok(origins)
}
