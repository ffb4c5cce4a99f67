use diesel::prelude::*;

use super::on_both_databases;
use super::rows::{add_experiment, add_run};
use crate::store::Db;
use crate::store::schema::{
    datasets, experiment_tags, input_tags, inputs, latest_metrics, logged_model_metrics,
    logged_model_params, logged_model_tags, logged_models, model_version_tags, model_versions,
    params, registered_model_tags, registered_models, runs, tags,
};
use crate::store::search::{self, Search};
use crate::wire::search_logged_models::{Dataset, OrderBy};
use crate::wire::{
    Experiment, SearchExperiments, SearchLoggedModels, SearchModelVersions, SearchRegisteredModels,
    SearchRuns,
};

on_both_databases!(
    finds_runs_by_all_that_they_have,
    orders_runs,
    pages_runs_while_runs_are_added,
    finds_and_orders_experiments,
    finds_and_orders_registered_models,
    finds_and_orders_model_versions,
    finds_and_orders_logged_models,
);

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Runs a to d, a the oldest.
fn add_runs(db: &mut Db) -> i32 {
    let experiment_id = add_experiment(db, "runs");
    for (start_time, id) in (1..).zip(["a", "b", "c", "d"]) {
        add_run(db, id, experiment_id);
        diesel::update(runs::table.find(id))
            .set((
                runs::start_time.eq(start_time * 10),
                runs::name.eq(format!("run-{id}")),
                runs::user_id.eq("me"),
            ))
            .execute(db)
            .unwrap();
    }
    for (id, value, is_nan) in [("a", 1.5, false), ("b", 0.0, true), ("c", -2.0, false)] {
        add_metric(db, id, value, is_nan);
    }
    for (id, key, value) in [("a", "lr", "0.1"), ("b", "lr", "0.2"), ("c", "a b", "X_y")] {
        let row = (
            params::key.eq(key),
            params::value.eq(value),
            params::run_uuid.eq(id),
        );
        diesel::insert_into(params::table)
            .values(row)
            .execute(db)
            .unwrap();
    }
    for (id, key, value) in [
        ("a", "mlflow.runName", "run-a"),
        ("b", "team", "Blue"),
        ("c", "team", "blue"),
    ] {
        let row = (
            tags::key.eq(key),
            tags::value.eq(value),
            tags::run_uuid.eq(id),
        );
        diesel::insert_into(tags::table)
            .values(row)
            .execute(db)
            .unwrap();
    }
    let row = (
        datasets::dataset_uuid.eq("ds"),
        datasets::experiment_id.eq(experiment_id),
        datasets::name.eq("iris"),
        datasets::digest.eq("d1"),
        datasets::dataset_source_type.eq("local"),
        datasets::dataset_source.eq("{}"),
    );
    diesel::insert_into(datasets::table)
        .values(row)
        .execute(db)
        .unwrap();
    let row = (
        inputs::input_uuid.eq("in"),
        inputs::source_type.eq("DATASET"),
        inputs::source_id.eq("ds"),
        inputs::destination_type.eq("RUN"),
        inputs::destination_id.eq("d"),
        inputs::step.eq(0),
    );
    diesel::insert_into(inputs::table)
        .values(row)
        .execute(db)
        .unwrap();
    let row = (
        input_tags::input_uuid.eq("in"),
        input_tags::name.eq("mlflow.data.context"),
        input_tags::value.eq("train"),
    );
    diesel::insert_into(input_tags::table)
        .values(row)
        .execute(db)
        .unwrap();
    experiment_id
}

fn add_metric(db: &mut Db, run_id: &str, value: f64, is_nan: bool) {
    let row = (
        latest_metrics::key.eq("acc"),
        latest_metrics::value.eq(value),
        latest_metrics::timestamp.eq(1),
        latest_metrics::step.eq(0),
        latest_metrics::is_nan.eq(is_nan),
        latest_metrics::run_uuid.eq(run_id),
    );
    diesel::insert_into(latest_metrics::table)
        .values(row)
        .execute(db)
        .unwrap();
}

fn search_runs(db: &mut Db, request: &SearchRuns) -> (String, Option<String>) {
    let found = search::search_runs(
        db,
        &request.clone().parse().unwrap(),
        &search::VisibleNames::All,
    )
    .unwrap();
    let ids: Vec<_> = found
        .runs
        .iter()
        .map(|run| run.info.as_ref().unwrap().run_id().to_owned())
        .collect();
    (ids.join(" "), found.next_page_token)
}

fn finds_runs_by_all_that_they_have(db: &mut Db) {
    let experiment_id = add_runs(db);
    for (filter, expected) in [
        ("", "d c b a"),
        ("metrics.acc > -3", "c a"),
        ("metrics.acc != 1.5", "c b"),
        ("metrics.acc = 0", ""),
        ("params.lr = '0.1'", "a"),
        ("params.lr IS NULL", "d c"),
        ("params.`a b` LIKE 'X%'", "c"),
        ("params.`a b` LIKE 'x%'", ""),
        ("params.`a b` ILIKE 'x%'", "c"),
        ("tags.team = 'blue'", "c"),
        ("tags.team ILIKE 'BLUE'", "c b"),
        ("tags.team IS NOT NULL AND start_time >= 30", "c"),
        ("run_name = 'run-a'", "a"),
        ("run_id IN ('a', 'd', 'x')", "d a"),
        ("run_id NOT IN ('a', 'd')", "c b"),
        ("start_time > 19.5", "d c b"),
        ("start_time < 1e30 AND start_time != 20.5", "d c b a"),
        ("end_time > 0", ""),
        ("datasets.name = 'iris'", "d"),
        ("datasets.digest IN ('d1')", "d"),
        ("dataset.context LIKE 't%'", "d"),
        ("dataset.context != 'train'", ""),
        ("tags.team = 'a'' OR 1=1'", ""),
    ] {
        let request = SearchRuns {
            experiment_ids: vec![experiment_id.to_string()],
            filter: Some(filter.to_owned()),
            ..SearchRuns::default()
        };
        assert_eq!(search_runs(db, &request).0, expected, "{filter}");
    }
}

fn orders_runs(db: &mut Db) {
    let experiment_id = add_runs(db);
    for (order_by, expected) in [
        ("metrics.acc", "c a b d"),
        ("metrics.acc DESC", "a c b d"),
        ("params.lr DESC", "b a d c"),
        ("tags.`mlflow.runName`", "a d c b"),
        ("start_time ASC", "a b c d"),
        ("attributes.run_name", "a b c d"),
        ("end_time", "d c b a"),
        ("status", "d c b a"),
    ] {
        // A page for each run: the keys of the last row lead to the next.
        let mut request = SearchRuns {
            experiment_ids: vec![experiment_id.to_string()],
            order_by: vec![order_by.to_owned()],
            max_results: Some(1),
            ..SearchRuns::default()
        };
        let mut found = Vec::new();
        loop {
            let (ids, token) = search_runs(db, &request);
            found.push(ids);
            request.page_token = token;
            if request.page_token.is_none() {
                break;
            }
        }
        assert_eq!(found, words(expected), "{order_by}");
    }
}

fn pages_runs_while_runs_are_added(db: &mut Db) {
    let experiment_id = add_runs(db);
    let mut request = SearchRuns {
        experiment_ids: vec![experiment_id.to_string()],
        max_results: Some(2),
        ..SearchRuns::default()
    };
    let (ids, token) = search_runs(db, &request);
    assert_eq!(ids, "d c");
    add_run(db, "e", experiment_id);
    diesel::update(runs::table.find("e"))
        .set(runs::start_time.eq(99))
        .execute(db)
        .unwrap();
    request.page_token = token;
    assert_eq!(search_runs(db, &request), ("b a".to_owned(), None));
}

fn finds_and_orders_experiments(db: &mut Db) {
    let mut ids = Vec::new();
    for (name, team) in [("alpha", "blue"), ("Beta", "red"), ("gamma", "blue")] {
        let id = add_experiment(db, name);
        let row = (
            experiment_tags::key.eq("team"),
            experiment_tags::value.eq(team),
            experiment_tags::experiment_id.eq(id),
        );
        diesel::insert_into(experiment_tags::table)
            .values(row)
            .execute(db)
            .unwrap();
        ids.push(id);
    }
    let in_list = format!("experiment_id IN ('{}', '{}')", ids[0], ids[1]);
    for (filter, order_by, expected) in [
        ("tags.team = 'blue'", "name", "alpha gamma"),
        ("tags.team = 'blue'", "name DESC", "gamma alpha"),
        (
            "name ILIKE '%A' AND tags.team IS NOT NULL",
            "experiment_id",
            "alpha Beta gamma",
        ),
        ("tags.team IS NULL AND name != 'Default'", "name", ""),
        (in_list.as_str(), "experiment_id DESC", "Beta alpha"),
        ("creation_time > 5", "creation_time", ""),
    ] {
        let request = SearchExperiments {
            filter: Some(filter.to_owned()),
            order_by: vec![order_by.to_owned()],
            max_results: Some(10),
            ..SearchExperiments::default()
        };
        let found = search::search_experiments(
            db,
            &request.clone().parse().unwrap(),
            &search::VisibleNames::All,
        )
        .unwrap();
        let names: Vec<_> = found.experiments.iter().map(Experiment::name).collect();
        assert_eq!(names, words(expected), "{filter}");
    }
}

fn add_models(db: &mut Db) {
    for (name, time, tag) in [
        ("churn", 3, ("team", "blue")),
        ("fraud", 2, ("team", "red")),
        ("hello", 1, ("mlflow.prompt.is_prompt", "true")),
    ] {
        let row = (
            registered_models::name.eq(name),
            registered_models::last_updated_time.eq(time),
            registered_models::workspace.eq("default"),
        );
        diesel::insert_into(registered_models::table)
            .values(row)
            .execute(db)
            .unwrap();
        let row = (
            registered_model_tags::key.eq(tag.0),
            registered_model_tags::value.eq(tag.1),
            registered_model_tags::name.eq(name),
            registered_model_tags::workspace.eq("default"),
        );
        diesel::insert_into(registered_model_tags::table)
            .values(row)
            .execute(db)
            .unwrap();
        for version in 1..3 {
            let row = (
                model_versions::name.eq(name),
                model_versions::version.eq(version),
                model_versions::last_updated_time.eq(time * 10 + i64::from(version)),
                model_versions::current_stage.eq("None"),
                model_versions::source.eq(format!("/models/{name}/{version}")),
                model_versions::workspace.eq("default"),
            );
            diesel::insert_into(model_versions::table)
                .values(row)
                .execute(db)
                .unwrap();
        }
        let row = (
            model_version_tags::key.eq(tag.0),
            model_version_tags::value.eq(tag.1),
            model_version_tags::name.eq(name),
            model_version_tags::version.eq(1),
            model_version_tags::workspace.eq("default"),
        );
        diesel::insert_into(model_version_tags::table)
            .values(row)
            .execute(db)
            .unwrap();
    }
}

fn finds_and_orders_registered_models(db: &mut Db) {
    add_models(db);
    for (filter, order_by, expected) in [
        ("", "name DESC", "fraud churn"),
        ("", "timestamp ASC", "fraud churn"),
        ("name LIKE 'c%'", "name", "churn"),
        ("name IN ('churn', 'hello')", "name", "churn"),
        ("tags.team != 'blue'", "name", "fraud"),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", "name", "hello"),
        (
            "tags.`mlflow.prompt.is_prompt` != 'true'",
            "name",
            "churn fraud",
        ),
    ] {
        let mut request = SearchRegisteredModels {
            filter: Some(filter.to_owned()),
            order_by: vec![order_by.to_owned()],
            max_results: Some(1),
            ..SearchRegisteredModels::default()
        };
        let mut names = Vec::new();
        loop {
            let found = search::search_registered_models(
                db,
                &request.clone().parse().unwrap(),
                &search::VisibleModels::ALL,
            )
            .unwrap();
            names.extend(
                found
                    .registered_models
                    .into_iter()
                    .filter_map(|model| model.name),
            );
            request.page_token = found.next_page_token;
            if request.page_token.is_none() {
                break;
            }
        }
        assert_eq!(names, words(expected), "{filter}");
    }
}

fn finds_and_orders_model_versions(db: &mut Db) {
    add_models(db);
    for (filter, order_by, expected) in [
        ("", "last_updated_timestamp", "fraud1 fraud2 churn1 churn2"),
        ("name = 'churn'", "version_number DESC", "churn2 churn1"),
        ("version_number > 1", "name", "churn2 fraud2"),
        ("version_number <= '1'", "name DESC", "fraud1 churn1"),
        ("tags.team ILIKE 'BL%'", "name", "churn1"),
        (
            "source_path LIKE '%/fraud/%'",
            "creation_timestamp",
            "fraud2 fraud1",
        ),
        ("run_id = ''", "name", ""),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", "name", "hello1"),
    ] {
        let mut request = SearchModelVersions {
            filter: Some(filter.to_owned()),
            order_by: vec![order_by.to_owned()],
            max_results: Some(1),
            ..SearchModelVersions::default()
        };
        let mut names = Vec::new();
        loop {
            let found = search::search_model_versions(
                db,
                &request.clone().parse().unwrap(),
                &search::VisibleModels::ALL,
            )
            .unwrap();
            names.extend(
                found
                    .model_versions
                    .iter()
                    .map(|found| format!("{}{}", found.name(), found.version())),
            );
            request.page_token = found.next_page_token;
            if request.page_token.is_none() {
                break;
            }
        }
        assert_eq!(names, words(expected), "{filter}");
    }
}

/// Models x to z, x the oldest; x and y have metrics.
fn add_logged_models(db: &mut Db) -> i32 {
    let experiment_id = add_experiment(db, "models");
    add_run(db, "r", experiment_id);
    for (time, id) in (1..).zip(["x", "y", "z"]) {
        let row = (
            logged_models::model_id.eq(id),
            logged_models::experiment_id.eq(experiment_id),
            logged_models::name.eq(format!("name-{id}")),
            logged_models::artifact_location.eq("somewhere"),
            logged_models::creation_timestamp_ms.eq(time),
            logged_models::last_updated_timestamp_ms.eq(time),
            logged_models::status.eq(2),
            logged_models::lifecycle_stage.eq("active"),
        );
        diesel::insert_into(logged_models::table)
            .values(row)
            .execute(db)
            .unwrap();
    }
    for (id, time, value, dataset) in [
        ("x", 1, 0.9, Some("iris")),
        ("x", 2, 0.1, None),
        ("y", 1, 0.5, Some("iris")),
    ] {
        let row = (
            logged_model_metrics::model_id.eq(id),
            logged_model_metrics::metric_name.eq("acc"),
            logged_model_metrics::metric_timestamp_ms.eq(time),
            logged_model_metrics::metric_step.eq(0),
            logged_model_metrics::metric_value.eq(value),
            logged_model_metrics::experiment_id.eq(experiment_id),
            logged_model_metrics::run_id.eq("r"),
            logged_model_metrics::dataset_name.eq(dataset),
            logged_model_metrics::dataset_digest.eq(dataset),
        );
        diesel::insert_into(logged_model_metrics::table)
            .values(row)
            .execute(db)
            .unwrap();
    }
    let row = (
        logged_model_params::model_id.eq("x"),
        logged_model_params::experiment_id.eq(experiment_id),
        logged_model_params::param_key.eq("depth"),
        logged_model_params::param_value.eq("3"),
    );
    diesel::insert_into(logged_model_params::table)
        .values(row)
        .execute(db)
        .unwrap();
    let row = (
        logged_model_tags::model_id.eq("z"),
        logged_model_tags::experiment_id.eq(experiment_id),
        logged_model_tags::tag_key.eq("team"),
        logged_model_tags::tag_value.eq("blue"),
    );
    diesel::insert_into(logged_model_tags::table)
        .values(row)
        .execute(db)
        .unwrap();
    experiment_id
}

fn finds_and_orders_logged_models(db: &mut Db) {
    let experiment_id = add_logged_models(db);
    let iris = |digest: &str| {
        vec![Dataset {
            dataset_name: Some("iris".to_owned()),
            dataset_digest: Some(digest.to_owned()),
        }]
    };
    let find = |db: &mut Db, filter: &str, datasets: Vec<Dataset>, order_by: Vec<OrderBy>| {
        let mut request = SearchLoggedModels {
            experiment_ids: vec![experiment_id.to_string()],
            filter: Some(filter.to_owned()),
            datasets,
            order_by,
            max_results: Some(1),
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
            ids.extend(
                found
                    .models
                    .iter()
                    .map(|model| model.info.as_ref().unwrap().model_id().to_owned()),
            );
            request.page_token = found.next_page_token;
            if request.page_token.is_none() {
                break ids.join(" ");
            }
        }
    };
    for (filter, expected) in [
        ("", "z y x"),
        ("metrics.acc > 0.4", "y x"),
        ("params.depth = '3'", "x"),
        ("tags.team LIKE 'b%'", "z"),
        ("name IN ('name-x', 'name-z')", "z x"),
        ("creation_timestamp >= 2", "z y"),
        ("status = '2' AND model_id != 'x'", "z y"),
        ("status = 'READY'", ""),
        ("model_type = 'sk'", ""),
    ] {
        assert_eq!(
            find(db, filter, Vec::new(), Vec::new()),
            expected,
            "{filter}"
        );
    }
    assert_eq!(find(db, "", iris("iris"), Vec::new()), "y x");
    assert_eq!(find(db, "metrics.acc > 0.6", iris("iris"), Vec::new()), "x");
    assert_eq!(find(db, "", iris("other"), Vec::new()), "");
    let by_metric = |dataset: Option<&str>, ascending| {
        vec![OrderBy {
            field_name: Some("metrics.acc".to_owned()),
            ascending: Some(ascending),
            dataset_name: dataset.map(str::to_owned),
            dataset_digest: None,
        }]
    };
    // The latest value of x is 0.1, but on iris it is 0.9.
    assert_eq!(find(db, "", Vec::new(), by_metric(None, true)), "x y z");
    assert_eq!(
        find(db, "", Vec::new(), by_metric(Some("iris"), true)),
        "y x z"
    );
    assert_eq!(find(db, "", Vec::new(), by_metric(None, false)), "y x z");
}
