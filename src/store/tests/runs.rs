use serde_json::json;

use super::{checked, on_both_databases, try_checked};
use crate::store::{Db, experiments, run_one, runs};
use crate::wire::{CreateExperiment, CreateRun, LogBatch, Run, UpdateRun};

on_both_databases!(
    assembles_runs_in_the_order_asked_for,
    deletes_and_restores_runs_with_their_experiment,
    gives_the_last_of_two_tags,
    keeps_names_of_deleted_experiments,
    keeps_the_first_value_of_a_param,
    makes_the_default_experiment_once,
    renames_by_tag_and_by_name,
    writes_all_of_a_batch_or_nothing,
);

/// The id of a new run in a new experiment.
pub fn new_run(db: &mut Db) -> String {
    let request = CreateExperiment {
        name: Some(uuid::Uuid::new_v4().to_string()),
        ..CreateExperiment::default()
    };
    let request = checked(request);
    let experiment_id = experiments::create(db, &request, "mlflow-artifacts:/", 1).unwrap();
    run_in(db, experiment_id)
}

fn run_in(db: &mut Db, experiment_id: i32) -> String {
    let request = CreateRun {
        experiment_id: Some(experiment_id.to_string()),
        ..CreateRun::default()
    };
    let run = run_one(db, &checked(request)).unwrap();
    run.info.unwrap().run_id.unwrap()
}

pub fn log(db: &mut Db, run_id: &str, batch: serde_json::Value) -> crate::error::Result<()> {
    let mut request: LogBatch = serde_json::from_value(batch).unwrap();
    request.run_id = Some(run_id.to_owned());
    let request = try_checked(request)?;
    diesel::Connection::transaction(db, |db| runs::log_batch(db, &request))
}

fn params(run: &Run) -> Vec<(&str, &str)> {
    let params = &run.data.as_ref().unwrap().params;
    params.iter().map(|p| (p.key(), p.value())).collect()
}

fn tags(run: &Run) -> Vec<(&str, &str)> {
    let tags = &run.data.as_ref().unwrap().tags;
    let mut tags: Vec<_> = tags.iter().map(|t| (t.key(), t.value())).collect();
    tags.sort_unstable();
    tags
}

fn stage(db: &mut Db, run_id: &str) -> String {
    let run = runs::get(db, run_id).unwrap();
    run.info.unwrap().lifecycle_stage.unwrap()
}

fn makes_the_default_experiment_once(db: &mut Db) {
    for root in ["s3://first", "s3://second"] {
        experiments::ensure_default(db, root, 1).unwrap();
    }
    let experiment = experiments::get(db, "0").unwrap();
    assert_eq!(experiment.name(), "Default");
    assert_eq!(experiment.artifact_location(), "s3://first/0");
}

fn keeps_names_of_deleted_experiments(db: &mut Db) {
    let request = CreateExperiment {
        name: Some("churn".to_owned()),
        ..CreateExperiment::default()
    };
    let request = checked(request);
    let id = experiments::create(db, &request, "s3://root", 1).unwrap();
    experiments::delete(db, &id.to_string(), 2).unwrap();
    let error = experiments::create(db, &request, "s3://root", 1).unwrap_err();
    assert_eq!(
        error.message,
        format!("Experiment(name=churn) already exists. Error: Experiment {id} has this name.")
    );
}

fn deletes_and_restores_runs_with_their_experiment(db: &mut Db) {
    let run = new_run(db);
    let other = new_run(db);
    let experiment = runs::find(db, &run).unwrap().experiment_id.unwrap();
    let experiment = experiment.to_string();

    experiments::delete(db, &experiment, 2).unwrap();
    assert_eq!(stage(db, &run), "deleted");
    assert_eq!(stage(db, &other), "active");
    assert!(experiments::delete(db, &experiment, 2).is_err());

    experiments::restore(db, &experiment, 3).unwrap();
    assert_eq!(stage(db, &run), "active");
    assert!(experiments::restore(db, &experiment, 3).is_err());
}

fn assembles_runs_in_the_order_asked_for(db: &mut Db) {
    let ids: Vec<String> = (0..3).map(|_| new_run(db)).collect();
    for (index, id) in ids.iter().enumerate() {
        let batch = json!({"params": [{"key": "index", "value": index.to_string()}]});
        log(db, id, batch).unwrap();
    }
    let rows = [2, 0, 1].map(|index: usize| runs::find(db, &ids[index]).unwrap());
    let runs = runs::assemble(db, rows.to_vec()).unwrap();
    let found: Vec<_> = runs.iter().map(params).collect();
    assert_eq!(
        found,
        [
            vec![("index", "2")],
            vec![("index", "0")],
            vec![("index", "1")]
        ]
    );
}

fn keeps_the_first_value_of_a_param(db: &mut Db) {
    let run = new_run(db);
    let batch =
        json!({"params": [{"key": "depth", "value": "3"}, {"key": "rate", "value": "0.1"}]});
    log(db, &run, batch.clone()).unwrap();
    log(db, &run, batch).unwrap();
    let error = log(
        db,
        &run,
        json!({"params": [{"key": "new", "value": "1"}, {"key": "depth", "value": "it's 4"}]}),
    )
    .unwrap_err();
    assert_eq!(
        error.message,
        format!(
            "Changing param values is not allowed. Params were already logged='[{{'key': 'depth', \
             'old_value': '3', 'new_value': \"it's 4\"}}]' for run ID='{run}'."
        )
    );
    let run = runs::get(db, &run).unwrap();
    assert_eq!(params(&run), [("depth", "3"), ("rate", "0.1")]);
}

fn writes_all_of_a_batch_or_nothing(db: &mut Db) {
    let run = new_run(db);
    let batch = json!({
        "metrics": [{"key": "loss", "value": 1, "timestamp": 1, "model_id": "m-unknown"}],
        "params": [{"key": "depth", "value": "3"}],
        "tags": [{"key": "team", "value": "risk"}],
    });
    let error = log(db, &run, batch).unwrap_err();
    assert_eq!(error.message, "Logged model with ID 'm-unknown' not found.");
    let data = runs::get(db, &run).unwrap().data.unwrap();
    assert!(data.metrics.is_empty());
    assert!(data.params.is_empty());
    assert_eq!(data.tags.len(), 1, "only the run's name: {:?}", data.tags);
}

fn gives_the_last_of_two_tags(db: &mut Db) {
    let run = new_run(db);
    let name = runs::find(db, &run).unwrap().name.unwrap();
    let batch =
        json!({"tags": [{"key": "a", "value": "1"}, {"key": "b"}, {"key": "a", "value": "2"}]});
    log(db, &run, batch).unwrap();
    log(db, &run, json!({"tags": [{"key": "b", "value": "3"}]})).unwrap();
    let run = runs::get(db, &run).unwrap();
    assert_eq!(
        tags(&run),
        [("a", "2"), ("b", "3"), ("mlflow.runName", &name)]
    );
}

fn renames_by_tag_and_by_name(db: &mut Db) {
    let id = new_run(db);
    let name_and_tags = |db: &mut Db| {
        let run = runs::get(db, &id).unwrap();
        let tag = tags(&run)[0].1.to_owned();
        (run.info.unwrap().run_name.unwrap(), tag)
    };
    let batch = json!({"tags": [{"key": "mlflow.runName", "value": "by tag"}]});
    log(db, &id, batch).unwrap();
    assert_eq!(name_and_tags(db), ("by tag".into(), "by tag".into()));

    let request = UpdateRun {
        run_id: Some(id.clone()),
        run_name: Some("by name".to_owned()),
        ..UpdateRun::default()
    };
    let info = runs::update(db, &request).unwrap();
    assert_eq!(info.run_name(), "by name");
    assert_eq!(info.status, Some(1), "the status stays");
    assert_eq!(name_and_tags(db), ("by name".into(), "by name".into()));

    let batch = json!({"tags": [{"key": "mlflow.runName", "value": ""}]});
    log(db, &id, batch).unwrap();
    assert_eq!(name_and_tags(db), ("by name".into(), "by name".into()));
}
