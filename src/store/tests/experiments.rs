use super::{checked, on_both_databases};
use crate::store::{Db, experiments};
use crate::wire::CreateExperiment;

on_both_databases!(gives_each_experiment_an_id_of_its_own);

fn gives_each_experiment_an_id_of_its_own(db: &mut Db) {
    let create = |db: &mut Db, name: &str| {
        let request = CreateExperiment {
            name: Some(name.to_owned()),
            ..CreateExperiment::default()
        };
        experiments::create(db, &checked(request), "mlflow-artifacts:/", 1).unwrap()
    };
    let first = create(db, "first");
    let second = create(db, "second");
    assert_ne!(first, second);
    let got = experiments::get(db, &second.to_string()).unwrap();
    assert_eq!(got.name(), "second");
}
