//! The source of a new version: checks what the request says of it, and finds the artifacts behind addresses
//! of models and versions. May use the store and the server's rules for sources.

mod checks;
mod hosts;
mod model_uri;
mod url;

use std::borrow::Cow;

use self::checks::Origin;
pub use self::model_uri::ModelUri;
use crate::config::SourceRules;
use crate::error::{Error, Result, found};
use crate::store::registered_models::{self, aliases};
use crate::store::{Db, logged_models, model_versions, runs};
use crate::validation::prompts::{are_of_prompt, is_prompt_source};
use crate::validation::{Check, Checked};
use crate::wire::{CreateModelVersion, GetLoggedModel, LoggedModelInfo, ModelVersion};

/// A source that passed all checks.
#[derive(Debug)]
pub struct Source<'a> {
    pub uri: Cow<'a, str>,
    /// Where the artifacts are.
    pub storage_location: String,
    pub run_id: Option<String>,
    pub model_id: Option<&'a str>,
}

impl Check<SourceRules> for CreateModelVersion {
    fn check(&mut self, rules: &SourceRules) -> Result<()> {
        let source = self.source();
        if rules
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.is_match(source))
        {
            return Err(Error::invalid_parameter(format!(
                "Invalid model version source: '{source}'."
            )));
        }
        let is_prompt = are_of_prompt(self.tags.iter().map(|tag| (tag.key(), tag.value())));
        if is_prompt && !is_prompt_source(source) {
            return Err(Error::invalid_parameter(format!(
                "Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder."
            )));
        }
        hosts::check(source, rules)
    }
}

/// Resolves the source of a new version, and checks it against the run, the logged model or the version that it names.
/// MLflow does so before it checks the names of the version.
pub fn resolve<'a>(
    db: &mut Db,
    request: &'a Checked<CreateModelVersion>,
    is_prompt: bool,
) -> Result<Source<'a>> {
    let source = request.source();
    let mut checked = Source {
        uri: Cow::Borrowed(source),
        storage_location: String::new(),
        run_id: Some(request.run_id().to_owned()),
        model_id: Some(request.model_id()).filter(|id| !id.is_empty()),
    };
    if is_prompt {
        return Ok(checked);
    }
    if let Some(version) = referenced_version(db, request)? {
        checked.uri = Cow::Owned(format!("models:/{}/{}", version.name(), version.version()));
        if request.run_id.is_none() {
            checked.run_id = version.run_id;
        }
    }
    if let Some(id) = checked.model_id {
        checks::check(&checked.uri, Origin::Model(id), |id| {
            Ok(found(find_model(db, id))?.and_then(|model| model.artifact_uri))
        })?;
    } else {
        let id = checked.run_id.as_deref().unwrap_or_default();
        checks::check(&checked.uri, Origin::Run(id), |id| {
            artifact_uri_of_run(db, id)
        })?;
    }
    Ok(checked)
}

/// The version that a source of the form `models:/name/…` means. None for other sources.
fn referenced_version(db: &mut Db, request: &CreateModelVersion) -> Result<Option<ModelVersion>> {
    let source = request.source();
    let parsed = checks::parse(source)?;
    if parsed.scheme != "models" {
        return Ok(None);
    }
    let refused = |why: &str| {
        Error::invalid_parameter(format!("Invalid model version source: '{source}'. {why}"))
    };
    if !parsed.authority.is_empty() {
        return Err(refused(
            "Registered model sources must use the active model registry.",
        ));
    }
    let uri = model_uri::parse(source).ok_or_else(|| checks::not_of(source, "model_id"))?;
    let (ModelUri::Version { name, .. }
    | ModelUri::Alias { name, .. }
    | ModelUri::Latest { name, .. }) = &uri
    else {
        return Ok(None);
    };
    let model = registered_models::get(db, name)?;
    if are_of_prompt(model.tags.iter().map(|tag| (tag.key(), tag.value()))) {
        return Err(refused(
            "Prompt versions cannot be used as model version sources.",
        ));
    }
    let version = match &uri {
        ModelUri::Version { name, version } => model_versions::get(db, name, version)?,
        ModelUri::Alias { name, alias } => aliases::resolve(db, name, alias)?,
        ModelUri::Latest { name, stage } => newest(db, name, stage.as_deref())?,
        ModelUri::LoggedModel(_) => return Ok(None),
    };
    // Versions do not keep the logged model that they come from.
    if request
        .run_id
        .as_deref()
        .is_some_and(|id| id != version.run_id())
        || !request.model_id().is_empty()
    {
        return Err(refused(
            "The run_id and model_id request parameters must match the referenced model version.",
        ));
    }
    Ok(Some(version))
}

fn newest(db: &mut Db, name: &str, stage: Option<&str>) -> Result<ModelVersion> {
    let stages: Vec<String> = stage.map(str::to_owned).into_iter().collect();
    model_versions::newest(model_versions::latest_versions(db, name, &stages)?).ok_or_else(|| {
        let of_stage = stage.map(|stage| format!(" and stage '{stage}'"));
        Error::does_not_exist(format!(
            "No versions of model with name '{name}'{} found",
            of_stage.unwrap_or_default()
        ))
    })
}

/// The logged model that an address names.
pub fn logged_model_of(uri: &str) -> Option<String> {
    match model_uri::parse(uri) {
        Some(ModelUri::LoggedModel(id)) => Some(id),
        _ => None,
    }
}

impl Source<'_> {
    /// The version of a model that this is a copy of.
    pub fn copied_from(&self) -> Option<(String, String)> {
        match model_uri::parse(&self.uri) {
            Some(ModelUri::Version { name, version }) => Some((name, version)),
            _ => None,
        }
    }

    /// Finds the artifacts, and the run behind a logged model.
    pub fn locate(&mut self, db: &mut Db) -> Result<()> {
        self.storage_location = match model_uri::parse(&self.uri) {
            Some(ModelUri::LoggedModel(id)) => {
                let model = find_model(db, &id).map_err(|error| self.unreachable(&error))?;
                self.inherit_run(model.source_run_id);
                model.artifact_uri.unwrap_or_default()
            }
            Some(ModelUri::Version { name, version }) => {
                model_versions::download_uri(db, &name, &version)?.unwrap_or_default()
            }
            _ => self.uri.clone().into_owned(),
        };
        if let Some(id) = self.model_id
            && self.run_id.as_deref().is_none_or(str::is_empty)
        {
            let model = find_model(db, id)?;
            self.inherit_run(model.source_run_id);
        }
        Ok(())
    }

    fn inherit_run(&mut self, run_id: Option<String>) {
        if self.run_id.as_deref().is_none_or(str::is_empty) {
            self.run_id = run_id;
        }
    }

    fn unreachable(&self, error: &Error) -> Error {
        Error::new(
            error.code,
            format!(
                "Unable to fetch model from model URI source artifact location '{}'.Error: {error}",
                self.uri
            ),
        )
    }
}

fn find_model(db: &mut Db, id: &str) -> Result<LoggedModelInfo> {
    let request = GetLoggedModel {
        model_id: Some(id.to_owned()),
        ..GetLoggedModel::default()
    };
    Ok(logged_models::get(db, &request)?.info.unwrap_or_default())
}

fn artifact_uri_of_run(db: &mut Db, id: &str) -> Result<Option<String>> {
    Ok(found(runs::find(db, id))?.and_then(|run| run.artifact_uri))
}
