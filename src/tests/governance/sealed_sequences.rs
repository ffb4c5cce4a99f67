//! No sequence of calls leaves a sealed byte changed unnoticed.

use std::collections::BTreeMap;
use std::fs;

use actix_web::rt::System;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::sealing::{SEALING, Sealing};
use super::{OURS, stage, try_mlflow};

const FILES: [&str; 4] = [
    "model/MLmodel",
    "model/data/weights",
    "other/MLmodel",
    "model/new",
];
const FOLDERS: [&str; 2] = ["model", "other"];

#[derive(Clone, Debug)]
enum Call {
    Put(&'static str, &'static str),
    Delete(&'static str),
    /// Past the server.
    Write(&'static str, &'static str),
    Remove(&'static str),
    Register(&'static str),
    Transition(u8, &'static str),
    Alias(u8),
    DeleteVersion(u8),
}

fn a_call() -> impl Strategy<Value = Call> {
    let file = || select(&FILES[..]);
    let content = || select(&["a", "b"][..]);
    let version = || 1u8..4;
    let stage = select(&["None", "Staging", "Production", "Archived"][..]);
    let target = select(
        &[
            "",
            "model",
            "model/data",
            "model/new",
            "other",
            "model/MLmodel",
        ][..],
    );
    prop_oneof![
        4 => (file(), content()).prop_map(|(file, content)| Call::Put(file, content)),
        2 => target.prop_map(Call::Delete),
        2 => (file(), content()).prop_map(|(file, content)| Call::Write(file, content)),
        1 => file().prop_map(Call::Remove),
        3 => select(&FOLDERS[..]).prop_map(Call::Register),
        6 => (version(), stage).prop_map(|(version, stage)| Call::Transition(version, stage)),
        2 => version().prop_map(Call::Alias),
        1 => version().prop_map(Call::DeleteVersion),
    ]
}

/// The files of a folder, as the disk has them.
fn contents(sealing: &Sealing, folder: &str) -> BTreeMap<&'static str, String> {
    FILES
        .into_iter()
        .filter(|file| file.starts_with(folder))
        .filter_map(|file| Some((file, fs::read_to_string(sealing.on_disk(file)).ok()?)))
        .collect()
}

async fn make(sealing: &Sealing, call: &Call) -> bool {
    let reply = match *call {
        Call::Put(file, content) => sealing.put(file, content).await,
        Call::Delete(path) => sealing.delete(path).await,
        Call::Write(file, content) => {
            let path = sealing.on_disk(file);
            let made = path.parent().map(fs::create_dir_all);
            return made.is_some() && fs::write(path, content).is_ok();
        }
        Call::Remove(file) => return fs::remove_file(sealing.on_disk(file)).is_ok(),
        Call::Register(folder) => sealing.register(folder).await,
        Call::Transition(version, stage) => {
            let request =
                json!({"name": "credit-risk", "version": version.to_string(), "stage": stage});
            try_mlflow(&sealing.app, "model-versions/transition-stage", request).await
        }
        Call::Alias(version) => {
            let request = json!({
                "name": "credit-risk", "version": version.to_string(), "alias": "champion"
            });
            try_mlflow(&sealing.app, "registered-models/alias", request).await
        }
        Call::DeleteVersion(version) => {
            let request = json!({"name": "credit-risk", "version": version.to_string()});
            let path = "/api/2.0/mlflow/model-versions/delete";
            sealing.app.delete(path, request).await
        }
    };
    assert!(reply.status < 500, "{call:?}: {}", reply.text());
    reply.status == 200
}

/// A version as the onlooker knows it.
struct Onlooked {
    folder: &'static str,
    sealed: Option<BTreeMap<&'static str, String>>,
}

async fn holds(calls: &[Call]) -> Result<(), TestCaseError> {
    let sealing = Sealing::new(Some(SEALING)).await;
    let mut versions: BTreeMap<u8, Onlooked> = BTreeMap::new();
    let mut registered = 0;
    for call in calls {
        let before: Vec<_> = FOLDERS.map(|folder| contents(&sealing, folder)).into();
        let was_in = match *call {
            Call::Transition(version, _) if versions.contains_key(&version) => {
                stage(&sealing.app, "credit-risk", &version.to_string()).await
            }
            _ => String::new(),
        };
        let done = make(&sealing, call).await;
        let after: Vec<_> = FOLDERS.map(|folder| contents(&sealing, folder)).into();
        match *call {
            Call::Register(folder) if done => {
                registered += 1;
                versions.insert(
                    registered,
                    Onlooked {
                        folder,
                        sealed: None,
                    },
                );
            }
            Call::DeleteVersion(version) if done => {
                versions.remove(&version);
            }
            // Whatever the server does, it leaves sealed bytes as they are.
            Call::Put(..) | Call::Delete(_) => {
                for version in versions.values().filter(|version| version.sealed.is_some()) {
                    let folder = FOLDERS.iter().position(|one| *one == version.folder);
                    let folder = folder.unwrap_or_default();
                    prop_assert_eq!(&before[folder], &after[folder], "{:?}", call);
                }
            }
            _ => {}
        }
        for (number, version) in &mut versions {
            let path = format!("{OURS}/model-versions/credit-risk/{number}/integrity");
            let integrity = sealing.app.get(&path).await.ok();
            let now = contents(&sealing, version.folder);
            if integrity["state"] != "sealed" {
                prop_assert!(version.sealed.is_none(), "{:?} {}", call, integrity);
                continue;
            }
            let sealed = version.sealed.get_or_insert_with(|| now.clone());
            prop_assert_eq!(&integrity["intact"], &json!(*sealed == now), "{:?}", call);
            // No gate lets other bytes pass.
            let entered = match *call {
                Call::Transition(moved, stage) => {
                    moved == *number
                        && stage != was_in
                        && ["Staging", "Production"].contains(&stage)
                }
                _ => false,
            };
            prop_assert!(!(done && entered) || *sealed == now, "{:?}", call);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_changes_a_sealed_byte_unnoticed(
        calls in prop::collection::vec(a_call(), 1..30),
    ) {
        let mut all = vec![Call::Register("model")];
        all.extend(calls);
        System::new().block_on(holds(&all))?;
    }
}
