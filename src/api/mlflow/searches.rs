//! The searches for experiments, runs, logged models, registered models and model versions. Each finds only what its
//! caller may read.

use crate::access::ResourceType;
use crate::api::Permit;
use crate::error::{Error, Result};
use crate::search::{Entity, Filter};
use crate::store::search::{self, Search};
use crate::wire::{
    SearchExperiments, SearchLoggedModels, SearchModelVersions, SearchRegisteredModels, SearchRuns,
    search_experiments, search_logged_models, search_model_versions, search_registered_models,
    search_runs,
};

/// Searches experiments.
pub async fn experiments(
    permit: Permit,
    request: SearchExperiments,
) -> Result<search_experiments::Response> {
    let search = request.parse()?;
    let visible = permit.sight().visible_experiments();
    let find = move |db: &mut _| search::search_experiments(db, &search, &visible);
    permit.read(find).await
}

/// Searches the runs of experiments.
pub async fn runs(permit: Permit, request: SearchRuns) -> Result<search_runs::Response> {
    let search = request.parse()?;
    let visible = permit.sight().visible_parts(ResourceType::Run);
    let find = move |db: &mut _| search::search_runs(db, &search, &visible);
    permit.read(find).await
}

/// Searches the logged models of experiments.
pub async fn logged_models(
    permit: Permit,
    request: SearchLoggedModels,
) -> Result<search_logged_models::Response> {
    let search = request.parse()?;
    refuse_denied_runs(&permit, search.filter(), "source_run_id")?;
    let visible = permit.sight().visible_parts(ResourceType::LoggedModel);
    let find = move |db: &mut _| search::search_logged_models(db, &search, &visible);
    permit.read(find).await
}

/// Searches registered models.
pub async fn registered_models(
    permit: Permit,
    request: SearchRegisteredModels,
) -> Result<search_registered_models::Response> {
    let search = request.parse()?;
    let visible = permit.sight().visible_models();
    let find = move |db: &mut _| search::search_registered_models(db, &search, &visible);
    permit.read(find).await
}

/// Searches model versions.
pub async fn model_versions(
    permit: Permit,
    request: SearchModelVersions,
) -> Result<search_model_versions::Response> {
    let search = request.parse()?;
    refuse_denied_runs(&permit, search.filter(), "run_id")?;
    let visible = permit.sight().visible_versions();
    let find = move |db: &mut _| search::search_model_versions(db, &search, &visible);
    permit.read(find).await
}

/// Refuses a filter that selects by the run that something comes from, where the caller may see no runs: what is found
/// would tell of them.
fn refuse_denied_runs(permit: &Permit, filter: &Filter, attribute: &str) -> Result<()> {
    let selects = filter
        .conditions
        .iter()
        .any(|asked| asked.field.entity == Entity::Attribute && asked.field.key == attribute);
    if selects && permit.sight().denies(ResourceType::Run) {
        return Err(Error::access_denied());
    }
    Ok(())
}
