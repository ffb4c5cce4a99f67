//! Lists that the stock UI asks for on its way to other pages, of things that flowkeep does not keep.
//! Nothing can be created here, so an empty list is the truth, and the UI shows an empty page; where a
//! database that MLflow wrote has some, the answer is that they cannot be shown.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::Json;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Permit;
use crate::api::message::JsonBody;
use crate::error::{Error, ErrorCode, Result};
use crate::store::unserved::{self, Unserved};

/// Marks an answer that is empty because flowkeep does not have such things: the UI then says so.
const MARK: &str = "Flowkeep-Not-Built";

/// A list that the UI asks for, and that is empty.
pub struct EmptyList {
    pub method: Method,
    pub path: &'static str,
    of: Unserved,
    /// How MLflow writes that there is nothing.
    empty: &'static str,
}

const fn get(path: &'static str, of: Unserved, empty: &'static str) -> EmptyList {
    let method = Method::GET;
    EmptyList {
        method,
        path,
        of,
        empty,
    }
}

const fn post(path: &'static str, of: Unserved, empty: &'static str) -> EmptyList {
    let method = Method::POST;
    EmptyList {
        method,
        path,
        of,
        empty,
    }
}

const NOTHING: &str = "{}";
const NO_PAGE: &str = r#"{"next_page_token":""}"#;

/// All of these lists.
pub static LISTS: [EmptyList; 17] = [
    post("/3.0/mlflow/traces/search", Unserved::Traces, NOTHING),
    get(
        "/3.0/mlflow/datasets/search",
        Unserved::EvaluationDatasets,
        NOTHING,
    ),
    post(
        "/3.0/mlflow/datasets/search",
        Unserved::EvaluationDatasets,
        NOTHING,
    ),
    post("/3.0/mlflow/issues/search", Unserved::Issues, NO_PAGE),
    get(
        "/3.0/mlflow/label-schemas/list",
        Unserved::LabelSchemas,
        NO_PAGE,
    ),
    get(
        "/3.0/mlflow/review-queues/list",
        Unserved::ReviewQueues,
        NO_PAGE,
    ),
    get("/3.0/mlflow/scorers/list", Unserved::Scorers, NOTHING),
    get(
        "/3.0/mlflow/scorers/online-configs",
        Unserved::ScoringConfigs,
        r#"{"configs":[]}"#,
    ),
    get(
        "/3.0/mlflow/gateway/budgets/list",
        Unserved::Budgets,
        NOTHING,
    ),
    get(
        "/3.0/mlflow/gateway/budgets/windows",
        Unserved::Budgets,
        NOTHING,
    ),
    get(
        "/3.0/mlflow/gateway/endpoints/bindings/list",
        Unserved::Bindings,
        NOTHING,
    ),
    get(
        "/3.0/mlflow/gateway/endpoints/list",
        Unserved::GatewayEndpoints,
        NOTHING,
    ),
    get(
        "/3.0/mlflow/gateway/guardrails/list",
        Unserved::Guardrails,
        NOTHING,
    ),
    get(
        "/3.0/mlflow/gateway/model-definitions/list",
        Unserved::ModelDefinitions,
        NOTHING,
    ),
    get(
        "/3.0/mlflow/gateway/secrets/list",
        Unserved::Secrets,
        NOTHING,
    ),
    get(
        "/3.0/mlflow/mcp-servers",
        Unserved::McpServers,
        r#"{"mcp_servers":[],"next_page_token":null}"#,
    ),
    get(
        "/3.0/mlflow/skills",
        Unserved::Skills,
        r#"{"skills":[],"next_page_token":null}"#,
    ),
];

impl EmptyList {
    /// Answers with the empty list. Fails where the database has what the list is of.
    pub async fn answer(&self, permit: Permit) -> Result<HttpResponse> {
        refuse_what_cannot_be_shown(&permit, self.of).await?;
        let empty = serde_json::from_str(self.empty)
            .map_err(|error| Error::internal(format!("{} has no answer: {error}", self.path)))?;
        Ok(marked(empty))
    }
}

fn marked(empty: Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((MARK, "true")).json(empty)
}

async fn refuse_what_cannot_be_shown(permit: &Permit, of: Unserved) -> Result<()> {
    if permit.read(move |db| unserved::is_empty(db, of)).await? {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::NotImplemented,
        "MLflow has stored what is asked for in this database, and flowkeep cannot show it yet.",
    ))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TraceMetrics {
    metric_name: String,
    aggregations: Vec<Aggregation>,
    dimensions: Vec<String>,
    time_interval_seconds: Option<Value>,
}

#[derive(Deserialize)]
struct Aggregation {
    #[serde(default)]
    aggregation_type: String,
}

/// Figures about traces: of none of them there is only a count.
pub async fn trace_metrics(permit: Permit, body: JsonBody) -> Result<HttpResponse> {
    let asked: TraceMetrics = serde_json::from_slice(&body.0).map_err(|error| {
        Error::invalid_parameter(format!(
            "The body is not a query of trace metrics: {error}."
        ))
    })?;
    refuse_what_cannot_be_shown(&permit, Unserved::Traces).await?;
    let is_one_figure = asked.dimensions.is_empty() && asked.time_interval_seconds.is_none();
    let counts = |aggregation: &Aggregation| aggregation.aggregation_type == "COUNT";
    if is_one_figure && asked.aggregations.iter().any(counts) {
        let point = json!({"metric_name": asked.metric_name, "values": {"COUNT": 0.0}});
        return Ok(marked(json!({"data_points": [point]})));
    }
    Ok(marked(json!({})))
}

/// The gateway to language models is not there: it has no models, and no place for their keys.
pub async fn no_gateway_endpoints() -> Json<Value> {
    Json(json!({"endpoints": []}))
}

/// Says that the gateway keeps no keys.
pub async fn no_secrets() -> Json<Value> {
    Json(json!({"secrets_available": false, "using_default_passphrase": false}))
}

/// There is no assistant that could be talked to.
pub async fn assistant_config() -> Json<Value> {
    Json(json!({"providers": {}, "projects": {}, "remote_access_allowed": false}))
}

/// Says that nobody provides an assistant.
pub async fn assistant_providers() -> Json<Value> {
    Json(json!({"providers": [], "resolved": null, "gateway_vendor_options": {}}))
}
