//! Which features a model version takes, and whether the columns of a scoring request are those.

use std::collections::{HashMap, HashSet};

use actix_web::web::{Json, Payload};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body;
use super::errors::ReadErrors;
use super::parameters::{NoParameters, Parameters};
use super::version_path::{ReferencedVersion, VersionPath};
use crate::api::Permit;
use crate::error::{Error, Result};
use crate::lifecycle::feature_spec::{
    self, Check, Column, Comparison, Feature, FeatureSpec, Input, Inputs,
};
use crate::lifecycle::version_reference::VersionReference;
use crate::lifecycle::{FEATURE_SPEC_TAG, FeatureSpecSources, FoundFeatureSpec};
use crate::store::model_versions;
use crate::wire::ModelVersion;

/// The features of a version, as a program that serves it needs them.
#[derive(Serialize, ToSchema)]
pub struct FeatureList {
    name: String,
    version: String,
    feature_store_uri: String,
    features: Vec<TypedFeature>,
    /// Where the spec is among the artifacts.
    path: String,
    signature: SignatureState,
    #[serde(flatten)]
    comparison: Comparison,
    problems: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct TypedFeature {
    #[serde(flatten)]
    feature: Feature,
    /// What the signature says of the column, where it has one of the name.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    column_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<bool>,
}

/// What the spec could be compared with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SignatureState {
    Named,
    Unnamed,
    Absent,
    Unreadable,
}

/// Show which features a version takes, and where its spec and its signature differ.
#[utoipa::path(
    get,
    path = "/model-versions/{name}/{version}/features",
    tag = "features",
    params(ReferencedVersion),
    responses((status = 200, description = "The features.", body = FeatureList), ReadErrors)
)]
pub async fn get(
    permit: Permit,
    path: VersionPath<VersionReference>,
    _: Parameters<NoParameters>,
) -> Result<Json<FeatureList>> {
    let (version, found) = find(&permit, path).await?;
    let spec = usable(&version, &found)?;
    let inputs = named_inputs(&found);
    let features = spec.features.iter().map(|feature| {
        let input = inputs.get(feature.name.as_str());
        TypedFeature {
            feature: feature.clone(),
            column_type: input.map(|input| input.column_type.name().to_owned()),
            required: input.map(|input| input.required),
        }
    });
    Ok(Json(FeatureList {
        features: features.collect(),
        feature_store_uri: spec.feature_store_uri.clone(),
        signature: match &found.inputs {
            Ok(Inputs::Named(_)) => SignatureState::Named,
            Ok(Inputs::Unnamed) => SignatureState::Unnamed,
            Ok(Inputs::Absent) => SignatureState::Absent,
            Err(_) => SignatureState::Unreadable,
        },
        comparison: found.comparison(),
        problems: found.problems(),
        path: found.path.clone(),
        name: version.name.unwrap_or_default(),
        version: version.version.unwrap_or_default(),
    }))
}

/// The columns of a scoring request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureCheckRequest {
    /// Each column by its name, with its type where that is to be checked, too.
    columns: Vec<Column>,
}

/// Check whether the columns of a scoring request are what a version takes.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/features/check",
    tag = "features",
    params(ReferencedVersion),
    request_body = FeatureCheckRequest,
    responses((status = 200, description = "What is wrong with them.", body = Check), ReadErrors)
)]
pub async fn check(
    permit: Permit,
    path: VersionPath<VersionReference>,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Json<Check>> {
    let example = r#"{"columns": [{"name": "age", "type": "long"}]}"#;
    let FeatureCheckRequest { columns } = body::json(body, example).await?;
    let mut seen = HashSet::new();
    for column in &columns {
        if !seen.insert(column.name.as_str()) {
            return Err(Error::invalid_parameter(format!(
                "There are two columns named '{}'.",
                column.name
            )));
        }
    }
    let (version, found) = find(&permit, path).await?;
    let spec = usable(&version, &found)?;
    let inputs = found.inputs.as_ref().unwrap_or(&Inputs::Absent);
    Ok(Json(feature_spec::check(spec, inputs, &columns)))
}

async fn find(
    permit: &Permit,
    path: VersionPath<VersionReference>,
) -> Result<(ModelVersion, FoundFeatureSpec)> {
    let (version, sources) = permit
        .read(move |db| {
            let version = path.version.find(db, &path.name)?;
            let location = model_versions::download_uri(db, version.name(), version.version())?;
            let sources =
                FeatureSpecSources::of_version(db, &version, &location.unwrap_or_default())?;
            Ok((version, sources))
        })
        .await?;
    let mlmodel = sources.read_mlmodel(&permit.artifacts).await?;
    let found = sources.read(&permit.artifacts, mlmodel.as_deref()).await?.ok_or_else(|| {
        Error::does_not_exist(format!(
            "Version {} of model '{}' has no feature retrieval spec: there is no {file} in its artifacts, \
             none in their folder extra_files, and no tag '{FEATURE_SPEC_TAG}' that points to one.",
            version.version(),
            version.name(),
            file = feature_spec::FILE,
        ))
    })?;
    Ok((version, found))
}

/// Nobody should score with half a list.
fn usable<'a>(version: &ModelVersion, found: &'a FoundFeatureSpec) -> Result<&'a FeatureSpec> {
    found.spec.as_ref().map_err(|problems| {
        Error::invalid_parameter(format!(
            "The feature retrieval spec of version {} of model '{}', {}, cannot be used: {}.",
            version.version(),
            version.name(),
            found.path,
            problems.join("; ")
        ))
    })
}

fn named_inputs(found: &FoundFeatureSpec) -> HashMap<&str, &Input> {
    match &found.inputs {
        Ok(Inputs::Named(inputs)) => inputs
            .iter()
            .map(|input| (input.name.as_str(), input))
            .collect(),
        _ => HashMap::new(),
    }
}
