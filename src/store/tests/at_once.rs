//! What is read with one statement is what many statements read.

use super::rows::{add_experiment, add_run};
use super::{checked, on_both_databases};
use crate::error::Result;
use crate::store::model_versions::{self, NewVersion};
use crate::store::registered_models::{self, aliases};
use crate::store::{Db, Mergeable, inputs, run_one, runs};
use crate::validation::Checked;
use crate::wire::{
    CreateRegisteredModel, Dataset, DatasetInput, GetModelVersion, GetModelVersionByAlias, GetRun,
    InputTag, LogBatch, LogInputs, LogOutputs, Metric, ModelInput, ModelOutput, ModelVersionTag,
    Param, RunTag,
};

on_both_databases!(
    runs_are_whole,
    versions_are_whole,
    what_is_missing_is_told_apart,
);

#[expect(
    clippy::unnecessary_wraps,
    reason = "the fields of messages are optional"
)]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn add_whole_run(db: &mut Db, run_id: &str, experiment: i32) {
    add_run(db, run_id, experiment);
    let values = [1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0];
    let batch = LogBatch {
        run_id: text(run_id),
        metrics: (0_i64..)
            .zip(values)
            .map(|(step, value)| Metric {
                key: Some(format!("m{step}")),
                value: Some(value),
                timestamp: Some(step + 2),
                step: Some(-step),
                ..Metric::default()
            })
            .collect(),
        params: vec![
            Param {
                key: text("p"),
                value: text(""),
            },
            Param {
                key: text("ü"),
                value: text("'\"\\{}"),
            },
        ],
        tags: vec![
            RunTag {
                key: text("mlflow.runName"),
                value: text("named by a tag"),
            },
            RunTag {
                key: text("t"),
                value: text(""),
            },
        ],
    };
    runs::log_batch(db, &checked(batch)).unwrap();
    let dataset = |name: &str| DatasetInput {
        tags: ["b", "a"]
            .map(|key| InputTag {
                key: text(key),
                value: text(name),
            })
            .to_vec(),
        dataset: Some(Dataset {
            name: text(name),
            digest: text("d"),
            source_type: text("local"),
            source: text("{}"),
            schema: (name == "two").then(|| "[]".to_owned()),
            profile: text(""),
        }),
    };
    let request = LogInputs {
        run_id: text(run_id),
        datasets: vec![dataset("two"), dataset("one")],
        models: vec![
            ModelInput {
                model_id: text("m-b"),
            },
            ModelInput {
                model_id: text("m-a"),
            },
        ],
    };
    inputs::log_inputs(db, &checked(request)).unwrap();
    let request = LogOutputs {
        run_id: text(run_id),
        models: vec![ModelOutput {
            model_id: text("m-c"),
            step: Some(3),
        }],
    };
    inputs::log_outputs(db, &request).unwrap();
}

fn runs_are_whole(db: &mut Db) {
    let experiment = add_experiment(db, "e");
    add_run(db, "bare", experiment);
    add_whole_run(db, "whole", experiment);
    add_whole_run(db, "whole_too", experiment);
    let ids = ["whole", "bare", "whole_too", "whole"];
    let requests = ids.map(|run_id| GetRun {
        run_id: text(run_id),
        ..GetRun::default()
    });
    let together = GetRun::run_together(db, &requests).unwrap();
    for (run_id, run) in ids.into_iter().zip(together) {
        let one_by_one = runs::get(db, run_id).unwrap();
        // NaN is not itself.
        assert_eq!(format!("{:?}", run.unwrap()), format!("{one_by_one:?}"));
    }
    let old_client = GetRun {
        run_uuid: text("bare"),
        ..GetRun::default()
    };
    assert_eq!(
        run_one(db, &old_client).unwrap(),
        runs::get(db, "bare").unwrap()
    );
}

fn add_model(db: &mut Db, name: &str) {
    let request = CreateRegisteredModel {
        name: text(name),
        ..CreateRegisteredModel::default()
    };
    registered_models::create(db, &checked(request), 1).unwrap();
    for number in 1..=3 {
        let tags: Vec<ModelVersionTag> = (0..number)
            .map(|key| ModelVersionTag {
                key: Some(format!("k{key}")),
                value: text(name),
            })
            .collect();
        let new = NewVersion {
            name,
            source: "s3://bucket/model",
            description: "what it is",
            tags: &tags[1..],
            ..NewVersion::default()
        };
        model_versions::insert(db, &new, 7).unwrap();
    }
    aliases::set(db, name, "champion", 2).unwrap();
    aliases::set(db, name, "b", 3).unwrap();
    aliases::set(db, name, "a", 3).unwrap();
}

fn by_number(name: &str, version: &str) -> GetModelVersion {
    GetModelVersion {
        name: text(name),
        version: text(version),
    }
}

fn by_alias(name: &str, alias: &str) -> GetModelVersionByAlias {
    GetModelVersionByAlias {
        name: text(name),
        alias: text(alias),
    }
}

fn versions_are_whole(db: &mut Db) {
    add_model(db, "one");
    add_model(db, "two");
    let requests = [("two", "3"), ("one", "1"), ("one", "+2"), ("two", "3")];
    let together = requests.map(|(name, version)| checked(by_number(name, version)));
    let together = Checked::<GetModelVersion>::run_together(db, &together).unwrap();
    for ((name, version), found) in requests.into_iter().zip(together) {
        assert_eq!(found, model_versions::get(db, name, version));
    }
    let requests = [
        ("two", "champion"),
        ("one", "a"),
        ("one", "Latest"),
        ("two", "b"),
        ("one", "champion"),
    ];
    let together = requests.map(|(name, alias)| checked(by_alias(name, alias)));
    let together = Checked::<GetModelVersionByAlias>::run_together(db, &together).unwrap();
    for ((name, alias), found) in requests.into_iter().zip(together) {
        let version = found.unwrap();
        assert_eq!(version, aliases::resolve(db, name, alias).unwrap());
    }
}

fn what_is_missing_is_told_apart(db: &mut Db) {
    add_model(db, "one");
    // What stock MLflow may leave behind.
    aliases::set(db, "one", "dangling", 9).unwrap();
    model_versions::delete(db, "one", 1, 8).unwrap();
    let numbers = [
        ("one", "1"),
        ("one", "4"),
        ("nowhere", "1"),
        ("one", "0"),
        ("one", "-3"),
        ("one", "99999999999"),
        ("one", "2"),
    ];
    let requests = numbers.map(|(name, version)| checked(by_number(name, version)));
    let together = Checked::<GetModelVersion>::run_together(db, &requests).unwrap();
    for ((name, version), found) in numbers.into_iter().zip(together) {
        assert_eq!(
            found,
            model_versions::get(db, name, version),
            "{name} {version}"
        );
    }
    let names = [
        ("one", "none"),
        ("one", "dangling"),
        ("nowhere", "champion"),
        ("nowhere", "latest"),
        ("one", "champion"),
    ];
    let requests = names.map(|(name, alias)| checked(by_alias(name, alias)));
    let together = Checked::<GetModelVersionByAlias>::run_together(db, &requests).unwrap();
    for ((name, alias), found) in names.into_iter().zip(together) {
        let one_by_one: Result<_> = aliases::resolve(db, name, alias);
        assert_eq!(found, one_by_one, "{name} {alias}");
    }
}
