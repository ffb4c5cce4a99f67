//! What belongs to the runs of an answer and does not stand in their messages: their experiments and
//! the model versions that come from them. It is read when the first run is asked for it, and then for
//! all of them at once.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::api::Permit;
use crate::error::{Error, Result};
use crate::store::{experiments, search};
use crate::validation;

/// JSON by the id of the run or of the experiment.
type ById = HashMap<String, Value>;

/// The runs of one answer, and what was read about them.
pub struct RunDetails {
    permit: Permit,
    run_ids: BTreeSet<String>,
    experiment_ids: BTreeSet<String>,
    experiments: OnceCell<ById>,
    versions: OnceCell<ById>,
}

impl RunDetails {
    /// The details of the run or the runs in an answer; there may be none.
    pub fn of(answer: &Value, permit: Permit) -> Self {
        let several = answer["runs"].as_array().into_iter().flatten();
        let infos: Vec<_> = several
            .chain(answer.get("run"))
            .map(|run| &run["info"])
            .collect();
        let all = |name: &str| {
            let values = infos.iter().filter_map(|info| info[name].as_str());
            values.map(str::to_owned).collect()
        };
        Self {
            permit,
            run_ids: all("run_id"),
            experiment_ids: all("experiment_id"),
            experiments: OnceCell::new(),
            versions: OnceCell::new(),
        }
    }

    /// Returns the experiment of a run by its id.
    pub async fn experiment(&self, id: &str) -> Result<Option<&Value>> {
        let experiments = self.experiments.get_or_try_init(|| self.read_experiments());
        Ok(experiments.await?.get(id))
    }

    async fn read_experiments(&self) -> Result<ById> {
        let ids = self.experiment_ids.iter();
        let ids = ids.map(|id| validation::experiment_id(id));
        let ids = ids.collect::<Result<Vec<i32>>>()?;
        let found = self
            .permit
            .read(move |db| experiments::of_ids(db, &ids))
            .await?;
        found
            .iter()
            .map(|experiment| Ok((experiment.experiment_id().to_owned(), json(experiment)?)))
            .collect()
    }

    /// Returns the list of the model versions that come from a run.
    pub async fn versions(&self, run_id: &str) -> Result<Option<&Value>> {
        let versions = self.versions.get_or_try_init(|| self.read_versions());
        Ok(versions.await?.get(run_id))
    }

    async fn read_versions(&self) -> Result<ById> {
        let run_ids: Vec<String> = self.run_ids.iter().cloned().collect();
        let visible = self.permit.sight().visible_versions();
        let versions = self
            .permit
            .read(move |db| search::model_versions_of_runs(db, &run_ids, &visible))
            .await?;
        let mut by_run = HashMap::<_, Vec<_>>::new();
        for version in &versions {
            let of_run = by_run.entry(version.run_id().to_owned()).or_default();
            of_run.push(json(version)?);
        }
        let lists = by_run.into_iter();
        Ok(lists.map(|(id, list)| (id, Value::Array(list))).collect())
    }
}

/// Returns the JSON of a message.
pub fn json(message: &impl Serialize) -> Result<Value> {
    serde_json::to_value(message)
        .map_err(|error| Error::internal(format!("A message has no JSON: {error}.")))
}
