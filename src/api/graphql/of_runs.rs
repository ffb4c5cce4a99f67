//! What belongs to the runs of an answer and does not stand in their messages. It is read when the
//! first run is asked for it, and then for all of them at once.

use std::collections::{BTreeSet, HashMap};

use actix_web::web::Data;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::api::State;
use crate::error::{Error, Result};
use crate::store::{experiments, search};
use crate::wire::SearchModelVersions;

/// How many runs are named in one search for model versions.
const BATCH: usize = 500;

type ById = HashMap<String, Value>;

pub struct OfRuns {
    state: Data<State>,
    run_ids: BTreeSet<String>,
    experiment_ids: BTreeSet<String>,
    experiments: OnceCell<ById>,
    versions: OnceCell<ById>,
}

impl OfRuns {
    /// Of the run or the runs in an answer; there may be none.
    pub fn of(answer: &Value, state: Data<State>) -> Self {
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
            state,
            run_ids: all("run_id"),
            experiment_ids: all("experiment_id"),
            experiments: OnceCell::new(),
            versions: OnceCell::new(),
        }
    }

    pub async fn experiment(&self, id: &str) -> Result<Option<&Value>> {
        let read = || async {
            let ids = self.experiment_ids.clone();
            let get = move |db: &mut _| {
                let each = ids
                    .iter()
                    .map(|id| Ok((id.clone(), experiments::get(db, id)?)));
                each.collect::<Result<Vec<_>>>()
            };
            let found = self.state.store.read(get).await?;
            let each = found.into_iter();
            each.map(|(id, found)| Ok((id, json(&found)?)))
                .collect::<Result<ById>>()
        };
        Ok(self.experiments.get_or_try_init(read).await?.get(id))
    }

    /// The list of the model versions that come from a run.
    pub async fn versions(&self, run_id: &str) -> Result<Option<&Value>> {
        let read = || async {
            // No id that MLflow or flowkeep gives has a quotation mark.
            let quoted = self.run_ids.iter().filter(|id| !id.contains('\''));
            let quoted: Vec<_> = quoted.map(|id| format!("'{id}'")).collect();
            let mut by_run = HashMap::<_, Vec<_>>::new();
            for batch in quoted.chunks(BATCH) {
                let mut request = SearchModelVersions {
                    filter: Some(format!("run_id IN ({})", batch.join(", "))),
                    ..SearchModelVersions::default()
                };
                loop {
                    let asked = request.clone();
                    let search = move |db: &mut _| search::search_model_versions(db, &asked);
                    let page = self.state.store.read(search).await?;
                    for version in page.model_versions {
                        let of_run = by_run.entry(version.run_id().to_owned()).or_default();
                        of_run.push(json(&version)?);
                    }
                    request.page_token = page.next_page_token;
                    if request.page_token().is_empty() {
                        break;
                    }
                }
            }
            let lists = by_run
                .into_iter()
                .map(|(id, list)| (id, Value::Array(list)));
            Ok::<ById, Error>(lists.collect())
        };
        Ok(self.versions.get_or_try_init(read).await?.get(run_id))
    }
}

pub fn json(message: &impl Serialize) -> Result<Value> {
    serde_json::to_value(message)
        .map_err(|error| Error::internal(format!("A message has no JSON: {error}.")))
}
