//! No sequence of calls loses a version that is kept, or what it is made of.

use std::collections::BTreeMap;

use actix_web::rt::System;
use actix_web::test::TestRequest;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{OURS, mlflow, model, try_mlflow};
use crate::clock::Clock;
use crate::tests::TestApp;
use crate::tests::harness::Reply;

/// 2010: whatever years pass in a sequence, the clock of the database is ahead of them.
const LONG_AGO: i64 = 1_262_304_000_000;
const YEAR: i64 = 365 * 24 * 60 * 60 * 1000;
const NAMES: [&str; 2] = ["credit-a", "credit-b"];
const MLFLOW: &str = "/api/2.0/mlflow";

#[derive(Clone, Debug)]
enum Call {
    Register,
    Transition(u8, &'static str),
    DeleteVersion(u8),
    DeleteModel,
    Rename(&'static str),
    DeleteRun(u8),
    RestoreRun(u8),
    Put(u8),
    RemoveArtifacts(u8),
    Hold(u8),
    Lift(u8),
    /// For how many years versions are kept from now on.
    Policy(Option<u8>),
    /// In years. It may be set back.
    Clock(i8),
}

fn a_call() -> impl Strategy<Value = Call> {
    let version = || 1u8..4;
    let stage = select(&["None", "Staging", "Production", "Archived"][..]);
    prop_oneof![
        2 => Just(Call::Register),
        6 => (version(), stage).prop_map(|(version, stage)| Call::Transition(version, stage)),
        3 => version().prop_map(Call::DeleteVersion),
        1 => Just(Call::DeleteModel),
        1 => select(&NAMES[..]).prop_map(Call::Rename),
        2 => version().prop_map(Call::DeleteRun),
        1 => version().prop_map(Call::RestoreRun),
        2 => version().prop_map(Call::Put),
        2 => version().prop_map(Call::RemoveArtifacts),
        2 => version().prop_map(Call::Hold),
        2 => version().prop_map(Call::Lift),
        3 => select(&[None, Some(1), Some(2), Some(7)][..]).prop_map(Call::Policy),
        3 => (-3i8..5).prop_map(Call::Clock),
    ]
}

/// A version as the onlooker knows it.
struct Onlooked {
    run: String,
    artifacts: String,
    stage: &'static str,
    holds: Vec<i64>,
    archived_at: Option<i64>,
    keep_until: Option<i64>,
}

struct World {
    app: TestApp,
    clock: Clock,
    now: i64,
    /// The latest that it has been when something was written down.
    latest: i64,
    name: &'static str,
    versions: BTreeMap<u8, Onlooked>,
    registered: u8,
    years: Option<u8>,
}

impl World {
    async fn new() -> Self {
        let clock = Clock::standing_at(LONG_AGO);
        let same = clock.clone();
        let app = TestApp::with_settings(move |settings| settings.clock = same).await;
        model(&app, NAMES[0]).await;
        Self {
            app,
            clock,
            now: LONG_AGO,
            latest: LONG_AGO,
            name: NAMES[0],
            versions: BTreeMap::new(),
            registered: 0,
            years: None,
        }
    }

    fn named(&self, version: u8) -> Value {
        json!({"name": self.name, "version": version.to_string()})
    }

    fn run(&self, version: u8) -> Value {
        let run = self.versions.get(&version).map(|version| &version.run);
        json!({"run_id": run.map_or("none", String::as_str)})
    }

    fn artifacts(&self, version: u8) -> String {
        let known = self.versions.get(&version);
        known.map_or_else(
            || "/api/2.0/mlflow-artifacts/artifacts/none".to_owned(),
            |version| version.artifacts.clone(),
        )
    }

    async fn put(&self, version: u8, bytes: &'static str) -> Reply {
        let path = format!("{}/weights", self.artifacts(version));
        let request = TestRequest::put().uri(&path).set_payload(bytes);
        self.app.send(request).await
    }

    async fn register(&mut self) -> Option<Reply> {
        let run = mlflow(&self.app, "runs/create", json!({"experiment_id": "0"})).await;
        let info = &run["run"]["info"];
        let run = info["run_id"].as_str().unwrap_or_default().to_owned();
        let uri = info["artifact_uri"].as_str().unwrap_or_default();
        let below = uri.trim_start_matches("mlflow-artifacts:/");
        let request = json!({
            "name": self.name, "source": format!("{uri}/model"), "run_id": run,
        });
        let reply = try_mlflow(&self.app, "model-versions/create", request).await;
        if reply.status == 200 {
            self.registered += 1;
            let version = Onlooked {
                run,
                artifacts: format!("/api/2.0/mlflow-artifacts/artifacts/{below}/model"),
                stage: "None",
                holds: Vec::new(),
                archived_at: None,
                keep_until: None,
            };
            self.versions.insert(self.registered, version);
            assert_eq!(self.put(self.registered, "first").await.status, 200);
            self.latest = self.latest.max(self.now);
        }
        None
    }

    async fn send(&mut self, call: &Call) -> Option<Reply> {
        let version_path = |version: u8| format!("{OURS}/model-versions/{}/{version}", self.name);
        Some(match *call {
            Call::Register => return self.register().await,
            Call::Transition(version, stage) => {
                let mut request = self.named(version);
                request["stage"] = stage.into();
                try_mlflow(&self.app, "model-versions/transition-stage", request).await
            }
            Call::DeleteVersion(version) => {
                let path = format!("{MLFLOW}/model-versions/delete");
                self.app.delete(&path, self.named(version)).await
            }
            Call::DeleteModel => {
                let path = format!("{MLFLOW}/registered-models/delete");
                self.app.delete(&path, json!({"name": self.name})).await
            }
            Call::Rename(new_name) => {
                let request = json!({"name": self.name, "new_name": new_name});
                try_mlflow(&self.app, "registered-models/rename", request).await
            }
            Call::DeleteRun(version) => {
                try_mlflow(&self.app, "runs/delete", self.run(version)).await
            }
            Call::RestoreRun(version) => {
                try_mlflow(&self.app, "runs/restore", self.run(version)).await
            }
            Call::Put(version) => self.put(version, "second").await,
            Call::RemoveArtifacts(version) => {
                let request = TestRequest::delete().uri(&self.artifacts(version));
                self.app.send(request).await
            }
            Call::Hold(version) => {
                let path = format!("{}/holds", version_path(version));
                self.app.post(&path, json!({"reason": "lawsuit"})).await
            }
            Call::Lift(version) => {
                let holds = self.versions.get(&version).map(|version| &version.holds);
                let hold = holds.and_then(|holds| holds.last().copied()).unwrap_or(0);
                let path = format!("{}/holds/{hold}/lift", version_path(version));
                self.app.post(&path, json!({"reason": "settled"})).await
            }
            Call::Policy(Some(years)) => {
                let policy = format!(
                    "apiVersion: flowkeep/v1\nkind: LifecyclePolicy\nmetadata: {{name: keep}}\n\
                     spec: {{retention: {{archived: {}d}}}}\n",
                    u32::from(years) * 365
                );
                self.app
                    .put_text(&format!("{OURS}/policies"), &policy)
                    .await
            }
            Call::Policy(None) => {
                let path = format!("{OURS}/policies?name=keep");
                self.app.delete(&path, json!({})).await
            }
            Call::Clock(years) => {
                self.now = (self.now + i64::from(years) * YEAR).max(LONG_AGO);
                self.clock.set_to(self.now);
                return None;
            }
        })
    }

    /// What was done, as the onlooker understands it.
    fn note(&mut self, call: &Call, reply: &Reply) {
        // Only what certainly is in the history.
        if matches!(call, Call::Transition(..) | Call::Hold(_) | Call::Lift(_)) {
            self.latest = self.latest.max(self.now);
        }
        let kept_for = |years: u8| i64::from(years) * YEAR;
        match *call {
            Call::Transition(number, stage) => {
                let Some(version) = self.versions.get_mut(&number) else {
                    return;
                };
                if stage == "Archived"
                    && version.stage != stage
                    && let Some(years) = self.years
                {
                    let until = self.latest + kept_for(years);
                    version.archived_at = Some(self.latest);
                    version.keep_until = version.keep_until.max(Some(until));
                }
                version.stage = stage;
            }
            Call::DeleteVersion(version) => {
                self.versions.remove(&version);
            }
            Call::DeleteModel => self.versions.clear(),
            Call::Rename(name) => self.name = name,
            Call::Hold(version) => {
                let hold = reply.json()["hold"]["id"].as_i64();
                if let (Some(version), Some(hold)) = (self.versions.get_mut(&version), hold) {
                    version.holds.push(hold);
                }
            }
            Call::Lift(version) => {
                if let Some(version) = self.versions.get_mut(&version) {
                    version.holds.pop();
                }
            }
            Call::Policy(years) => {
                self.years = years;
                for version in self.versions.values_mut() {
                    if let (Some(at), Some(years)) = (version.archived_at, years) {
                        version.keep_until = version.keep_until.max(Some(at + kept_for(years)));
                    }
                }
            }
            _ => {}
        }
    }

    fn is_kept(&self, version: &Onlooked) -> bool {
        !version.holds.is_empty() || version.keep_until.is_some_and(|until| self.now < until)
    }

    /// What can be seen of a version: that it is there, its run and its bytes.
    async fn look(&self, number: u8) -> (u16, Value, String) {
        let path = format!(
            "{MLFLOW}/model-versions/get?name={}&version={number}",
            self.name
        );
        let version = self.app.get(&path).await;
        let run = self.run(number);
        let run = run["run_id"].as_str().unwrap_or_default();
        let run = self
            .app
            .get(&format!("{MLFLOW}/runs/get?run_id={run}"))
            .await;
        let bytes = self
            .app
            .get(&format!("{}/weights", self.artifacts(number)))
            .await;
        let bytes = format!("{} {}", bytes.status, bytes.text());
        (
            version.status,
            run.ok()["run"]["info"]["lifecycle_stage"].clone(),
            bytes,
        )
    }
}

async fn holds(calls: &[Call]) -> Result<(), TestCaseError> {
    let mut world = World::new().await;
    for call in calls {
        let mut kept = Vec::new();
        for (number, version) in &world.versions {
            if world.is_kept(version) {
                kept.push((*number, version.run.clone()));
            }
        }
        let mut before = Vec::new();
        for (number, _) in &kept {
            before.push(world.look(*number).await);
        }
        let reply = world.send(call).await;
        if let Some(reply) = &reply {
            prop_assert!(reply.status < 500, "{:?}: {}", call, reply.text());
            if [200, 204].contains(&reply.status) {
                world.note(call, reply);
            }
        }
        if matches!(call, Call::Clock(_)) {
            continue;
        }
        for ((number, _), before) in kept.iter().zip(before) {
            let after = world.look(*number).await;
            prop_assert_eq!(after.0, 200, "{:?} of version {}", call, number);
            let run_is_back = matches!(call, Call::RestoreRun(_)) && after.1 == "active";
            prop_assert!(
                after.1 == before.1 || run_is_back,
                "{:?} of version {}",
                call,
                number
            );
            prop_assert_eq!(&after.2, &before.2, "{:?} of version {}", call, number);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_loses_a_version_that_is_kept(
        calls in prop::collection::vec(a_call(), 1..40),
    ) {
        let mut all = vec![Call::Policy(Some(2)), Call::Register, Call::Transition(1, "Archived")];
        all.extend(calls);
        System::new().block_on(holds(&all))?;
    }
}
