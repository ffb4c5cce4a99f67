//! Inputs and outputs of runs, and the data sets of experiments.

use actix_web::web::Data;

use crate::api::State;
use crate::error::{Error, Result};
use crate::store::{datasets, inputs};
use crate::wire::{
    LogInputs, LogOutputs, SearchDatasets, log_inputs, log_outputs, search_datasets,
};

/// Notes which data sets and models a run has used.
pub async fn log_inputs(state: Data<State>, request: LogInputs) -> Result<log_inputs::Response> {
    let request = state.checked(request)?;
    state
        .store
        .write(move |db| inputs::log_inputs(db, &request))
        .await?;
    Ok(log_inputs::Response {})
}

/// Notes which models a run has made.
pub async fn log_outputs(state: Data<State>, request: LogOutputs) -> Result<log_outputs::Response> {
    state
        .store
        .write(move |db| inputs::log_outputs(db, &request))
        .await?;
    Ok(log_outputs::Response {})
}

/// Lists the data sets that the runs of up to 20 experiments have used.
pub async fn search_datasets(
    state: Data<State>,
    request: SearchDatasets,
) -> Result<search_datasets::Response> {
    const MOST_EXPERIMENTS: usize = 20;

    let count = request.experiment_ids.len();
    if count == 0 {
        return Err(Error::invalid_parameter(
            "SearchDatasets request must specify at least one experiment_id.",
        ));
    }
    if count > MOST_EXPERIMENTS {
        return Err(Error::invalid_parameter(format!(
            "SearchDatasets request cannot specify more than {MOST_EXPERIMENTS} experiment_ids. \
             Received {count} experiment_ids."
        )));
    }
    let dataset_summaries = state
        .store
        .read(move |db| datasets::search(db, &request.experiment_ids))
        .await?;
    Ok(search_datasets::Response { dataset_summaries })
}
