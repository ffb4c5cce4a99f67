//! The store suite: one list of tests, run on SQLite and on PostgreSQL.

mod artifact_digests;
mod auth;
mod databases;
mod executor;
mod experiments;
mod gates;
mod governance;
mod inputs;
mod limit;
mod logged_model_values;
mod logged_models;
mod long_lists;
mod metrics;
mod open;
mod plans;
mod policy_costs;
mod registry;
mod registry_searches;
mod retention;
mod rows;
mod runs;
mod seals;
mod search;
mod webhooks;

use databases::TestDatabase;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::{Limits, SourceRules};
use crate::error::Result;
use crate::store::search::{ParsedSearch, Search};
use crate::validation::{Check, Checked};
use crate::wire::CreateModelVersion;

/// Checks a request as a handler does before it calls the store.
fn try_checked<R: Check>(request: R) -> Result<Checked<R>> {
    Checked::new(request, &Limits::default())
}

/// Parses a search that is written in JSON, as a handler does before it calls the store.
fn parsed<R: Search + DeserializeOwned>(request: Value) -> ParsedSearch<R> {
    let request: R = serde_json::from_value(request).unwrap();
    request.parse().unwrap()
}

/// Checks a request for a new version, which has no fault.
fn checked_version(request: CreateModelVersion) -> Checked<CreateModelVersion> {
    Checked::new(request, &SourceRules::default()).unwrap()
}

/// Checks a request that has no fault.
fn checked<R: Check>(request: R) -> Checked<R> {
    try_checked(request).unwrap()
}

/// Makes of each named function `fn name(db: &mut Db)` two tests, one for each database.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&mut crate::store::tests::TestDatabase::sqlite().connect());
            })+
        }
        mod postgres {
            $(#[test]
            fn $name() {
                let database = crate::store::tests::TestDatabase::postgres();
                super::$name(&mut database.connect());
            })+
        }
    };
}
use on_both_databases;
