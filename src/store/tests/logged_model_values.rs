//! Values of logged models' metrics that MLflow's table cannot hold.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::on_both_databases;
use super::runs::{log, new_run};
use crate::store::governance::lineage::{self, LoggedParts};
use crate::store::schema::{
    flowkeep_logged_model_values, logged_model_metrics, logged_models, metrics,
};
use crate::store::search::{self, Search};
use crate::store::{Db, logged_models as models, runs};
use crate::wire::search_logged_models::OrderBy;
use crate::wire::{SearchLoggedModels, python};

on_both_databases!(
    are_read_as_they_were_logged,
    of_stock_are_read_from_the_run,
    are_searched_and_ordered,
    are_what_policies_see,
    of_runs_are_what_policies_see,
    can_be_logged_again_but_not_changed,
    go_with_their_metrics,
);

/// What was logged, with a name for each.
fn values() -> [(&'static str, f64); 7] {
    [
        ("diverged", f64::NAN),
        ("down", f64::NEG_INFINITY),
        ("half", 0.5),
        ("largest", f64::MAX),
        ("missing", 0.25),
        ("up", f64::INFINITY),
        ("zero", 0.0),
    ]
}

fn add_model(db: &mut Db, run: &str, id: &str) {
    let experiment_id = runs::find(db, run).unwrap().experiment_id.unwrap();
    diesel::insert_into(logged_models::table)
        .values((
            logged_models::model_id.eq(id),
            logged_models::experiment_id.eq(experiment_id),
            logged_models::name.eq(id),
            logged_models::artifact_location.eq("s3://model"),
            logged_models::creation_timestamp_ms.eq(0),
            logged_models::last_updated_timestamp_ms.eq(0),
            logged_models::status.eq(1),
            logged_models::lifecycle_stage.eq("active"),
        ))
        .execute(db)
        .unwrap();
}

fn point(model: &str, key: &str, value: f64) -> Value {
    let mut point =
        json!({"key": key, "value": value, "timestamp": 7, "step": 0, "model_id": model});
    if !value.is_finite() {
        point["value"] = match python::float(value).as_str() {
            "nan" => json!("NaN"),
            "inf" => json!("Infinity"),
            _ => json!("-Infinity"),
        };
    }
    point
}

/// A model for each value; all but one have it as their loss.
fn log_all(db: &mut Db) -> String {
    let run = new_run(db);
    for (model, value) in values() {
        add_model(db, &run, model);
        let key = if model == "missing" { "other" } else { "loss" };
        let run = if model == "half" {
            run.clone()
        } else {
            new_run(db)
        };
        log(db, &run, json!({"metrics": [point(model, key, value)]})).unwrap();
    }
    run
}

/// As stock MLflow does it: the note is not there.
fn forget_notes(db: &mut Db) {
    let notes = diesel::delete(flowkeep_logged_model_values::table).execute(db);
    assert!(notes.unwrap() > 0);
}

fn loss(db: &mut Db, model: &str) -> Option<u64> {
    let model = models::assemble(db, &[model.to_owned()]).unwrap().remove(0);
    let metrics = model.data.unwrap().metrics;
    let loss = metrics.iter().find(|metric| metric.key() == "loss")?;
    Some(loss.value().to_bits())
}

fn are_read_as_they_were_logged(db: &mut Db) {
    log_all(db);
    for (model, value) in values() {
        let value = if model == "largest" {
            f64::INFINITY
        } else {
            value
        };
        let expected = (model != "missing").then_some(value.to_bits());
        assert_eq!(loss(db, model), expected, "{model}");
    }
    // The table stays as MLflow has it.
    let stored: Vec<Option<f64>> = logged_model_metrics::table
        .filter(logged_model_metrics::metric_name.eq("loss"))
        .order(logged_model_metrics::model_id)
        .select(logged_model_metrics::metric_value)
        .load(db)
        .unwrap();
    let stand_ins = [0.0, f64::MIN, 0.5, f64::MAX, f64::MAX, 0.0].map(Some);
    assert_eq!(stored, stand_ins);
}

fn of_stock_are_read_from_the_run(db: &mut Db) {
    log_all(db);
    forget_notes(db);
    for (model, value) in values() {
        let expected = match model {
            "missing" => None,
            // Nothing is as large but what MLflow puts in place of infinity.
            "largest" => Some(f64::INFINITY.to_bits()),
            _ => Some(value.to_bits()),
        };
        assert_eq!(loss(db, model), expected, "{model}");
    }
}

fn are_searched_and_ordered(db: &mut Db) {
    let run = log_all(db);
    let experiment_id = runs::find(db, &run).unwrap().experiment_id.unwrap();
    let find = |db: &mut Db, filter: &str, ascending: Option<bool>| {
        let order_by = ascending.map(|ascending| OrderBy {
            field_name: Some("metrics.loss".to_owned()),
            ascending: Some(ascending),
            ..OrderBy::default()
        });
        let mut request = SearchLoggedModels {
            experiment_ids: vec![experiment_id.to_string()],
            filter: Some(filter.to_owned()),
            order_by: order_by.into_iter().collect(),
            max_results: Some(2),
            ..SearchLoggedModels::default()
        };
        let mut ids = Vec::new();
        loop {
            let found = search::search_logged_models(
                db,
                &request.clone().parse().unwrap(),
                &search::VisibleNames::All,
            )
            .unwrap();
            let models = found.models.into_iter();
            ids.extend(models.map(|model| model.info.unwrap().model_id.unwrap()));
            request.page_token = found.next_page_token;
            if request.page_token.is_none() {
                break ids.join(" ");
            }
        }
    };
    for is_stock in [false, true] {
        if is_stock {
            forget_notes(db);
        }
        for (filter, expected) in [
            ("metrics.loss < 0.5", "down zero"),
            ("metrics.loss <= 0", "down zero"),
            ("metrics.loss = 0", "zero"),
            ("metrics.loss >= 0", "half largest up zero"),
            ("metrics.loss > 1000000", "largest up"),
            ("metrics.loss != 0", "diverged down half largest up"),
            ("metrics.loss != 0.5", "diverged down largest up zero"),
        ] {
            assert_eq!(find(db, filter, None), expected, "{filter}");
        }
        let ascending = find(db, "", Some(true));
        assert_eq!(ascending, "down zero half largest up diverged missing");
        let descending = find(db, "", Some(false));
        assert_eq!(descending, "largest up half zero down diverged missing");
    }
}

fn of_model(db: &mut Db, model: &str, key: &str) -> f64 {
    let parts = LoggedParts {
        metrics: true,
        ..LoggedParts::default()
    };
    let mut found = lineage::of_logged_models(db, &[model], parts).unwrap();
    found.remove(model).unwrap().metrics[key]
}

fn are_what_policies_see(db: &mut Db) {
    log_all(db);
    assert!(of_model(db, "diverged", "loss").is_nan());
    assert_eq!(
        of_model(db, "down", "loss").to_bits(),
        f64::NEG_INFINITY.to_bits()
    );
    assert_eq!(of_model(db, "zero", "loss").to_bits(), 0);
    forget_notes(db);
    assert!(of_model(db, "diverged", "loss").is_nan());
    assert_eq!(
        of_model(db, "up", "loss").to_bits(),
        f64::INFINITY.to_bits()
    );

    // Two runs measured a model at one step and time: NaN counts, whichever run has it.
    for (number, values) in [[f64::NAN, 0.01], [0.01, f64::NAN]].iter().enumerate() {
        let model = format!("m-{number}");
        let owner = new_run(db);
        add_model(db, &owner, &model);
        for value in values {
            let run = new_run(db);
            let metrics = json!({"metrics": [point(&model, "acc", *value)]});
            log(db, &run, metrics).unwrap();
        }
        assert!(of_model(db, &model, "acc").is_nan(), "{values:?}");
    }
}

fn of_runs_are_what_policies_see(db: &mut Db) {
    let run = new_run(db);
    let at = |key: &str, value: Value, step: i64| json!({"key": key, "value": value, "timestamp": 7, "step": step});
    let batch = json!({"metrics": [
        at("nan", json!("NaN"), 0),
        at("up", json!("Infinity"), 0),
        at("down", json!("-Infinity"), 0),
        at("hidden", json!("NaN"), 0),
        at("hidden", json!(0.05), 0),
        at("over", json!("NaN"), 0),
        at("over", json!(0.05), 1),
    ]});
    log(db, &run, batch).unwrap();
    let parts = LoggedParts {
        metrics: true,
        ..LoggedParts::default()
    };
    let found = lineage::of_runs(db, &[run.as_str()], parts).unwrap();
    let metrics = &found[&run].metrics;
    assert!(metrics["nan"].is_nan());
    assert_eq!(metrics["up"].to_bits(), f64::INFINITY.to_bits());
    assert_eq!(metrics["down"].to_bits(), f64::NEG_INFINITY.to_bits());
    assert!(metrics["hidden"].is_nan());
    assert_eq!(metrics["over"].to_bits(), 0.05_f64.to_bits());
}

fn can_be_logged_again_but_not_changed(db: &mut Db) {
    let run = new_run(db);
    add_model(db, &run, "m");
    let all = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0];
    for (number, value) in all.iter().enumerate() {
        let key = format!("k{number}");
        let mut again = |value: f64| log(db, &run, json!({"metrics": [point("m", &key, value)]}));
        again(*value).unwrap();
        again(*value).unwrap();
        for other in all
            .iter()
            .filter(|other| other.to_bits() != value.to_bits())
        {
            again(*other).unwrap_err();
        }
    }
    let both = json!({"metrics": [point("m", "both", f64::NAN), point("m", "both", 0.0)]});
    log(db, &run, both).unwrap_err();
    let twice = json!({"metrics": [point("m", "twice", f64::NAN), point("m", "twice", f64::NAN)]});
    log(db, &run, twice).unwrap();
}

fn go_with_their_metrics(db: &mut Db) {
    log_all(db);
    diesel::delete(logged_models::table.find("diverged"))
        .execute(db)
        .unwrap();
    let left: Vec<String> = flowkeep_logged_model_values::table
        .order(flowkeep_logged_model_values::model_id)
        .select(flowkeep_logged_model_values::model_id)
        .load(db)
        .unwrap();
    assert_eq!(left, ["zero"]);
    let of_run: i64 = metrics::table.count().get_result(db).unwrap();
    assert_eq!(of_run, 7);
}
