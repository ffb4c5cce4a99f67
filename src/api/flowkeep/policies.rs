//! Policies: applied, shown, deleted.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Payload};
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::Parameters;
use super::payload;
use crate::api::State;
use crate::api::routes::with_warnings;
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::lifecycle::policies;
use crate::store::governance::policies as store;

/// The body is the text of one or more policies, in YAML or JSON.
pub async fn put(state: Data<State>, actor: Actor, body: Payload) -> Result<HttpResponse> {
    let text = payload::text(body).await?;
    let done = state
        .change(actor, move |db, change| policies::apply(db, change, &text))
        .await?;
    Ok(with_warnings(
        done.map(|policies| json!({"policies": policies})),
    ))
}

/// Those in force, or the text of one that is or was, by its hash.
pub async fn get(state: Data<State>, parameters: Parameters) -> Result<Json<Value>> {
    if let Some(hash) = parameters.get("hash").map(str::to_owned) {
        let wanted = hash.clone();
        let text = state
            .store
            .read(move |db| store::text(db, &wanted))
            .await?
            .ok_or_else(|| {
                Error::does_not_exist(format!("There never was a policy with the hash {hash}."))
            })?;
        return Ok(Json(json!({"policy": {"hash": hash, "text": text}})));
    }
    let rows = state.store.read(store::list).await?;
    let name = parameters.get("name");
    let policies: Vec<Value> = rows
        .iter()
        .filter(|row| name.is_none_or(|name| name == row.name))
        .map(|row| {
            json!({
                "name": row.name,
                "hash": row.hash,
                "applied_at_ms": row.applied_at,
                "text": row.text,
            })
        })
        .collect();
    if let Some(name) = name
        && policies.is_empty()
    {
        let message = format!("There is no policy named '{name}'.");
        return Err(Error::does_not_exist(message));
    }
    Ok(Json(json!({"policies": policies})))
}

pub async fn delete(
    state: Data<State>,
    actor: Actor,
    parameters: Parameters,
) -> Result<HttpResponse> {
    let name = parameters.required("name")?.to_owned();
    let done = state
        .change(actor, move |db, change| policies::delete(db, change, &name))
        .await?;
    Ok(with_warnings(done.map(|()| json!({}))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trial {
    cases: String,
    policies: Option<String>,
}

/// Tries cases on policies: on those in force, where none are sent.
pub async fn test(state: Data<State>, body: Payload) -> Result<Json<Value>> {
    let example = r#"{"cases": "cases: […]", "policies": "apiVersion: flowkeep/v1 …"}"#;
    let trial: Trial = payload::json(body, example).await?;
    let results = state
        .store
        .read(move |db| policies::test(db, trial.policies.as_deref(), &trial.cases))
        .await?;
    let passed = results.iter().all(|result| result.passed);
    Ok(Json(json!({"passed": passed, "results": results})))
}
