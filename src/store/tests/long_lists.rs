//! Lists in requests, which may be longer than the values that a statement takes, and have any letters.

use diesel::prelude::*;
use serde_json::json;

use super::rows::{add_experiment, add_run};
use super::{on_both_databases, parsed};
use crate::store::in_list::in_list;
use crate::store::schema::{logged_models, params, runs};
use crate::store::{Db, datasets, search};
use crate::wire::{SearchExperiments, SearchLoggedModels, SearchRuns};

on_both_databases!(
    are_as_long_as_the_request,
    of_one_or_no_element_are_lists,
    hold_texts_as_they_are,
    hold_all_integers,
);

/// More values than any database takes in one statement.
const LENGTH: i32 = 70_000;

fn are_as_long_as_the_request(db: &mut Db) {
    let experiment_id = add_experiment(db, "one");
    add_run(db, "r", experiment_id);
    diesel::insert_into(logged_models::table)
        .values((
            logged_models::model_id.eq("m-1"),
            logged_models::experiment_id.eq(experiment_id),
            logged_models::name.eq("m"),
            logged_models::artifact_location.eq("s3://b/m"),
            logged_models::creation_timestamp_ms.eq(1),
            logged_models::last_updated_timestamp_ms.eq(1),
            logged_models::status.eq(1),
            logged_models::lifecycle_stage.eq("active"),
        ))
        .execute(db)
        .unwrap();
    let numbers: Vec<i32> = (0..LENGTH).map(|number| experiment_id + number).collect();
    let ids: Vec<String> = numbers.iter().map(i32::to_string).collect();

    let request = parsed::<SearchRuns>(json!({"experiment_ids": ids}));
    let found = search::search_runs(db, &request, &search::VisibleNames::All)
        .unwrap()
        .runs;
    assert_eq!(found.len(), 1);
    let request = parsed::<SearchLoggedModels>(json!({"experiment_ids": ids}));
    let found = search::search_logged_models(db, &request, &search::VisibleNames::All)
        .unwrap()
        .models;
    assert_eq!(found.len(), 1);
    let found = datasets::search(db, &numbers).unwrap();
    assert_eq!(found, []);

    // As in MLflow, a filter has at most 10,000 tokens.
    let listed = ids[..4_000].join("','");
    let filter = format!("experiment_id IN ('{listed}')");
    let request = parsed::<SearchExperiments>(json!({"filter": filter, "max_results": 10}));
    let found = search::search_experiments(db, &request, &search::VisibleNames::All).unwrap();
    assert_eq!(found.experiments.len(), 1);
    let filter = format!("attributes.run_id IN ('r', '{listed}')");
    let experiments = [experiment_id.to_string()];
    let wanted = json!({"experiment_ids": experiments, "filter": filter});
    let found = search::search_runs(
        db,
        &parsed::<SearchRuns>(wanted),
        &search::VisibleNames::All,
    )
    .unwrap();
    assert_eq!(found.runs.len(), 1);
}

fn of_one_or_no_element_are_lists(db: &mut Db) {
    let experiment_id = add_experiment(db, "one");
    for id in ["a", "b"] {
        add_run(db, id, experiment_id);
    }
    let mut count = |ids: &[&str], negated| -> i64 {
        runs::table
            .filter(in_list(runs::run_uuid, ids.to_vec()).negated_if(negated))
            .count()
            .get_result(db)
            .unwrap()
    };
    assert_eq!(count(&[], false), 0);
    assert_eq!(count(&[], true), 2);
    assert_eq!(count(&["a"], false), 1);
    assert_eq!(count(&["a"], true), 1);
    assert_eq!(count(&["a", "c"], false), 1);
    assert_eq!(count(&["a", "c"], true), 1);
    // No database has the text, so nothing is equal to it.
    assert_eq!(count(&["a\0", "c"], false), 0);
    assert_eq!(count(&["a\0"], false), 0);
}

fn hold_texts_as_they_are(db: &mut Db) {
    let experiment_id = add_experiment(db, "one");
    add_run(db, "r", experiment_id);
    let texts = [
        "",
        " ",
        "NULL",
        "null",
        "a,b",
        "{a}",
        "[1]",
        "'",
        "''",
        "\"",
        "\\",
        "\\\"",
        "\\n",
        "\n",
        "\t",
        "\u{1}",
        "é",
        "\u{1f600}",
        "1",
        "1.0",
        "true",
        "%",
        "_",
    ];
    for (index, text) in texts.iter().enumerate() {
        diesel::insert_into(params::table)
            .values((
                params::run_uuid.eq("r"),
                params::key.eq(format!("{index:02}")),
                params::value.eq(text),
            ))
            .execute(db)
            .unwrap();
    }
    let mut find = |wanted: Vec<&str>, negated| -> Vec<String> {
        params::table
            .filter(in_list(params::value, wanted).negated_if(negated))
            .order(params::key)
            .select(params::value)
            .load(db)
            .unwrap()
    };
    assert_eq!(find(texts.to_vec(), false), texts);
    assert_eq!(find(texts.to_vec(), true), [""; 0]);
    for text in texts {
        assert_eq!(find(vec![text, "another"], false), [text], "{text:?}");
        assert_eq!(find(vec![text, "another"], true).len(), texts.len() - 1);
    }
}

fn hold_all_integers(db: &mut Db) {
    let experiment_id = add_experiment(db, "one");
    for (id, start) in [("low", i64::MIN), ("zero", 0), ("high", i64::MAX)] {
        add_run(db, id, experiment_id);
        diesel::update(runs::table.find(id))
            .set(runs::start_time.eq(start))
            .execute(db)
            .unwrap();
    }
    let mut count = |times: Vec<i64>| -> i64 {
        runs::table
            .filter(in_list(runs::start_time, times))
            .count()
            .get_result(db)
            .unwrap()
    };
    assert_eq!(count(vec![i64::MIN, i64::MAX]), 2);
    assert_eq!(count(vec![i64::MIN + 1, 0, i64::MAX - 1]), 1);
}
