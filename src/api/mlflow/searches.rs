//! The searches for experiments, runs, logged models, registered models and model versions.

use actix_web::web::Data;

use crate::api::State;
use crate::error::Result;
use crate::store::search::{self, Search};
use crate::wire::{
    SearchExperiments, SearchLoggedModels, SearchModelVersions, SearchRegisteredModels, SearchRuns,
    search_experiments, search_logged_models, search_model_versions, search_registered_models,
    search_runs,
};

/// Searches experiments.
pub async fn experiments(
    state: Data<State>,
    request: SearchExperiments,
) -> Result<search_experiments::Response> {
    let search = request.parse()?;
    let find = move |db: &mut _| search::search_experiments(db, &search);
    state.store.read(find).await
}

/// Searches the runs of experiments.
pub async fn runs(state: Data<State>, request: SearchRuns) -> Result<search_runs::Response> {
    let search = request.parse()?;
    let find = move |db: &mut _| search::search_runs(db, &search);
    state.store.read(find).await
}

/// Searches the logged models of experiments.
pub async fn logged_models(
    state: Data<State>,
    request: SearchLoggedModels,
) -> Result<search_logged_models::Response> {
    let search = request.parse()?;
    let find = move |db: &mut _| search::search_logged_models(db, &search);
    state.store.read(find).await
}

/// Searches registered models.
pub async fn registered_models(
    state: Data<State>,
    request: SearchRegisteredModels,
) -> Result<search_registered_models::Response> {
    let search = request.parse()?;
    let find = move |db: &mut _| search::search_registered_models(db, &search);
    state.store.read(find).await
}

/// Searches model versions.
pub async fn model_versions(
    state: Data<State>,
    request: SearchModelVersions,
) -> Result<search_model_versions::Response> {
    let search = request.parse()?;
    let find = move |db: &mut _| search::search_model_versions(db, &search);
    state.store.read(find).await
}
