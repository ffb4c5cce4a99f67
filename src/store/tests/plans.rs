//! How SQLite finds the rows of the calls that are made most: never by reading a table through.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Value, json};

use super::rows::{add_experiment, add_registry, add_run};
use super::{TestDatabase, checked, parsed};
use crate::store::{Db, metrics, model_versions, registered_models, runs, search};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn sqlite(db: &mut Db) -> &mut SqliteConnection {
    match db {
        Db::Sqlite(connection) => connection,
        Db::Postgres(_) => panic!("a database of SQLite"),
    }
}

/// The statements that a piece of work makes, without their values.
fn statements(db: &mut Db, work: impl FnOnce(&mut Db)) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    sqlite(db).set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let text = text.split(" -- binds").next().unwrap_or_default();
            told.lock().unwrap().push(text.to_owned());
        }
    });
    work(db);
    sqlite(db).set_instrumentation(|_: InstrumentationEvent<'_>| {});
    let mut statements = seen.lock().unwrap().clone();
    statements.sort();
    statements.dedup();
    statements
}

/// The steps in which a table is read from its beginning, with the statements that have them.
fn scans(db: &mut Db, work: impl FnOnce(&mut Db)) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let statements = statements(db, work);
    assert!(!statements.is_empty());
    for statement in statements {
        let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(sqlite(db))
            .unwrap();
        for Step { detail } in plan {
            // A table with triggers has this in its plan: a check that is passed over at run time, unless
            // the statement has broken a foreign key before.
            let is_unused = detail.starts_with("SCAN logged_model_metrics")
                && statement.starts_with("INSERT INTO `runs`");
            let is_of_few = [
                "SCAN CONSTANT ROW",
                "SCAN wanted",
                "SCAN counted",
                "SCAN json_each",
            ]
            .iter()
            .any(|few| detail.starts_with(few));
            if detail.starts_with("SCAN") && !is_of_few && !is_unused {
                found.push((detail, statement.clone()));
            }
        }
    }
    found
}

fn read<T: serde::de::DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).unwrap()
}

#[test]
fn no_call_that_is_made_often_reads_a_table_through() {
    let database = TestDatabase::sqlite();
    let db = &mut database.connect();
    let experiment_id = add_experiment(db, "one");
    add_run(db, "r", experiment_id);
    registered_models::create(db, &checked(read(json!({"name": "m"}))), 1).unwrap();
    model_versions::insert(
        db,
        &model_versions::NewVersion {
            name: "m",
            source: "s3://bucket/model",
            ..Default::default()
        },
        1,
    )
    .unwrap();
    registered_models::aliases::set(db, "m", "champion", 1).unwrap();

    let found = scans(db, |db| {
        let metric = json!({"run_id": "r", "key": "k", "value": 1, "timestamp": 1, "step": 1});
        metrics::log_metric(db, &checked(read(metric))).unwrap();
        let batch = json!({
            "run_id": "r",
            "metrics": [{"key": "k", "value": 2, "timestamp": 2, "step": 2}],
            "params": [{"key": "p", "value": "1"}],
            "tags": [{"key": "t", "value": "1"}],
        });
        runs::log_batch(db, &checked(read(batch))).unwrap();
        let tag = json!({"run_id": "r", "key": "t", "value": "2"});
        runs::set_tag(db, &checked(read(tag))).unwrap();
        let run = json!({"experiment_id": experiment_id.to_string()});
        runs::create(db, &checked(read(run))).unwrap();
        runs::get(db, "r").unwrap();
        let history = read(json!({"run_id": "r", "metric_key": "k"}));
        let page = metrics::HistoryPage::read(&history).unwrap();
        metrics::get_history(db, &page).unwrap();
        model_versions::get(db, "m", "1").unwrap();
        registered_models::aliases::resolve(db, "m", "champion").unwrap();
        for filter in ["", "tags.t = '2'", "params.p = '1'", "metrics.k > 1"] {
            let wanted = json!({"experiment_ids": [experiment_id.to_string()], "filter": filter});
            search::search_runs(db, &parsed(wanted), &search::VisibleNames::All).unwrap();
        }
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_tag_is_found_by_its_value() {
    let database = TestDatabase::sqlite();
    let db = &mut database.connect();
    let experiment_id = add_experiment(db, "one").to_string();
    let wanted = json!({"experiment_ids": [experiment_id], "filter": "tags.t = 'short'"});
    let statements = statements(db, |db| {
        search::search_runs(db, &parsed(wanted), &search::VisibleNames::All).unwrap();
    });
    let search = statements.iter().find(|text| text.contains("found.key"));
    let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {}", search.unwrap()))
        .load(sqlite(db))
        .unwrap();
    assert!(
        plan.iter()
            .any(|step| step.detail.contains("flowkeep_tags_value")),
        "{:?}",
        plan.iter().map(|step| &step.detail).collect::<Vec<_>>()
    );
}

/// The steps of all statements that a piece of work makes.
fn steps(db: &mut Db, work: impl FnOnce(&mut Db)) -> Vec<String> {
    let statements = statements(db, work);
    let mut steps = Vec::new();
    for statement in statements {
        let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(sqlite(db))
            .unwrap();
        steps.extend(plan.into_iter().map(|step| step.detail));
    }
    steps
}

/// A registry in which most values are the same, and what SQLite learns of it: by that, no value leads to few
/// rows.
fn registry() -> TestDatabase {
    let database = TestDatabase::sqlite();
    let db = &mut database.connect();
    add_registry(db, 1_000);
    diesel::sql_query("ANALYZE").execute(db).unwrap();
    database
}

#[test]
fn searches_of_the_registry_are_led_by_rare_values() {
    let database = registry();
    let db = &mut database.connect();
    for (filter, index) in [
        (
            "tags.kind = 'rare'",
            "flowkeep_model_version_tags_value (key=? AND value=?)",
        ),
        ("run_id = 'rare'", "flowkeep_model_versions_run (run_id=?)"),
        (
            "source_path = 'rare'",
            "flowkeep_model_versions_source (source=?)",
        ),
        ("name = 'model-1'", "(workspace=? AND name=?)"),
    ] {
        let wanted = json!({"filter": filter});
        let steps = steps(db, |db| {
            search::search_model_versions(db, &parsed(wanted), &search::VisibleModels::ALL)
                .unwrap();
        });
        assert!(steps.iter().any(|step| step.contains(index)), "{steps:#?}");
        assert!(
            !steps
                .iter()
                .any(|step| step.contains("flowkeep_model_versions_newest")),
            "{steps:#?}"
        );
    }
    let wanted = json!({"filter": "tags.kind = 'rare'"});
    let steps = steps(db, |db| {
        search::search_registered_models(db, &parsed(wanted), &search::VisibleModels::ALL).unwrap();
    });
    let index = "flowkeep_registered_model_tags_value (key=? AND value=?)";
    assert!(steps.iter().any(|step| step.contains(index)), "{steps:#?}");
}

#[test]
fn lists_of_the_registry_read_no_more_than_their_page() {
    let database = registry();
    let db = &mut database.connect();
    let steps = steps(db, |db| {
        let page = search::search_model_versions(
            db,
            &parsed(json!({"max_results": 1})),
            &search::VisibleModels::ALL,
        )
        .unwrap();
        let next = json!({"max_results": 1, "page_token": page.next_page_token});
        search::search_model_versions(db, &parsed(next), &search::VisibleModels::ALL).unwrap();
        let page = search::search_registered_models(
            db,
            &parsed(json!({"max_results": 1})),
            &search::VisibleModels::ALL,
        )
        .unwrap();
        let next = json!({"max_results": 1, "page_token": page.next_page_token});
        search::search_registered_models(db, &parsed(next), &search::VisibleModels::ALL).unwrap();
    });
    // Beside short lists, only what is read in the order of the page, up to its end.
    let in_order = [
        "flowkeep_model_versions_newest",
        "flowkeep_registered_models_name",
    ];
    let lists = ["SCAN wanted", "VALUES CLAUSE", "CONSTANT ROW"];
    for step in &steps {
        let is_fine = !step.starts_with("SCAN")
            || lists.iter().any(|list| step.contains(list))
            || in_order.iter().any(|index| step.contains(index));
        assert!(is_fine, "{step} in {steps:#?}");
        assert!(!step.ends_with("(workspace=?)"), "{step} in {steps:#?}");
    }
    for place in [
        "SEARCH model_versions USING INDEX flowkeep_model_versions_newest (last_updated_time<?)",
        "SEARCH registered_models USING INDEX flowkeep_registered_models_name (name>?)",
    ] {
        assert!(steps.iter().any(|step| step == place), "{steps:#?}");
    }
    assert!(
        !steps.iter().any(|step| step == "MULTI-INDEX OR"),
        "{steps:#?}"
    );
    let tags = "SEARCH tag USING INDEX idx_model_version_tags_workspace_name_version \
                (workspace=? AND name=? AND version=?)";
    assert!(steps.iter().any(|step| step == tags), "{steps:#?}");
}

/// A page in the order of a metric is read from the sorted values, and no further than it needs.
#[test]
fn an_order_by_a_metric_is_read_from_its_values() {
    let database = TestDatabase::sqlite();
    let db = &mut database.connect();
    let experiment_id = add_experiment(db, "one").to_string();
    for (filter, order_by) in [
        ("metrics.m > 0.5 AND params.p = 'x'", "metrics.m DESC"),
        ("metrics.m > 0.5", "metrics.m"),
    ] {
        let wanted = json!({
            "experiment_ids": [experiment_id],
            "filter": filter,
            "order_by": [order_by],
            "max_results": 100,
        });
        let statements = statements(db, |db| {
            search::search_runs(db, &parsed(wanted), &search::VisibleNames::All).unwrap();
        });
        let search = statements
            .iter()
            .find(|text| text.contains("flowkeep_metric_values found CROSS JOIN runs"));
        let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {}", search.unwrap()))
            .load(sqlite(db))
            .unwrap();
        let details: Vec<_> = plan.iter().map(|step| step.detail.as_str()).collect();
        let walk = details.iter().position(|detail| {
            detail.starts_with(
                "SEARCH found USING PRIMARY KEY (experiment_id=? AND key=? AND value>?",
            )
        });
        let sort = details
            .iter()
            .position(|detail| detail.starts_with("USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY"));
        assert!(walk.is_some() && sort.is_some(), "{details:#?}");
        assert!(
            details
                .iter()
                .any(|detail| detail.starts_with("SEARCH runs USING INDEX sqlite_autoindex_runs_1")),
            "{details:#?}"
        );
    }
}

/// Few runs with a value are found by it, whatever the order.
#[test]
fn a_metric_is_found_by_its_value() {
    let database = TestDatabase::sqlite();
    let db = &mut database.connect();
    let experiment_id = add_experiment(db, "one").to_string();
    let wanted = json!({"experiment_ids": [experiment_id], "filter": "metrics.m > 0.5"});
    let statements = statements(db, |db| {
        search::search_runs(db, &parsed(wanted), &search::VisibleNames::All).unwrap();
    });
    let search = statements
        .iter()
        .find(|text| text.contains("IN (SELECT found.run_uuid FROM flowkeep_metric_values"));
    let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {}", search.unwrap()))
        .load(sqlite(db))
        .unwrap();
    let details: Vec<_> = plan.iter().map(|step| step.detail.as_str()).collect();
    for expected in [
        "SEARCH found USING PRIMARY KEY (experiment_id=? AND key=? AND value>?",
        "SEARCH mark USING PRIMARY KEY (key=?)",
        "SEARCH runs USING INDEX sqlite_autoindex_runs_1 (run_uuid=?)",
    ] {
        assert!(
            details.iter().any(|detail| detail.starts_with(expected)),
            "{expected}: {details:#?}"
        );
    }
}
