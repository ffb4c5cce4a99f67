use diesel::prelude::*;

use super::rows::{add_experiment, add_run};
use super::{checked, on_both_databases};
use crate::store::schema::{datasets, input_tags, inputs as edges, runs};
use crate::store::{self, Db, inputs};
use crate::wire::{
    Dataset, DatasetInput, InputTag, LogInputs, LogOutputs, ModelInput, ModelOutput, RunInputs,
    RunOutputs,
};

on_both_databases!(
    gives_back_what_was_logged,
    keeps_a_dataset_once_for_its_experiment,
    takes_more_than_one_statement_binds,
    looks_up_more_runs_than_one_statement_binds,
    names_each_context_of_a_dataset_once,
    refuses_an_output_that_is_there,
    leaves_deleted_runs_alone,
);

fn dataset(name: &str, context: &[&str]) -> DatasetInput {
    DatasetInput {
        tags: context
            .iter()
            .map(|context| InputTag {
                key: Some("mlflow.data.context".into()),
                value: Some((*context).to_owned()),
            })
            .collect(),
        dataset: Some(Dataset {
            name: Some(name.to_owned()),
            digest: Some("d1".into()),
            source_type: Some("local".into()),
            source: Some("{}".into()),
            schema: Some("{\"columns\": []}".into()),
            profile: None,
        }),
    }
}

fn log(db: &mut Db, run_id: &str, datasets: Vec<DatasetInput>) {
    let request = LogInputs {
        run_id: Some(run_id.to_owned()),
        datasets,
        models: Vec::new(),
    };
    inputs::log_inputs(db, &checked(request)).unwrap();
}

fn of_run(db: &mut Db, run_id: &str) -> (RunInputs, RunOutputs) {
    inputs::of_runs(db, &[run_id.to_owned()])
        .unwrap()
        .remove(run_id)
        .unwrap()
}

fn gives_back_what_was_logged(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    add_run(db, "r", experiment_id);
    add_run(db, "other", experiment_id);
    let given = LogInputs {
        run_id: Some("r".into()),
        datasets: vec![dataset("zeta", &["training"]), dataset("alpha", &[])],
        models: vec![ModelInput {
            model_id: Some("m-in".into()),
        }],
    };
    inputs::log_inputs(db, &checked(given.clone())).unwrap();
    let output = ModelOutput {
        model_id: Some("m-out".into()),
        step: Some(7),
    };
    let request = LogOutputs {
        run_id: Some("r".into()),
        models: vec![output.clone()],
    };
    inputs::log_outputs(db, &request).unwrap();

    let (inputs, outputs) = of_run(db, "r");
    assert_eq!(inputs.dataset_inputs, given.datasets);
    assert_eq!(inputs.model_inputs, given.models);
    assert_eq!(outputs.model_outputs, [output]);
    assert_eq!(of_run(db, "other"), Default::default());
}

fn keeps_a_dataset_once_for_its_experiment(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    add_run(db, "r1", experiment_id);
    add_run(db, "r2", experiment_id);
    log(db, "r1", vec![dataset("rows", &["training"])]);
    let twice = vec![
        dataset("rows", &["evaluation"]),
        dataset("rows", &["ignored"]),
    ];
    log(db, "r2", twice);
    // The edge is there already: its tags stay.
    log(db, "r1", vec![dataset("rows", &["changed"])]);

    assert_eq!(
        of_run(db, "r1").0.dataset_inputs,
        [dataset("rows", &["training"])]
    );
    assert_eq!(
        of_run(db, "r2").0.dataset_inputs,
        [dataset("rows", &["evaluation"])]
    );
    assert_eq!(datasets::table.count().get_result(db), Ok(1));
    assert_eq!(edges::table.count().get_result(db), Ok(2));
    assert_eq!(input_tags::table.count().get_result(db), Ok(2));
}

fn takes_more_than_one_statement_binds(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    add_run(db, "r", experiment_id);
    let many = (0..4_500).map(|index| dataset(&format!("d{index}"), &["training"]));
    log(db, "r", many.collect());
    assert_eq!(of_run(db, "r").0.dataset_inputs.len(), 4_500);
}

fn looks_up_more_runs_than_one_statement_binds(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    let run_ids: Vec<String> = (0..40_000).map(|index| format!("r{index}")).collect();
    add_run(db, &run_ids[39_999], experiment_id);
    log(db, &run_ids[39_999], vec![dataset("rows", &[])]);
    let found = inputs::of_runs(db, &run_ids).unwrap();
    assert_eq!(found.len(), run_ids.len());
    assert_eq!(found[&run_ids[39_999]].0.dataset_inputs.len(), 1);
}

fn names_each_context_of_a_dataset_once(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    for (run_id, contexts) in [
        ("r1", &["training"][..]),
        ("r2", &["training"]),
        ("r3", &[]),
    ] {
        add_run(db, run_id, experiment_id);
        log(db, run_id, vec![dataset("rows", contexts)]);
    }
    let mut contexts: Vec<_> = store::datasets::search(db, &[experiment_id, 0])
        .unwrap()
        .into_iter()
        .map(|summary| summary.context)
        .collect();
    contexts.sort();
    assert_eq!(contexts, [None, Some("training".to_owned())]);
}

fn refuses_an_output_that_is_there(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    add_run(db, "r", experiment_id);
    let outputs = |ids: &[&str]| LogOutputs {
        run_id: Some("r".into()),
        models: ids
            .iter()
            .map(|id| ModelOutput {
                model_id: Some((*id).to_owned()),
                step: None,
            })
            .collect(),
    };
    inputs::log_outputs(db, &outputs(&["m1"])).unwrap();
    for ids in [&["m2", "m1"], &["m3", "m3"]] {
        let error = inputs::log_outputs(db, &outputs(ids)).unwrap_err();
        assert!(
            error.message.contains("output of the run 'r' already"),
            "{error}"
        );
    }
    assert_eq!(of_run(db, "r").1.model_outputs.len(), 1);
}

fn leaves_deleted_runs_alone(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    add_run(db, "r", experiment_id);
    diesel::update(runs::table)
        .set(runs::lifecycle_stage.eq("deleted"))
        .execute(db)
        .unwrap();
    let request = LogInputs {
        run_id: Some("r".into()),
        datasets: vec![dataset("rows", &[])],
        models: Vec::new(),
    };
    let error = inputs::log_inputs(db, &checked(request)).unwrap_err();
    assert_eq!(
        error.message,
        "The run r must be in the 'active' state. Current state is deleted."
    );
    assert_eq!(datasets::table.count().get_result(db), Ok(0));
}
