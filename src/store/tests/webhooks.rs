use serde_json::Value;

use super::{checked, checked_version, on_both_databases};
use crate::audit::Actor;
use crate::lifecycle::{Change, aliases, models, versions};
use crate::store::Db;
use crate::store::webhooks::delivery_slots::DeliverySlots;
use crate::store::webhooks::events::Event;
use crate::store::webhooks::outbox::{self, Delivery, DeliveryOutcome, Failure};
use crate::store::webhooks::{self, NewWebhook};
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, ModelVersionTag, RegisteredModelTag,
    SetModelVersionTag, SetRegisteredModelAlias, SetRegisteredModelTag, WebhookAction as Action,
    WebhookEntity as Entity,
};

on_both_databases!(
    tells_of_each_change_once,
    tells_of_prompts_as_prompts,
    takes_up_each_delivery_once,
    takes_up_of_each_webhook_its_share,
    forgets_what_is_settled,
);

fn change() -> Change {
    Change::by(Actor::default())
}

fn listen(db: &mut Db, kinds: &[(Entity, Action)]) -> String {
    let new = NewWebhook {
        name: "ci".to_owned(),
        url: "https://example.org".to_owned(),
        events: kinds
            .iter()
            .map(|(entity, action)| Event::new(*entity, *action))
            .collect(),
        description: None,
        encrypted_secret: None,
        status: None,
    };
    webhooks::create(db, &new, 1)
        .unwrap()
        .webhook_id()
        .to_owned()
}

fn create_model(db: &mut Db, name: &str, tags: &[(&str, &str)]) {
    let request = CreateRegisteredModel {
        name: Some(name.to_owned()),
        tags: tags
            .iter()
            .map(|(key, value)| RegisteredModelTag {
                key: Some((*key).to_owned()),
                value: Some((*value).to_owned()),
            })
            .collect(),
        ..CreateRegisteredModel::default()
    };
    models::create(db, &change(), &checked(request)).unwrap();
}

fn create_version(db: &mut Db, name: &str, source: &str, tags: &[(&str, &str)]) {
    let request = CreateModelVersion {
        name: Some(name.to_owned()),
        source: Some(source.to_owned()),
        tags: tags
            .iter()
            .map(|(key, value)| ModelVersionTag {
                key: Some((*key).to_owned()),
                value: Some((*value).to_owned()),
            })
            .collect(),
        ..CreateModelVersion::default()
    };
    versions::create(db, &change(), &checked_version(request)).unwrap();
}

/// Kind and data of all that is in the outbox.
fn told(db: &mut Db) -> Vec<String> {
    let mut told: Vec<String> = take_all(db)
        .iter()
        .map(|delivery| {
            let body: Value = serde_json::from_str(&delivery.body).unwrap();
            format!("{}.{} {}", delivery.entity, delivery.action, body["data"])
        })
        .collect();
    told.sort();
    told
}

fn take_all(db: &mut Db) -> Vec<Delivery> {
    outbox::take(db, i64::MAX, 1, &DeliverySlots::new(300)).unwrap()
}

fn tells_of_each_change_once(db: &mut Db) {
    listen(
        db,
        &[
            (Entity::RegisteredModel, Action::Created),
            (Entity::ModelVersion, Action::Created),
            (Entity::ModelVersionTag, Action::Set),
            (Entity::ModelVersionAlias, Action::Created),
        ],
    );
    listen(db, &[(Entity::ModelVersionTag, Action::Deleted)]);
    create_model(db, "churn", &[("a", "b")]);
    create_version(db, "churn", "s3://bucket/model", &[]);
    let tag = SetModelVersionTag {
        name: Some("churn".to_owned()),
        version: Some("1".to_owned()),
        key: Some("k".to_owned()),
        value: Some("v".to_owned()),
    };
    versions::tags::set(db, &change(), &checked(tag)).unwrap();
    let alias = SetRegisteredModelAlias {
        name: Some("churn".to_owned()),
        alias: Some("champion".to_owned()),
        version: Some("1".to_owned()),
    };
    aliases::set(db, &change(), &checked(alias)).unwrap();
    assert_eq!(
        told(db),
        [
            r#"model_version.created {"name":"churn","version":"1","source":"s3://bucket/model","run_id":null,"tags":{},"description":null}"#,
            r#"model_version_alias.created {"name":"churn","alias":"champion","version":"1"}"#,
            r#"model_version_tag.set {"name":"churn","version":"1","key":"k","value":"v"}"#,
            r#"registered_model.created {"name":"churn","tags":{"a":"b"},"description":""}"#,
        ]
    );
}

fn tells_of_prompts_as_prompts(db: &mut Db) {
    listen(
        db,
        &[
            (Entity::RegisteredModel, Action::Created),
            (Entity::ModelVersion, Action::Created),
            (Entity::Prompt, Action::Created),
            (Entity::PromptVersion, Action::Created),
            (Entity::PromptTag, Action::Set),
        ],
    );
    let is_prompt = ("mlflow.prompt.is_prompt", "true");
    create_model(db, "greeting", &[is_prompt, ("a", "b")]);
    let text = ("mlflow.prompt.text", "Hello {{name}}");
    create_version(
        db,
        "greeting",
        "dummy-source",
        &[is_prompt, text, ("c", "d")],
    );
    let tag = SetRegisteredModelTag {
        name: Some("greeting".to_owned()),
        key: Some("k".to_owned()),
        value: Some("v".to_owned()),
    };
    models::set_tag(db, &change(), &checked(tag)).unwrap();
    assert_eq!(
        told(db),
        [
            r#"prompt.created {"name":"greeting","tags":{"a":"b"},"description":""}"#,
            r#"prompt_tag.set {"name":"greeting","key":"k","value":"v"}"#,
            r#"prompt_version.created {"name":"greeting","version":"1","template":"Hello {{name}}","tags":{"c":"d"},"description":null}"#,
        ]
    );
}

fn takes_up_each_delivery_once(db: &mut Db) {
    listen(db, &[(Entity::RegisteredModel, Action::Created)]);
    create_model(db, "a", &[]);
    create_model(db, "b", &[]);
    let (now, until) = (i64::MAX - 1, i64::MAX);
    assert_eq!(
        outbox::take(db, now, until, &DeliverySlots::new(1))
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        outbox::take(db, now, until, &DeliverySlots::new(15))
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        outbox::take(db, now, until, &DeliverySlots::new(15)).unwrap(),
        []
    );
    assert!(!outbox::is_any_due(db, now, &[]).unwrap());
    // Whoever took them up is gone.
    let again = outbox::take(db, until, until, &DeliverySlots::new(15)).unwrap();
    assert_eq!(
        again
            .iter()
            .map(|delivery| delivery.attempts)
            .collect::<Vec<_>>(),
        [1, 1]
    );
}

fn takes_up_of_each_webhook_its_share(db: &mut Db) {
    for _ in 0..2 {
        listen(db, &[(Entity::RegisteredModel, Action::Created)]);
    }
    for name in ["a", "b", "c", "d", "e"] {
        create_model(db, name, &[]);
    }
    let (now, until) = (i64::MAX - 1, i64::MAX);
    let mut slots = DeliverySlots::new(7);
    let first = outbox::take(db, now, until, &slots).unwrap();
    for delivery in &first {
        slots.begin(&delivery.webhook_id);
    }
    assert_eq!(first.len(), 4);
    assert_eq!(slots.full_for().len(), 2);
    assert!(outbox::is_any_due(db, now, &[]).unwrap());
    assert!(!outbox::is_any_due(db, now, &slots.full_for()).unwrap());
    assert_eq!(outbox::take(db, now, until, &slots).unwrap(), []);
    slots.finish(&first[0].webhook_id, true);
    let next = outbox::take(db, now, until, &slots).unwrap();
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].webhook_id, first[0].webhook_id);
}

fn forgets_what_is_settled(db: &mut Db) {
    let id = listen(db, &[(Entity::RegisteredModel, Action::Created)]);
    create_model(db, "a", &[]);
    let [first] = take_all(db).try_into().unwrap();
    let failure = Failure {
        status: Some(503),
        error: "busy".to_owned(),
    };
    let failed = DeliveryOutcome::Failed {
        failure,
        retry_at: 50,
    };
    outbox::settle(db, &first, &failed, 1).unwrap();
    assert!(!outbox::is_any_due(db, 49, &[]).unwrap());
    let [second] = outbox::take(db, 50, 100, &DeliverySlots::new(15))
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(
        (&second.delivery_id, second.attempts),
        (&first.delivery_id, 1)
    );
    outbox::settle(db, &second, &DeliveryOutcome::Delivered { status: 200 }, 2).unwrap();
    assert!(!outbox::is_any_due(db, i64::MAX, &[]).unwrap());
    webhooks::delete(db, &id, 2).unwrap();
    create_model(db, "b", &[]);
    assert!(!outbox::is_any_due(db, i64::MAX, &[]).unwrap());
}
