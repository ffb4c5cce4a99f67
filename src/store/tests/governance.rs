use diesel::prelude::*;

use super::{checked, on_both_databases};
use crate::store::Db;
use crate::store::governance::{evidence, history, identity, policies};
use crate::store::registered_models;
use crate::wire::CreateRegisteredModel;

on_both_databases!(
    logs_stand_against_a_hand_on_the_database,
    ids_stay_with_their_model,
    policies_are_kept_by_their_hash,
);

fn create(db: &mut Db, name: &str) {
    let request = CreateRegisteredModel {
        name: Some(name.to_owned()),
        ..CreateRegisteredModel::default()
    };
    registered_models::create(db, &checked(request), 1).unwrap();
}

fn an_entry<'a>() -> history::NewHistoryRow<'a> {
    history::NewHistoryRow {
        time_ms: 1,
        actor: "anonymous",
        claimed: None,
        action: "version.transitioned",
        outcome: "done",
        model: Some("churn"),
        model_id: Some("id"),
        version: Some(1),
        stage: Some("Production"),
        alias: None,
        before: None,
        after: None,
        policy: None,
        policy_hash: None,
        report: None,
        how: None,
    }
}

fn logs_stand_against_a_hand_on_the_database(db: &mut Db) {
    history::insert(db, &[an_entry()]).unwrap();
    let row = evidence::NewEvidenceRow {
        model_id: "id",
        version: 1,
        version_created_at: None,
        kind: "approval",
        body: "{}",
        source: None,
        content_digest: None,
        tags_digest: None,
        actor: "anonymous",
        claimed: None,
        recorded_at: 1,
    };
    evidence::insert(db, &row).unwrap();
    let policy = policies::NewPolicy {
        name: "p",
        hash: "h",
        text: "t",
    };
    policies::put(db, &policy, 1).unwrap();
    let mut statements = vec![
        "UPDATE flowkeep_history SET outcome = 'refused'",
        "DELETE FROM flowkeep_history",
        "DELETE FROM flowkeep_history WHERE id = 1",
        "UPDATE flowkeep_evidence SET body = '{\"verdict\": \"passed\"}'",
        "DELETE FROM flowkeep_evidence",
        "UPDATE flowkeep_policy_texts SET text = ''",
        "DELETE FROM flowkeep_policy_texts",
    ];
    match db {
        Db::Postgres(_) => statements.extend([
            "TRUNCATE flowkeep_history",
            "TRUNCATE flowkeep_evidence CASCADE",
            "INSERT INTO flowkeep_history (id, time_ms, actor, action, outcome) \
             VALUES (1, 1, 'a', 'b', 'c') ON CONFLICT (id) DO UPDATE SET actor = 'a'",
        ]),
        Db::Sqlite(_) => statements.extend([
            "INSERT OR REPLACE INTO flowkeep_history (id, time_ms, actor, action, outcome) \
             VALUES (1, 1, 'a', 'b', 'c')",
            "REPLACE INTO flowkeep_evidence (id, model_id, version, kind, body, actor, recorded_at) \
             VALUES (1, 'id', 1, 'approval', '{}', 'a', 1)",
            "UPDATE OR REPLACE flowkeep_history SET id = 2",
        ]),
    }
    for statement in statements {
        let error = diesel::sql_query(statement).execute(db).unwrap_err();
        assert!(
            error.to_string().contains("append-only"),
            "{statement}: {error}"
        );
    }
    let rows = history::page(db, &history::HistoryFilter::default(), 0, 10).unwrap();
    assert_eq!((rows.len(), rows[0].outcome.as_str()), (1, "done"));
    assert_eq!(evidence::of_versions(db, "id", &[1]).unwrap().len(), 1);
}

fn ids_stay_with_their_model(db: &mut Db) {
    create(db, "a");
    let identity::ModelId { id: first, is_new } = identity::ensure(db, "a").unwrap();
    assert!(is_new);
    let again = identity::ensure(db, "a").unwrap();
    assert_eq!((again.id, again.is_new), (first.clone(), false));
    registered_models::rename(db, "a", "b", 2).unwrap();
    identity::rename(db, "a", "b").unwrap();
    assert_eq!(identity::find(db, "b").unwrap(), Some(first.clone()));
    // Stock MLflow deletes it and makes another one of the name.
    registered_models::delete(db, "b").unwrap();
    create(db, "b");
    diesel::sql_query("UPDATE registered_models SET creation_time = creation_time + 1")
        .execute(db)
        .unwrap();
    assert_eq!(identity::find(db, "b").unwrap(), None);
    let identity::ModelId { id: second, is_new } = identity::ensure(db, "b").unwrap();
    assert!(is_new && second != first);
    assert!(identity::find(db, "nobody").is_err());
}

fn policies_are_kept_by_their_hash(db: &mut Db) {
    let put = |db: &mut Db, name, hash, text| {
        policies::put(db, &policies::NewPolicy { name, hash, text }, 1).unwrap()
    };
    assert_eq!(put(db, "a", "1", "first"), None);
    assert_eq!(put(db, "a", "2", "second"), Some("1".to_owned()));
    assert_eq!(put(db, "a", "1", "first"), Some("2".to_owned()));
    put(db, "b", "3", "other");
    assert_eq!(policies::hashes(db).unwrap(), ["1", "3"]);
    assert_eq!(policies::delete(db, "a").unwrap(), Some("1".to_owned()));
    assert_eq!(policies::delete(db, "a").unwrap(), None);
    assert_eq!(policies::list(db).unwrap().len(), 1);
    assert_eq!(policies::text(db, "2").unwrap(), Some("second".to_owned()));
}
