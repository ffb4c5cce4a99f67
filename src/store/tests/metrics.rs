use diesel::prelude::*;
use serde_json::{Value, json};

use super::on_both_databases;
use super::runs::{log, new_run};
use crate::store::metrics::{self, HistoryPage, Sampling};
use crate::store::schema::{logged_model_metrics, logged_models};
use crate::store::{Db, runs};
use crate::wire::{
    GetMetricHistory, MetricWithRunId, get_metric_history, get_metric_history_bulk_interval,
};

on_both_databases!(
    gives_the_history_of_several_runs,
    keeps_a_point_once,
    keeps_points_of_models_with_the_models,
    keeps_the_latest_point,
    keeps_what_is_no_number,
    logs_as_much_as_a_batch_may_hold,
    pages_through_a_history,
    samples_evenly_with_the_first_and_the_last,
);

/// `[key, value, timestamp, step]`
fn points(points: &[(&str, Value, i64, i64)]) -> Value {
    let metrics: Vec<Value> = points
        .iter()
        .map(|(key, value, timestamp, step)| {
            json!({"key": key, "value": value, "timestamp": timestamp, "step": step})
        })
        .collect();
    json!({"metrics": metrics})
}

/// Time and value of all points of a metric.
fn history(db: &mut Db, run_id: &str, key: &str) -> Vec<(i64, f64)> {
    let request = GetMetricHistory {
        run_id: Some(run_id.to_owned()),
        metric_key: Some(key.to_owned()),
        ..GetMetricHistory::default()
    };
    let found: get_metric_history::Response =
        metrics::get_history(db, &HistoryPage::read(&request).unwrap())
            .unwrap()
            .read()
            .unwrap();
    found
        .metrics
        .iter()
        .map(|point| (point.timestamp(), point.value()))
        .collect()
}

fn latest(db: &mut Db, run_id: &str) -> Vec<(String, f64, i64, i64)> {
    let data = runs::get(db, run_id).unwrap().data.unwrap();
    let mut latest: Vec<_> = data
        .metrics
        .iter()
        .map(|metric| {
            let key = metric.key().to_owned();
            (key, metric.value(), metric.timestamp(), metric.step())
        })
        .collect();
    latest.sort_by(|one, other| one.0.cmp(&other.0));
    latest
}

fn keeps_the_latest_point(db: &mut Db) {
    let run = new_run(db);
    // Each case: the points that come one after the other, and the one that is the latest.
    let cases = [
        (
            "step counts first",
            vec![(9.0, 9, 1), (1.0, 1, 2)],
            (1.0, 1, 2),
        ),
        ("then time", vec![(1.0, 5, 1), (9.0, 4, 1)], (1.0, 5, 1)),
        (
            "then value",
            vec![(1.0, 5, 1), (2.0, 5, 1), (1.5, 5, 1)],
            (2.0, 5, 1),
        ),
        (
            "older comes later",
            vec![(1.0, 5, 7), (2.0, 9, 6)],
            (1.0, 5, 7),
        ),
        ("below zero", vec![(1.0, 5, -2), (2.0, 5, -1)], (2.0, 5, -1)),
    ];
    for (key, sequence, (value, timestamp, step)) in cases {
        for &(value, timestamp, step) in &sequence {
            log(db, &run, points(&[(key, json!(value), timestamp, step)])).unwrap();
        }
        let at_once: Vec<_> = sequence
            .iter()
            .map(|&(value, timestamp, step)| ("all at once", json!(value), timestamp, step))
            .collect();
        let other = new_run(db);
        log(db, &other, points(&at_once)).unwrap();
        let expected = |key: &str| (key.to_owned(), value, timestamp, step);
        assert!(latest(db, &run).contains(&expected(key)), "{key}");
        assert_eq!(latest(db, &other), [expected("all at once")], "{key}");
    }
}

fn keeps_what_is_no_number(db: &mut Db) {
    let run = new_run(db);
    let batch = points(&[
        ("nan", json!("NaN"), 1, 0),
        ("up", json!("Infinity"), 1, 0),
        ("down", json!("-Infinity"), 1, 0),
    ]);
    log(db, &run, batch).unwrap();
    let found = latest(db, &run);
    assert_eq!(found[0], ("down".to_owned(), f64::MIN, 1, 0));
    assert!(found[1].1.is_nan());
    assert_eq!(found[2], ("up".to_owned(), f64::MAX, 1, 0));
    // For the latest point NaN counts as zero.
    log(db, &run, points(&[("nan", json!(-1), 1, 0)])).unwrap();
    assert!(latest(db, &run)[1].1.is_nan());
    log(db, &run, points(&[("nan", json!(1), 1, 0)])).unwrap();
    assert_eq!(latest(db, &run)[1], ("nan".to_owned(), 1.0, 1, 0));
    assert_eq!(history(db, &run, "nan").len(), 3);
}

fn keeps_a_point_once(db: &mut Db) {
    let run = new_run(db);
    let batch = points(&[
        ("loss", json!(0.5), 1, 1),
        ("loss", json!(0.5), 1, 1),
        ("loss", json!(0.25), 2, 2),
    ]);
    log(db, &run, batch.clone()).unwrap();
    log(db, &run, batch).unwrap();
    assert_eq!(history(db, &run, "loss"), [(1, 0.5), (2, 0.25)]);
}

fn logs_as_much_as_a_batch_may_hold(db: &mut Db) {
    let run = new_run(db);
    let keys: Vec<String> = (0..1_000).map(|index| format!("metric {index}")).collect();
    let batch: Vec<_> = keys
        .iter()
        .map(|key| (key.as_str(), json!(1.5), 1, 0))
        .collect();
    log(db, &run, points(&batch)).unwrap();
    assert_eq!(latest(db, &run).len(), 1_000);
}

fn gives_the_history_of_several_runs(db: &mut Db) {
    let mut ids = [new_run(db), new_run(db)];
    ids.sort();
    for id in &ids {
        let batch = points(&[("loss", json!(1), 2, 0), ("loss", json!(2), 1, 0)]);
        log(db, id, batch).unwrap();
    }
    let found: get_metric_history_bulk_interval::Response = metrics::of_runs(db, &ids, "loss", 3)
        .unwrap()
        .read()
        .unwrap();
    let found: Vec<_> = found
        .metrics
        .iter()
        .map(|point| (point.run_id(), point.timestamp()))
        .collect();
    assert_eq!(
        found,
        [
            (ids[0].as_str(), 1),
            (ids[0].as_str(), 2),
            (ids[1].as_str(), 1)
        ]
    );
}

fn pages_through_a_history(db: &mut Db) {
    let run = new_run(db);
    let logged: Vec<_> = (0..7)
        .map(|index| ("loss", json!(f64::from(index)), i64::from(index / 3), 0))
        .collect();
    log(db, &run, points(&logged)).unwrap();
    let whole = history(db, &run, "loss");
    let mut request = GetMetricHistory {
        run_id: Some(run.clone()),
        metric_key: Some("loss".to_owned()),
        max_results: Some(2),
        ..GetMetricHistory::default()
    };
    let mut paged = Vec::new();
    loop {
        let page: get_metric_history::Response =
            metrics::get_history(db, &HistoryPage::read(&request).unwrap())
                .unwrap()
                .read()
                .unwrap();
        assert!(page.metrics.len() <= 2);
        paged.extend(
            page.metrics
                .iter()
                .map(|point| (point.timestamp(), point.value())),
        );
        // What is logged meanwhile before the place where the reader is moves nothing.
        let meanwhile = points(&[("loss", json!(-1), 0, paged.len().try_into().unwrap())]);
        log(db, &run, meanwhile).unwrap();
        if page.next_page_token.is_none() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(paged[0], whole[0]);
    paged.retain(|(_, value)| *value >= 0.0);
    assert_eq!(paged, whole);
}

fn samples_evenly_with_the_first_and_the_last(db: &mut Db) {
    let ids = [new_run(db), new_run(db)];
    let steps: Vec<_> = (0..10).map(|step| ("loss", json!(1), 1, step)).collect();
    log(db, &ids[0], points(&steps)).unwrap();
    log(db, &ids[1], points(&[("loss", json!(1), 1, 3)])).unwrap();
    let mut sample = |run_ids: &[&String], points: i32, steps| {
        let sampling = Sampling {
            run_ids: run_ids.iter().map(|id| (*id).clone()).collect(),
            metric_key: "loss".to_owned(),
            points,
            steps,
        };
        let found: get_metric_history_bulk_interval::Response =
            metrics::samples_of_runs(db, &sampling)
                .unwrap()
                .read()
                .unwrap();
        found
            .metrics
            .iter()
            .map(MetricWithRunId::step)
            .collect::<Vec<_>>()
    };
    let [first, second] = &ids;
    assert_eq!(sample(&[first], 100, None), (0..10).collect::<Vec<_>>());
    assert_eq!(sample(&[first], 10, None), (0..10).collect::<Vec<_>>());
    assert_eq!(sample(&[first], 4, None), [0, 3, 6, 9]);
    assert_eq!(sample(&[first], 3, None), [0, 4, 9]);
    assert_eq!(sample(&[first], 1, None), [9]);
    assert_eq!(sample(&[first], 3, Some((2, 5))), [2, 4, 5]);
    assert!(sample(&[first], 3, Some((20, 25))).is_empty());
    assert_eq!(sample(&[second, first, second], 2, None), [3, 0, 9, 3]);
}

fn keeps_points_of_models_with_the_models(db: &mut Db) {
    let run = new_run(db);
    let experiment_id = runs::find(db, &run).unwrap().experiment_id.unwrap();
    diesel::insert_into(logged_models::table)
        .values((
            logged_models::model_id.eq("m-1"),
            logged_models::experiment_id.eq(experiment_id),
            logged_models::name.eq("model"),
            logged_models::artifact_location.eq("s3://model"),
            logged_models::creation_timestamp_ms.eq(0),
            logged_models::last_updated_timestamp_ms.eq(0),
            logged_models::status.eq(1),
        ))
        .execute(db)
        .unwrap();
    let point = |value: f64| {
        json!({"metrics": [
            {"key": "loss", "value": value, "timestamp": 1, "model_id": "m-1", "dataset_name": "d", "dataset_digest": "1"},
            {"key": "other", "value": value, "timestamp": 1},
        ]})
    };
    log(db, &run, point(0.5)).unwrap();
    log(db, &run, point(0.5)).unwrap();
    let error = log(db, &run, point(0.75)).unwrap_err();
    assert_eq!(
        error.message,
        "The metric 'loss' of the logged model 'm-1' has another value at this time and step."
    );
    let stored: Vec<(String, Option<f64>, Option<String>)> = logged_model_metrics::table
        .filter(logged_model_metrics::run_id.eq(&run))
        .select((
            logged_model_metrics::metric_name,
            logged_model_metrics::metric_value,
            logged_model_metrics::dataset_name,
        ))
        .load(db)
        .unwrap();
    assert_eq!(stored, [("loss".into(), Some(0.5), Some("d".into()))]);
    assert_eq!(history(db, &run, "loss"), [(1, 0.5)]);
}
