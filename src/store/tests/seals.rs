use diesel::prelude::*;

use super::{checked, on_both_databases};
use crate::audit::{Action, Actor, Entry};
use crate::lifecycle::Change;
use crate::store::Db;
use crate::store::governance::guards::{self, Extent, Guard, GuardKind};
use crate::store::governance::identity;
use crate::store::governance::seals::{
    self, NewSealRow, SEALED, UNSEALED, VersionKey, insert, of_versions,
};
use crate::store::model_versions::{self, NewVersion};
use crate::store::registered_models;
use crate::wire::CreateRegisteredModel;

on_both_databases!(
    a_seal_comes_after_its_absence_and_stays,
    seals_stand_against_a_hand_on_the_database,
    a_seal_may_go_with_its_version,
    guards_stand_above_and_below,
);

fn row(version: i32, state: &'static str) -> NewSealRow<'static> {
    let is_sealed = state == SEALED;
    NewSealRow {
        model_id: "id",
        version,
        version_created_at: Some(1),
        state,
        reason: (!is_sealed).then_some("unreachable"),
        location: "s3://b/m",
        address: is_sealed.then_some("s3://b/m"),
        digest: is_sealed.then_some("d"),
        manifest: is_sealed.then_some("[]"),
        sealed_at: 5,
    }
}

fn key(version: i32, created_at: Option<i64>) -> VersionKey {
    VersionKey {
        version,
        created_at,
    }
}

fn a_seal_comes_after_its_absence_and_stays(db: &mut Db) {
    let asked = [key(1, Some(1)), key(2, Some(1)), key(3, None)];
    assert!(of_versions(db, "id", &asked).unwrap().is_empty());
    insert(db, &row(1, UNSEALED)).unwrap();
    insert(db, &row(2, UNSEALED)).unwrap();
    insert(db, &row(1, SEALED)).unwrap();
    insert(db, &row(1, UNSEALED)).unwrap();
    // Of another version that had the number.
    insert(db, &row(3, SEALED)).unwrap();
    let found = of_versions(db, "id", &asked).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found[&1].is_sealed());
    assert_eq!(found[&2].reason.as_deref(), Some("unreachable"));
    assert_eq!(seals::manifest(db, found[&1].id).unwrap().unwrap(), "[]");
    assert_eq!(seals::manifest(db, found[&2].id).unwrap(), None);
    assert!(of_versions(db, "other", &asked).unwrap().is_empty());
    // Once is enough, and whatever is sealed has a digest.
    assert!(db.transaction(|db| insert(db, &row(1, SEALED))).is_err());
    let half = NewSealRow {
        digest: None,
        ..row(4, SEALED)
    };
    assert!(db.transaction(|db| insert(db, &half)).is_err());
}

fn version(db: &mut Db) -> String {
    let request = CreateRegisteredModel {
        name: Some("m".to_owned()),
        ..CreateRegisteredModel::default()
    };
    registered_models::create(db, &checked(request), 1).unwrap();
    let id = identity::ensure(db, "m").unwrap().id;
    let new = NewVersion {
        name: "m",
        source: "s3://b/m",
        ..NewVersion::default()
    };
    model_versions::insert(db, &new, 1).unwrap();
    id
}

#[track_caller]
fn refused(db: &mut Db, statement: &str) {
    let done = db.transaction(|db| diesel::sql_query(statement).execute(db));
    let error = done.unwrap_err().to_string();
    assert!(error.contains("append-only"), "{statement}: {error}");
}

fn seals_stand_against_a_hand_on_the_database(db: &mut Db) {
    let id = version(db);
    insert(
        db,
        &NewSealRow {
            model_id: &id,
            ..row(1, SEALED)
        },
    )
    .unwrap();
    refused(db, "UPDATE flowkeep_seals SET digest = 'other'");
    refused(db, "DELETE FROM flowkeep_seals");
    match db {
        Db::Postgres(_) => refused(db, "TRUNCATE flowkeep_seals"),
        Db::Sqlite(_) => {
            let columns = "id, model_id, version, version_created_at, state, location, address, digest, manifest, sealed_at";
            for number in [1, 2] {
                refused(
                    db,
                    &format!(
                        "INSERT OR REPLACE INTO flowkeep_seals ({columns}) \
                         VALUES ({number}, '{id}', 1, 1, 'sealed', 'l', 'a', 'other', '[]', 1)"
                    ),
                );
            }
        }
    }
    let found = of_versions(db, &id, &[key(1, Some(1))]).unwrap();
    assert_eq!(found[&1].digest.as_deref(), Some("d"));
}

fn a_seal_may_go_with_its_version(db: &mut Db) {
    let id = version(db);
    insert(
        db,
        &NewSealRow {
            model_id: &id,
            ..row(1, SEALED)
        },
    )
    .unwrap();
    refused(db, "DELETE FROM flowkeep_seals");
    model_versions::delete(db, "m", 1, 2).unwrap();
    let gone = diesel::sql_query("DELETE FROM flowkeep_seals").execute(db);
    assert_eq!(gone, Ok(1));
}

fn guards_stand_above_and_below(db: &mut Db) {
    let guard = |version| Guard {
        address: "mlflow-artifacts:/1/run/model/",
        model_id: "id",
        version,
        kind: GuardKind::Seal,
    };
    for version in [1, 1, 2] {
        guards::set(db, guard(version)).unwrap();
    }
    let stands = |db: &mut Db, address: &str, extent| {
        let found = guards::blocking(db, address, extent).unwrap();
        found.is_some()
    };
    for (path, of_file, of_folder) in [
        ("/1/run/model", true, true),
        ("/1/run/model/a/b", true, true),
        ("/1/run", false, true),
        ("", false, true),
        ("/1/run/model2", false, false),
        ("/1/run/mode", false, false),
    ] {
        let address = format!("mlflow-artifacts:{path}");
        assert_eq!(stands(db, &address, Extent::File), of_file, "{address}");
        assert_eq!(
            stands(db, &address, Extent::AllBelow),
            of_folder,
            "{address}"
        );
    }
    // The database lets guards go once history says that their versions are gone.
    assert!(guards::remove_all(db, "id", &[1, 2]).is_err());
    let gone = |version| Entry::of_model(Action::VersionDeleted, "m", "id").version(version);
    Change::by(Actor::default())
        .write(db, &[gone(1), gone(2)])
        .unwrap();
    guards::remove_all(db, "id", &[1]).unwrap();
    assert!(stands(db, "mlflow-artifacts:/1/run/model", Extent::File));
    guards::remove_all(db, "id", &[2]).unwrap();
    assert!(!stands(db, "mlflow-artifacts:/1/run/model", Extent::File));
}
