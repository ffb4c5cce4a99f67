use diesel::prelude::*;

use super::rows::{add_experiment, add_run};
use super::{checked, on_both_databases};
use crate::store::schema::logged_model_metrics;
use crate::store::{Db, logged_models};
use crate::wire::{
    CreateLoggedModel, LogLoggedModelParamsRequest, LoggedModel, LoggedModelParameter,
    LoggedModelTag, SetLoggedModelTags,
};

on_both_databases!(
    assembles_models_in_the_order_of_their_ids,
    reads_a_metric_without_value_as_nan,
    writes_params_once,
    keeps_the_last_value_of_a_tag,
    notes_each_version_of_a_registered_model_once,
    notes_no_version_of_a_deleted_model,
);

fn create(db: &mut Db, experiment_id: i32, name: &str) -> String {
    let request = CreateLoggedModel {
        experiment_id: Some(experiment_id.to_string()),
        name: Some(name.to_owned()),
        params: params(&[("depth", "3")]),
        tags: tags(&[("team", name)]),
        ..CreateLoggedModel::default()
    };
    let model = logged_models::create(db, &checked(request), 1).unwrap();
    model.info.unwrap().model_id().to_owned()
}

fn params(pairs: &[(&str, &str)]) -> Vec<LoggedModelParameter> {
    let param = |(key, value): &(&str, &str)| LoggedModelParameter {
        key: Some((*key).to_owned()),
        value: Some((*value).to_owned()),
    };
    pairs.iter().map(param).collect()
}

fn tags(pairs: &[(&str, &str)]) -> Vec<LoggedModelTag> {
    let tag = |(key, value): &(&str, &str)| LoggedModelTag {
        key: Some((*key).to_owned()),
        value: Some((*value).to_owned()),
    };
    pairs.iter().map(tag).collect()
}

fn only(db: &mut Db, model_id: &str) -> LoggedModel {
    let mut models = logged_models::assemble(db, &[model_id.to_owned()]).unwrap();
    assert_eq!(models.len(), 1);
    models.remove(0)
}

fn assembles_models_in_the_order_of_their_ids(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    let first = create(db, experiment_id, "first");
    let second = create(db, experiment_id, "second");
    let mut ids = vec![second, "m-unknown".to_owned(), first];
    // More than one statement binds.
    ids.extend((0..40_000).map(|index| format!("m-{index}")));
    let models = logged_models::assemble(db, &ids).unwrap();
    let names: Vec<_> = models
        .iter()
        .map(|model| model.info.as_ref().unwrap().name())
        .collect();
    assert_eq!(names, ["second", "first"]);
    assert_eq!(
        models[0].info.as_ref().unwrap().tags,
        tags(&[("team", "second")])
    );
    assert_eq!(
        models[0].data.as_ref().unwrap().params,
        params(&[("depth", "3")])
    );
}

fn reads_a_metric_without_value_as_nan(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    add_run(db, "r", experiment_id);
    let model_id = create(db, experiment_id, "m");
    for (step, value) in [(2, None), (1, Some(0.5))] {
        diesel::insert_into(logged_model_metrics::table)
            .values((
                logged_model_metrics::model_id.eq(&model_id),
                logged_model_metrics::metric_name.eq("auc"),
                logged_model_metrics::metric_timestamp_ms.eq(5_i64),
                logged_model_metrics::metric_step.eq(i64::from(step)),
                logged_model_metrics::metric_value.eq(value),
                logged_model_metrics::experiment_id.eq(experiment_id),
                logged_model_metrics::run_id.eq("r"),
            ))
            .execute(db)
            .unwrap();
    }
    let metrics = only(db, &model_id).data.unwrap().metrics;
    assert_eq!(metrics[0].value, Some(0.5));
    assert!(metrics[1].value().is_nan());
    assert_eq!(metrics[1].run_id(), "r");
}

fn writes_params_once(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    let model_id = create(db, experiment_id, "m");
    let mut log = |pairs: &[(&str, &str)]| {
        let request = LogLoggedModelParamsRequest {
            model_id: Some(model_id.clone()),
            params: params(pairs),
        };
        logged_models::log_params(db, &request)
    };
    log(&[("leaves", "9")]).unwrap();
    log(&[("leaves", "9")]).unwrap_err();
    log(&[("depth", "4")]).unwrap_err();
    log(&[("twice", "1"), ("twice", "1")]).unwrap_err();
    assert_eq!(
        only(db, &model_id).data.unwrap().params,
        params(&[("depth", "3"), ("leaves", "9")])
    );
}

fn keeps_the_last_value_of_a_tag(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    let model_id = create(db, experiment_id, "m");
    let request = SetLoggedModelTags {
        model_id: Some(model_id.clone()),
        tags: tags(&[("team", "a"), ("stage", "trial"), ("team", "b")]),
    };
    logged_models::set_tags(db, &request).unwrap();
    let expected = tags(&[("stage", "trial"), ("team", "b")]);
    assert_eq!(only(db, &model_id).info.unwrap().tags, expected);

    logged_models::delete_tag(db, &model_id, "stage").unwrap();
    let error = logged_models::delete_tag(db, &model_id, "stage").unwrap_err();
    assert_eq!(
        error.message,
        format!("No tag with key 'stage' found for model with ID '{model_id}'.")
    );
}

fn notes_each_version_of_a_registered_model_once(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    let model_id = create(db, experiment_id, "m");
    for version in [1, 2, 2] {
        logged_models::add_model_version(db, &model_id, "Modèle", version).unwrap();
    }
    let found = only(db, &model_id).info.unwrap().tags;
    let expected =
        r#"[{"name": "Mod\u00e8le", "version": 1}, {"name": "Mod\u00e8le", "version": 2}]"#;
    assert_eq!(
        found,
        tags(&[("mlflow.modelVersions", expected), ("team", "m")])
    );
}

fn notes_no_version_of_a_deleted_model(db: &mut Db) {
    let experiment_id = add_experiment(db, "e");
    let model_id = create(db, experiment_id, "m");
    logged_models::delete(db, &model_id, 2).unwrap();
    let error = logged_models::add_model_version(db, &model_id, "name", 1).unwrap_err();
    assert_eq!(
        error.message,
        format!("Logged model with ID '{model_id}' not found.")
    );
}
