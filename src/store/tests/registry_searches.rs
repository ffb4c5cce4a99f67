//! Searches of a registry in which some values are rare and others are not.

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::rows::add_registry;
use super::{on_both_databases, parsed};
use crate::store::{Db, search};
use crate::wire::{ModelVersion, RegisteredModel};

on_both_databases!(
    finds_versions_by_rare_and_by_common_values,
    finds_models_by_rare_and_by_common_values,
    goes_through_all_pages_of_what_an_index_finds,
    goes_on_to_those_whose_time_nobody_knows,
    hides_versions_of_prompts_among_those_with_a_tag,
);

/// More than are fetched for the sake of one page.
const MANY: u32 = 5_000;

fn versions(db: &mut Db, filter: &str) -> Vec<String> {
    let request = json!({"filter": filter, "max_results": 3});
    let found =
        search::search_model_versions(db, &parsed(request), &search::VisibleModels::ALL).unwrap();
    names(found.model_versions.iter().map(ModelVersion::name))
}

fn models(db: &mut Db, filter: &str) -> Vec<String> {
    let request = json!({"filter": filter, "max_results": 3, "order_by": ["timestamp DESC"]});
    let found = search::search_registered_models(db, &parsed(request), &search::VisibleModels::ALL)
        .unwrap();
    names(found.registered_models.iter().map(RegisteredModel::name))
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names
        .map(|name| name.trim_start_matches("model-").to_owned())
        .collect()
}

fn finds_versions_by_rare_and_by_common_values(db: &mut Db) {
    add_registry(db, MANY);
    for (filter, expected) in [
        ("tags.kind = 'rare'", vec!["9", "7"]),
        ("tags.kind = 'common'", vec!["5000", "4999", "4998"]),
        ("tags.kind = 'none'", vec![]),
        ("tags.kind = 'common' AND tags.number = '8'", vec!["8"]),
        ("tags.kind = 'rare' AND tags.number = '8'", vec![]),
        ("tags.kind = 'rare' AND tags.number != '9'", vec!["7"]),
        ("source_path = 'rare'", vec!["9", "7"]),
        ("source_path = 'common'", vec!["5000", "4999", "4998"]),
        ("run_id = 'rare'", vec!["9", "7"]),
        ("run_id = 'common'", vec!["5000", "4999", "4998"]),
        ("run_id = 'common' AND source_path = 'rare'", vec![]),
        ("name = 'model-7' AND tags.kind = 'rare'", vec!["7"]),
        ("name = 'model-8' AND tags.kind = 'rare'", vec![]),
        ("name = 'model-8' AND run_id = 'common'", vec!["8"]),
        ("name LIKE 'model-%7' AND tags.kind = 'rare'", vec!["7"]),
    ] {
        assert_eq!(versions(db, filter), expected, "{filter}");
    }
}

fn finds_models_by_rare_and_by_common_values(db: &mut Db) {
    add_registry(db, MANY);
    for (filter, expected) in [
        ("tags.kind = 'rare'", vec!["9", "7"]),
        ("tags.kind = 'common'", vec!["5000", "4999", "4998"]),
        ("tags.kind = 'rare' AND name LIKE '%7'", vec!["7"]),
        ("tags.kind = 'rare' AND name = 'model-8'", vec![]),
        ("tags.kind = 'none'", vec![]),
    ] {
        assert_eq!(models(db, filter), expected, "{filter}");
    }
}

/// Stock MLflow always sets the time; the column may be empty all the same.
fn goes_on_to_those_whose_time_nobody_knows(db: &mut Db) {
    add_registry(db, 6);
    db.batch_execute(
        "UPDATE model_versions SET last_updated_time = NULL WHERE name IN ('model-2', 'model-4');
        UPDATE registered_models SET last_updated_time = NULL WHERE name IN ('model-2', 'model-4')",
    )
    .unwrap();
    for size in 1..=7 {
        let found = all_pages(db, json!({"max_results": size}));
        assert_eq!(found, ["6", "5", "3", "1", "2", "4"], "{size}");
        let order = json!({"max_results": size, "order_by": ["last_updated_timestamp ASC"]});
        let found = all_pages(db, order);
        assert_eq!(found, ["1", "3", "5", "6", "2", "4"], "{size}");
    }
}

fn goes_through_all_pages_of_what_an_index_finds(db: &mut Db) {
    add_registry(db, MANY);
    let wanted = json!({"filter": "tags.kind = 'rare'", "max_results": 1});
    let found = all_pages(db, wanted);
    assert_eq!(found, ["9", "7"]);
}

fn all_pages(db: &mut Db, mut request: Value) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = search::search_model_versions(
            db,
            &parsed(request.clone()),
            &search::VisibleModels::ALL,
        )
        .unwrap();
        found.extend(names(page.model_versions.iter().map(ModelVersion::name)));
        match page.next_page_token {
            Some(token) => request["page_token"] = token.into(),
            None => return found,
        }
    }
}

fn hides_versions_of_prompts_among_those_with_a_tag(db: &mut Db) {
    add_registry(db, MANY);
    db.batch_execute(
        "INSERT INTO model_version_tags (key, value, name, version, workspace)
            VALUES ('mlflow.prompt.is_prompt', 'true', 'model-9', 1, 'default')",
    )
    .unwrap();
    assert_eq!(versions(db, "tags.kind = 'rare'"), ["7"]);
    assert_eq!(
        versions(db, "tags.`mlflow.prompt.is_prompt` = 'true'"),
        ["9"]
    );
}
