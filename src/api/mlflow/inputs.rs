//! Inputs and outputs of runs, and the data sets of experiments.

use crate::api::Permit;
use crate::error::{Error, Result};
use crate::store::{datasets, inputs};
use crate::wire::{
    LogInputs, LogOutputs, SearchDatasets, log_inputs, log_outputs, python, search_datasets,
};

/// Notes which data sets and models a run has used.
pub async fn log_inputs(permit: Permit, request: LogInputs) -> Result<log_inputs::Response> {
    let request = permit.checked(request)?;
    permit
        .write(move |db| inputs::log_inputs(db, &request))
        .await?;
    Ok(log_inputs::Response {})
}

/// Notes which models a run has made.
pub async fn log_outputs(permit: Permit, request: LogOutputs) -> Result<log_outputs::Response> {
    permit
        .write(move |db| inputs::log_outputs(db, &request))
        .await?;
    Ok(log_outputs::Response {})
}

/// Lists the data sets that the runs of up to 20 experiments have used.
pub async fn search_datasets(
    permit: Permit,
    request: SearchDatasets,
) -> Result<search_datasets::Response> {
    let experiment_ids = searched_experiments(&request)?;
    let dataset_summaries = permit
        .read(move |db| datasets::search(db, &experiment_ids))
        .await?;
    Ok(search_datasets::Response { dataset_summaries })
}

fn searched_experiments(request: &SearchDatasets) -> Result<Vec<i32>> {
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
    let mut ids = Vec::new();
    for text in &request.experiment_ids {
        let id = python::int(text).ok_or_else(|| {
            Error::invalid_parameter(format!(
                "Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
            ))
        })?;
        // No experiment has a larger number than its column holds.
        ids.extend(i32::try_from(id));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_experiments_are_read_as_python_reads_integers() {
        let ids = |ids: &[&str]| {
            searched_experiments(&SearchDatasets {
                experiment_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            })
        };
        assert_eq!(ids(&["1", "99999999999", " 0_0 "]), Ok(vec![1, 0]));
        assert!(ids(&["1", "one"]).is_err());
    }
}
