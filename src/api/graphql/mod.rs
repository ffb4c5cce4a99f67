//! `/graphql`: the stock UI asks here for a run with all that belongs to it. Each field of the root
//! is a request that REST has, too, and is answered by the same handler.

mod limits;
mod message;
mod root;
mod run_details;

use std::sync::LazyLock;

use actix_web::web::Json;
use apollo_compiler::ast::Document;
use apollo_compiler::parser::Parser;
use apollo_compiler::request::RequestError;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{ExecutionResponse, JsonMap};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Schema, introspection};
use serde::{Deserialize, Serialize};

use self::root::Root;
use super::message::JsonBody;
use super::permit::Permit;
use crate::error::{Error, Result};

/// More than the limits on a query's selections leave room for.
const MOST_TOKENS: usize = 20_000;
const DEEPEST_NESTING: usize = 100;

static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    Schema::parse_and_validate(include_str!("schema.graphql"), "schema.graphql")
        .unwrap_or_else(|invalid| panic!("schema.graphql: {}", invalid.errors))
});

/// A query, as clients send it.
#[derive(Deserialize)]
struct GraphqlRequest {
    query: String,
    variables: Option<JsonMap>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

/// As MLflow writes it: errors are sentences, and there is a null where there are none.
#[derive(Serialize)]
pub struct GraphqlReply {
    data: Option<JsonMap>,
    errors: Option<Vec<String>>,
}

/// Answers a query. A query that cannot be run is answered, too: with its errors.
pub async fn answer(permit: Permit, body: JsonBody) -> Result<Json<GraphqlReply>> {
    let asked = serde_json::from_slice(&body.0).map_err(|error| {
        Error::invalid_parameter(format!("The body is not a GraphQL request: {error}."))
    })?;
    let (data, errors) = match execute(permit, asked).await {
        Ok(response) => {
            let errors = response.errors.into_iter();
            (
                response.data,
                errors.map(|error| sentence(error.message)).collect(),
            )
        }
        Err(errors) => (None, errors),
    };
    let errors = Some(errors).filter(|errors| !errors.is_empty());
    Ok(Json(GraphqlReply { data, errors }))
}

async fn execute(permit: Permit, asked: GraphqlRequest) -> Result<ExecutionResponse, Vec<String>> {
    let document = parse(asked.query)?;
    limits::check(&document, &permit.limits).map_err(|refusal| vec![refusal])?;
    let document = document
        .to_executable_validate(&SCHEMA)
        .map_err(|invalid| sentences(&invalid.errors))?;
    let refused = |error: RequestError| vec![error.message().to_string()];
    let operation = document
        .operations
        .get(asked.operation_name.as_deref())
        .map_err(refused)?;
    introspection::check_max_depth(&document, operation).map_err(refused)?;
    let root = Root {
        type_name: operation.object_type().as_str(),
        permit,
    };
    Execution::new(&SCHEMA, &document)
        .operation(operation)
        .raw_variable_values(&asked.variables.unwrap_or_default())
        .enable_schema_introspection(true)
        .execute_async(&root)
        .await
        .map_err(refused)
}

fn parse(query: String) -> Result<Document, Vec<String>> {
    Parser::new()
        .recursion_limit(DEEPEST_NESTING)
        .token_limit(MOST_TOKENS)
        .parse_ast(query, "query.graphql")
        .map_err(|invalid| sentences(&invalid.errors))
}

fn sentences(errors: &DiagnosticList) -> Vec<String> {
    errors.iter().map(|error| error.to_json().message).collect()
}

/// What a handler said, without what the library says before it.
fn sentence(message: String) -> String {
    match message.strip_prefix("resolver error: ") {
        Some(own) => own.to_owned(),
        None => message,
    }
}
