//! Tables of MLflow whose rows flowkeep cannot show yet. A database that MLflow wrote may have some.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Db;
use crate::error::Result;

/// A kind of rows, by the table that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
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

/// The kinds that a message names, in words. The others exist only together with one of these.
const NAMED: [(Unserved, &str); 11] = [
    (Unserved::Traces, "traces"),
    (Unserved::EvaluationDatasets, "evaluation datasets"),
    (Unserved::Scorers, "scorers"),
    (Unserved::Issues, "issues"),
    (Unserved::LabelSchemas, "label schemas"),
    (Unserved::ReviewQueues, "review queues"),
    (Unserved::GatewayEndpoints, "gateway endpoints"),
    (Unserved::Secrets, "gateway secrets"),
    (Unserved::Budgets, "gateway budgets"),
    (Unserved::McpServers, "MCP servers"),
    (Unserved::Skills, "skills"),
];

impl Unserved {
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
struct Existence {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Returns whether the database has no rows of a kind, or no table for them.
pub fn is_empty(db: &mut Db, unserved: Unserved) -> Result<bool> {
    let table = unserved.table();
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
    for (unserved, words) in NAMED {
        if !is_empty(db, unserved)? {
            present.push(words);
        }
    }
    Ok(present)
}

fn is_there(db: &mut Db, query: &str) -> Result<bool> {
    let row: Existence =
        diesel::sql_query(format!("SELECT EXISTS ({query}) AS found")).get_result(db)?;
    Ok(row.found)
}
