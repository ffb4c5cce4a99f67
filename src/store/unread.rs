//! Tables of MLflow whose rows flowkeep cannot show yet. A database that MLflow wrote may have some.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Db;
use crate::error::Result;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    Skills,
    Traces,
}

/// What people know by name, in words. The rest only comes along with it.
const NAMED: [(Unread, &str); 11] = [
    (Unread::Traces, "traces"),
    (Unread::EvaluationDatasets, "evaluation datasets"),
    (Unread::Scorers, "scorers"),
    (Unread::Issues, "issues"),
    (Unread::LabelSchemas, "label schemas"),
    (Unread::ReviewQueues, "review queues"),
    (Unread::GatewayEndpoints, "gateway endpoints"),
    (Unread::Secrets, "gateway secrets"),
    (Unread::Budgets, "gateway budgets"),
    (Unread::McpServers, "MCP servers"),
    (Unread::Skills, "skills"),
];

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
            Self::Skills => "skills",
            Self::Traces => "trace_info",
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Bool)]
    found: bool,
}

pub fn is_empty(db: &mut Db, unread: Unread) -> Result<bool> {
    let table = unread.table();
    // Not every MLflow has every table.
    let exists = match db {
        Db::Sqlite(_) => {
            format!("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{table}'")
        }
        Db::Postgres(_) => format!("SELECT 1 WHERE to_regclass('{table}') IS NOT NULL"),
    };
    Ok(!is_there(db, &exists)? || !is_there(db, &format!("SELECT 1 FROM {table}"))?)
}

/// Returns what the database has that flowkeep does not show, in words.
pub fn present(db: &mut Db) -> Result<Vec<&'static str>> {
    let mut present = Vec::new();
    for (unread, words) in NAMED {
        if !is_empty(db, unread)? {
            present.push(words);
        }
    }
    Ok(present)
}

fn is_there(db: &mut Db, query: &str) -> Result<bool> {
    let row: Row = diesel::sql_query(format!("SELECT EXISTS ({query}) AS found")).get_result(db)?;
    Ok(row.found)
}
