use super::on_both_databases;
use crate::store::Db;
use crate::store::artifact_digests::{Digest, at_or_below, forget, get, record};

on_both_databases!(
    keeps_the_newest_of_each_address,
    what_is_below_a_folder_is_a_range,
    an_address_that_is_too_long_is_not_kept,
);

fn digest(address: &str, version: &str) -> Digest {
    Digest {
        address: address.to_owned(),
        size: 3,
        sha256: "ab".repeat(32),
        version: version.to_owned(),
        recorded_at: 1,
        recorded_by: None,
    }
}

fn keeps_the_newest_of_each_address(db: &mut Db) {
    record(db, &[digest("s3://b/a", "1"), digest("s3://b/c", "1")]).unwrap();
    let newest = Digest {
        size: 4,
        recorded_by: Some("ada".to_owned()),
        ..digest("s3://b/a", "2")
    };
    record(db, std::slice::from_ref(&newest)).unwrap();
    assert_eq!(get(db, "s3://b/a").unwrap(), Some(newest));
    assert_eq!(get(db, "s3://b/nope").unwrap(), None);
    record(db, &[]).unwrap();
}

fn what_is_below_a_folder_is_a_range(db: &mut Db) {
    let addresses = [
        "mlflow-artifacts:/1/a",
        "mlflow-artifacts:/1/a b/x",
        "mlflow-artifacts:/1/a!/x",
        "mlflow-artifacts:/1/a/B",
        "mlflow-artifacts:/1/a/\u{e9}/%_",
        "mlflow-artifacts:/1/a/b",
        "mlflow-artifacts:/1/a0",
        "mlflow-artifacts:/1/ab",
    ];
    let rows: Vec<_> = addresses.map(|address| digest(address, "1")).into();
    record(db, &rows).unwrap();
    let below = |db: &mut Db, address: &str| -> Vec<String> {
        let found = at_or_below(db, address).unwrap();
        found.into_iter().map(|digest| digest.address).collect()
    };
    let of_a = [
        "mlflow-artifacts:/1/a",
        "mlflow-artifacts:/1/a/B",
        "mlflow-artifacts:/1/a/b",
        "mlflow-artifacts:/1/a/\u{e9}/%_",
    ];
    assert_eq!(below(db, "mlflow-artifacts:/1/a"), of_a);
    assert_eq!(below(db, "mlflow-artifacts:/").len(), addresses.len());
    forget(db, "mlflow-artifacts:/1/a").unwrap();
    assert_eq!(below(db, "mlflow-artifacts:/").len(), addresses.len() - 4);
}

fn an_address_that_is_too_long_is_not_kept(db: &mut Db) {
    let long = "x".repeat(3_000);
    record(db, &[digest(&long, "1"), digest("short", "1")]).unwrap();
    assert_eq!(get(db, &long).unwrap(), None);
    assert!(get(db, "short").unwrap().is_some());
}
