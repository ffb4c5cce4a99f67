//! Policies: applied, shown, deleted, and tried on cases.

use actix_web::web::{Json, Payload};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body;
use super::errors::{ChangeErrors, ReadErrors};
use super::parameters::{NoParameters, Parameters};
use crate::api::Permit;
use crate::api::warnings::Changed;
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::lifecycle::policies::{self, AppliedPolicy};
use crate::lifecycle::policy::cases::CaseResult;
use crate::store::governance::policies as store;

/// What became of the policies that were sent.
#[derive(Serialize, ToSchema)]
pub struct AppliedPolicies {
    policies: Vec<AppliedPolicy>,
}

/// Put policies in force: all of a text, or none. One that is in force under the same name is replaced.
#[utoipa::path(
    put,
    path = "/policies",
    tag = "policies",
    request_body(
        content = String,
        content_type = "application/yaml",
        description = "The text of one or more policies, in YAML or JSON."
    ),
    responses((status = 200, description = "They are in force.", body = AppliedPolicies), ChangeErrors)
)]
pub async fn put(
    permit: Permit,
    actor: Actor,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Changed<AppliedPolicies>> {
    let text = body::text(body).await?;
    let done = permit
        .change(actor, move |db, change| policies::apply(db, change, &text))
        .await?;
    Ok(Changed(done.map(|policies| AppliedPolicies { policies })))
}

/// Which policies are shown; all in force where nothing is given.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PolicyParameters {
    /// Show the one policy in force that has this name.
    name: Option<String>,
    /// Show the text that has this hash, whether it is in force or was. Goes before `name`.
    hash: Option<String>,
}

/// The policies in force, or the text that a hash names.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum PolicyReply {
    InForce { policies: Vec<PolicyInForce> },
    Text { policy: PolicyText },
}

/// A policy that is in force.
#[derive(Serialize, ToSchema)]
pub struct PolicyInForce {
    name: String,
    hash: String,
    /// When it was put in force, in milliseconds since 1970.
    applied_at_ms: i64,
    /// The document as it was given.
    text: String,
}

/// The text of a policy that is or was in force.
#[derive(Serialize, ToSchema)]
pub struct PolicyText {
    hash: String,
    text: String,
}

/// Show the policies in force, or the text of one that is or was, by its hash.
#[utoipa::path(
    get,
    path = "/policies",
    tag = "policies",
    params(PolicyParameters),
    responses((status = 200, description = "The policies.", body = PolicyReply), ReadErrors)
)]
pub async fn get(
    permit: Permit,
    Parameters(parameters): Parameters<PolicyParameters>,
) -> Result<Json<PolicyReply>> {
    if let Some(hash) = parameters.hash {
        let policy = text(&permit, hash).await?;
        return Ok(Json(PolicyReply::Text { policy }));
    }
    let rows = permit.read(store::list).await?;
    let name = parameters.name.as_deref();
    let policies: Vec<PolicyInForce> = rows
        .into_iter()
        .filter(|row| name.is_none_or(|name| name == row.name))
        .map(|row| PolicyInForce {
            name: row.name,
            hash: row.hash,
            applied_at_ms: row.applied_at,
            text: row.text,
        })
        .collect();
    if let Some(name) = name
        && policies.is_empty()
    {
        let message = format!("There is no policy named '{name}'.");
        return Err(Error::does_not_exist(message));
    }
    Ok(Json(PolicyReply::InForce { policies }))
}

async fn text(permit: &Permit, hash: String) -> Result<PolicyText> {
    let key = hash.clone();
    let text = permit.read(move |db| store::text(db, &key)).await?;
    let text = text.ok_or_else(|| {
        Error::does_not_exist(format!("There never was a policy with the hash {hash}."))
    })?;
    Ok(PolicyText { hash, text })
}

/// Which policy is taken out of force.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeletionParameters {
    /// The policy's name.
    name: String,
}

/// A reply that says nothing but that it was done.
#[derive(Serialize, ToSchema)]
pub struct EmptyReply {}

/// Take a policy out of force. Its text can still be read by its hash.
#[utoipa::path(
    delete,
    path = "/policies",
    tag = "policies",
    params(DeletionParameters),
    responses((status = 200, description = "It is not in force any more.", body = EmptyReply), ChangeErrors)
)]
pub async fn delete(
    permit: Permit,
    actor: Actor,
    Parameters(parameters): Parameters<DeletionParameters>,
) -> Result<Changed<EmptyReply>> {
    let name = parameters.name;
    let done = permit
        .change(actor, move |db, change| policies::delete(db, change, &name))
        .await?;
    Ok(Changed(done.map(|()| EmptyReply {})))
}

/// Cases that are tried on policies.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyTest {
    /// The cases, in YAML.
    cases: String,
    /// The text of policies; those in force where it is left out.
    policies: Option<String>,
}

/// How the cases went.
#[derive(Serialize, ToSchema)]
pub struct PolicyTestReply {
    /// Whether all cases went as they say.
    passed: bool,
    results: Vec<CaseResult>,
}

/// Try cases on policies that are sent, or on those in force. Nothing is changed.
#[utoipa::path(
    post,
    path = "/policies/test",
    tag = "policies",
    request_body = PolicyTest,
    responses((status = 200, description = "How the cases went.", body = PolicyTestReply), ReadErrors)
)]
pub async fn test(
    permit: Permit,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Json<PolicyTestReply>> {
    let example = r#"{"cases": "cases: […]", "policies": "apiVersion: flowkeep/v1 …"}"#;
    let test: PolicyTest = body::json(body, example).await?;
    let results = permit
        .read(move |db| policies::test(db, test.policies.as_deref(), &test.cases))
        .await?;
    let passed = results.iter().all(|result| result.passed);
    Ok(Json(PolicyTestReply { passed, results }))
}
