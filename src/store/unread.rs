//! Tables of MLflow whose rows flowkeep cannot show yet. A database that MLflow wrote may have some.

use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::Db;
use crate::error::Result;

#[derive(Clone, Copy, Debug)]
pub enum Unread {
    Bindings,
    Budgets,
    EvaluationDatasets,
    GatewayEndpoints,
    Guardrails,
    Issues,
    LabelSchemas,
    McpServers,
    ModelDefinitions,
    ReviewQueues,
    Scorers,
    ScoringConfigs,
    Secrets,
    Traces,
}

impl Unread {
    fn table(self) -> &'static str {
        match self {
            Self::Bindings => "endpoint_bindings",
            Self::Budgets => "budget_policies",
            Self::EvaluationDatasets => "evaluation_datasets",
            Self::GatewayEndpoints => "endpoints",
            Self::Guardrails => "guardrails",
            Self::Issues => "issues",
            Self::LabelSchemas => "label_schemas",
            Self::McpServers => "mcp_servers",
            Self::ModelDefinitions => "model_definitions",
            Self::ReviewQueues => "review_queues",
            Self::Scorers => "scorers",
            Self::ScoringConfigs => "online_scoring_configs",
            Self::Secrets => "secrets",
            Self::Traces => "trace_info",
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    #[expect(dead_code, reason = "it counts that there is a row")]
    found: i32,
}

pub fn is_empty(db: &mut Db, unread: Unread) -> Result<bool> {
    let query = format!("SELECT 1 AS found FROM {} LIMIT 1", unread.table());
    let rows: Vec<Row> = diesel::sql_query(query).load(db)?;
    Ok(rows.is_empty())
}
