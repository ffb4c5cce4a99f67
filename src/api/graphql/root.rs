//! The requests that can be made through GraphQL.

use std::borrow::Cow;
use std::sync::Arc;

use apollo_compiler::resolvers::{AsyncObjectValue, AsyncResolvedValue, FieldError, ResolveInfo};
use apollo_compiler::response::{JsonMap, JsonValue};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::{Map, Value};

use super::message::{Message, field_error, snake_case};
use super::run_details::{RunDetails, json};
use crate::api::Permit;
use crate::api::mlflow::{artifacts, experiments, inputs, metrics, runs, searches};
use crate::error::{ErrorCode, Result};
use crate::wire::reading;
use crate::wire::request::Request;

/// The object that a query begins with.
pub struct Root<'a> {
    /// Queries and mutations are of two types. All of them only read.
    pub type_name: &'a str,
    pub permit: Permit,
}

impl AsyncObjectValue for Root<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> BoxFuture<'a, Result<AsyncResolvedValue<'a>, FieldError>> {
        Box::pin(async move {
            let arguments = info.arguments();
            let answer = match info.field_name() {
                "mlflowGetExperiment" => self.ask(arguments, experiments::get).await,
                "mlflowGetMetricHistoryBulkInterval" => self.sampled_history(arguments).await,
                "mlflowGetRun" => self.ask(arguments, runs::get).await,
                "mlflowListArtifacts" => self.ask(arguments, artifacts::list).await,
                "mlflowSearchDatasets" => self.ask(arguments, inputs::search_datasets).await,
                "mlflowSearchModelVersions" => self.ask(arguments, searches::model_versions).await,
                "mlflowSearchRuns" => self.ask(arguments, searches::runs).await,
                "test" | "testMutation" => json(&TestReply {
                    output: arguments.get("inputString"),
                }),
                _ => return Err(self.unknown_field_error(info)),
            };
            let answer = match answer {
                // As on MLflow, what one may not see is nothing, and no error.
                Err(error) if error.code == ErrorCode::AccessDenied => {
                    return Ok(AsyncResolvedValue::null());
                }
                answer => answer.map_err(field_error)?,
            };
            let run_details = RunDetails::of(&answer, self.permit.clone());
            Ok(AsyncResolvedValue::object(Message {
                type_name: info.field_definition().ty.inner_named_type().as_str(),
                json: Cow::Owned(answer),
                run_details: Arc::new(run_details),
            }))
        })
    }
}

/// The reply to the queries that only show that GraphQL works.
#[derive(Serialize)]
struct TestReply<'a> {
    output: Option<&'a JsonValue>,
}

impl Root<'_> {
    async fn ask<R, H, F>(&self, arguments: &JsonMap, handler: H) -> Result<Value>
    where
        R: Request,
        H: Fn(Permit, R) -> F,
        F: Future<Output = Result<R::Response>>,
    {
        let request: R = read(arguments)?;
        let permit = self.permit.for_message(&request)?;
        let answer = handler(permit.clone(), request).await?;
        permit.check_settled()?;
        json(&answer)
    }

    /// The one answer that is JSON already.
    async fn sampled_history(&self, arguments: &JsonMap) -> Result<Value> {
        let request = read(arguments)?;
        let permit = self.permit.for_message(&request)?;
        let answer = metrics::sampled_history(permit.clone(), request).await?;
        permit.check_settled()?;
        answer.read()
    }
}

/// The argument `input` as the request that it stands for.
fn read<R: Request>(arguments: &JsonMap) -> Result<R> {
    let mut members = Map::new();
    let input = arguments.get("input").and_then(|input| input.as_object());
    for (name, value) in input.into_iter().flatten() {
        if !value.is_null() {
            members.insert(snake_case(name.as_str()), json(value)?);
        }
    }
    reading::from_members(&members)
}
