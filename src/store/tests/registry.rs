use std::collections::HashMap;

use super::{checked, on_both_databases};
use crate::audit::Actor;
use crate::config::DatabaseSettings;
use crate::error::Result;
use crate::lifecycle::{Change, NotDone, versions};
use crate::store::model_versions::{self, NewVersion, Stage, tags};
use crate::store::registered_models::{self, aliases};
use crate::store::tests::TestDatabase;
use crate::store::{Db, Store};
use crate::wire::{
    CreateRegisteredModel, ModelVersion, ModelVersionTag, RegisteredModelTag,
    SetRegisteredModelTag, TransitionModelVersionStage,
};

on_both_databases!(
    puts_a_page_together,
    renames_with_all_that_hangs_on_it,
    keeps_the_last_value_of_a_tag,
    deletes_a_model_with_all_that_hangs_on_it,
);

fn create(db: &mut Db, name: &str, versions: usize) {
    let request = CreateRegisteredModel {
        name: Some(name.to_owned()),
        tags: vec![RegisteredModelTag {
            key: Some("of".to_owned()),
            value: Some(name.to_owned()),
        }],
        ..CreateRegisteredModel::default()
    };
    registered_models::create(db, &checked(request), 1).unwrap();
    for number in 1..=versions {
        let tag = ModelVersionTag {
            key: Some("of".to_owned()),
            value: Some(format!("{name} {number}")),
        };
        insert(db, name, &[tag]).unwrap();
    }
}

fn insert(db: &mut Db, name: &str, tags: &[ModelVersionTag]) -> Result<ModelVersion> {
    let new = NewVersion {
        name,
        source: "s3://bucket/model",
        tags,
        ..NewVersion::default()
    };
    registered_models::lock(db, name)?;
    Ok(model_versions::insert(db, &new, 1)?.version)
}

fn set_alias(db: &mut Db, name: &str, alias: &str, version: i32) {
    aliases::set(db, name, alias, version).unwrap();
}

fn puts_a_page_together(db: &mut Db) {
    for name in ["a", "b", "c"] {
        create(db, name, 4);
    }
    for (version, stage) in [
        (1, Stage::Archived),
        (2, Stage::Production),
        (3, Stage::Archived),
    ] {
        model_versions::put_in_stage(db, "a", &[version], stage, 1).unwrap();
    }
    model_versions::delete(db, "b", 4, 2).unwrap();
    set_alias(db, "b", "champion", 2);
    let latest = model_versions::latest_of_stages(db, &["b".to_owned(), "a".to_owned()]).unwrap();
    let found: Vec<(&str, &str, &str, &str)> = latest
        .iter()
        .map(|version| {
            (
                version.name(),
                version.version(),
                version.current_stage(),
                version.tags[0].value(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("a", "3", "Archived", "a 3"),
            ("a", "2", "Production", "a 2"),
            ("a", "4", "None", "a 4"),
            ("b", "3", "None", "b 3"),
        ]
    );
    let model = registered_models::get(db, "b").unwrap();
    assert_eq!(model.tags[0].value(), "b");
    assert_eq!(model.aliases[0].version(), "2");
    assert_eq!(model.latest_versions.len(), 1);
}

fn renames_with_all_that_hangs_on_it(db: &mut Db) {
    create(db, "old", 2);
    set_alias(db, "old", "champion", 2);
    model_versions::delete(db, "old", 1, 2).unwrap();
    registered_models::rename(db, "old", "new", 2).unwrap();
    assert!(registered_models::get(db, "old").is_err());
    let version = aliases::resolve(db, "new", "champion").unwrap();
    assert_eq!((version.version(), version.tags[0].value()), ("2", "old 2"));
    assert_eq!(insert(db, "new", &[]).unwrap().version(), "3");
    assert_eq!(
        registered_models::get(db, "new").unwrap().tags[0].value(),
        "old"
    );
}

fn keeps_the_last_value_of_a_tag(db: &mut Db) {
    create(db, "a", 1);
    for value in ["first", "second"] {
        let request = SetRegisteredModelTag {
            name: Some("a".to_owned()),
            key: Some("k".to_owned()),
            value: Some(value.to_owned()),
        };
        registered_models::tags::set(db, &request).unwrap();
        tags::set(db, "a", 1, "k", value).unwrap();
    }
    let model = registered_models::get(db, "a").unwrap();
    let of_model: HashMap<&str, &str> = model
        .tags
        .iter()
        .map(|tag| (tag.key(), tag.value()))
        .collect();
    assert_eq!(of_model["k"], "second");
    let version = model_versions::get(db, "a", "1").unwrap();
    let of_version: HashMap<&str, &str> = version
        .tags
        .iter()
        .map(|tag| (tag.key(), tag.value()))
        .collect();
    assert_eq!(of_version["k"], "second");
}

fn deletes_a_model_with_all_that_hangs_on_it(db: &mut Db) {
    create(db, "a", 2);
    create(db, "b", 1);
    set_alias(db, "a", "champion", 1);
    registered_models::delete(db, "a").unwrap();
    create(db, "a", 0);
    let model = registered_models::get(db, "a").unwrap();
    assert_eq!((model.aliases, model.latest_versions), (vec![], vec![]));
    assert_eq!(
        registered_models::get(db, "b")
            .unwrap()
            .latest_versions
            .len(),
        1
    );
}

/// Many requests at once on one model.
async fn at_once(
    store: &Store,
    work: impl Fn(&mut Db, usize) -> Result<ModelVersion, NotDone> + Copy + Send + 'static,
) {
    let requests = (0..16).map(|number| store.write_or(move |db| work(db, number)));
    for reply in futures_util::future::join_all(requests).await {
        reply.unwrap();
    }
}

async fn keeps_its_rules_under_concurrency(database: TestDatabase) {
    let store = Store::connect(&DatabaseSettings::new(database.uri().clone())).unwrap();
    store
        .write(|db| {
            create(db, "a", 0);
            Ok(())
        })
        .await
        .unwrap();
    at_once(&store, |db, _| Ok(insert(db, "a", &[])?)).await;
    at_once(&store, |db, number| {
        let request = TransitionModelVersionStage {
            name: Some("a".to_owned()),
            version: Some((number + 1).to_string()),
            stage: Some("Production".to_owned()),
            archive_existing_versions: Some(true),
        };
        let moved = versions::transition(db, &Change::by(Actor::default()), &checked(request))?;
        Ok(moved.value)
    })
    .await;
    let stages: Vec<String> = store
        .read(|db| {
            (1..=16)
                .map(|number: u32| {
                    let version = model_versions::get(db, "a", &number.to_string())?;
                    Ok(version.current_stage().to_owned())
                })
                .collect()
        })
        .await
        .unwrap();
    assert_eq!(
        stages.iter().filter(|stage| *stage == "Production").count(),
        1
    );
    assert_eq!(
        stages.iter().filter(|stage| *stage == "Archived").count(),
        15
    );
}

#[tokio::test]
async fn concurrent_changes_on_sqlite() {
    keeps_its_rules_under_concurrency(TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn concurrent_changes_on_postgres() {
    keeps_its_rules_under_concurrency(TestDatabase::postgres()).await;
}
