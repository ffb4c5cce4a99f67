//! Runs with all that was logged to them: on PostgreSQL in one statement, whatever their number, which is one
//! round trip and a snapshot by itself.

use std::collections::{BTreeSet, HashMap};

use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text};

use super::messages::named_by_tags;
use super::rows::{RunRow, id};
use crate::error::{Error, Result};
use crate::store::prepared::{RowStatement, Statement, prepared};
use crate::store::{Db, Mergeable};
use crate::wire::{
    Dataset, DatasetInput, GetRun, InputTag, Metric, ModelInput, ModelOutput, Param, Run, RunData,
    RunInputs, RunOutputs, RunTag,
};

impl Mergeable for GetRun {
    type Output = Run;

    fn run_together(db: &mut Db, requests: &[Self]) -> Result<Vec<Result<Run>>> {
        let Db::Postgres(connection) = db else {
            let run_ids = requests.iter().map(run_of);
            return Ok(run_ids.map(|run_id| super::get(db, run_id)).collect());
        };
        let run_ids: BTreeSet<&str> = requests.iter().map(run_of).collect();
        let found = load(connection, run_ids)?;
        let runs = requests.iter().map(|request| {
            let run_id = run_of(request);
            let run = found.get(run_id).cloned();
            run.ok_or_else(|| Error::run_not_found(run_id))
        });
        Ok(runs.collect())
    }
}

fn run_of(request: &GetRun) -> &str {
    id(request.run_id(), request.run_uuid())
}

struct WholeRuns;

// What a row is stands in its first column: 0 a run, 1 a metric, 2 a param, 3 a tag, 4 a data set that went into
// it, 5 a tag of such an input, 6 a model that went in or came out. OFFSET keeps data sets in the order of their edges,
// as they were logged.
impl Statement for WholeRuns {
    const BEFORE_VALUES: &'static str = "SELECT 0 AS kind, run_uuid::text AS run_id, name::text AS a, \
        user_id::text AS b, status::text AS c, artifact_uri::text AS d, lifecycle_stage::text AS e, \
        NULL::text AS f, NULL::text AS g, NULL::float8 AS number, NULL::bool AS flag, \
        start_time AS x, end_time AS y, experiment_id::int8 AS z \
        FROM runs WHERE run_uuid = ANY(";
    const AFTER_VALUES: &'static str = ") \
        UNION ALL SELECT 1, run_uuid, key, NULL, NULL, NULL, NULL, NULL, NULL, value, is_nan, timestamp, step, NULL \
        FROM latest_metrics WHERE run_uuid = ANY($1) \
        UNION ALL SELECT 2, run_uuid, key, value, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
        FROM params WHERE run_uuid = ANY($1) \
        UNION ALL SELECT 3, run_uuid, key, value, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
        FROM tags WHERE run_uuid = ANY($1) \
        UNION ALL SELECT 4, edge.destination_id, name, digest, dataset_source_type, dataset_source, dataset_schema, \
            dataset_profile, edge.input_uuid, NULL, NULL, NULL, NULL, NULL \
        FROM inputs edge CROSS JOIN LATERAL (SELECT * FROM datasets WHERE dataset_uuid = edge.source_id OFFSET 0) data \
        WHERE edge.destination_type = 'RUN' AND edge.destination_id = ANY($1) AND edge.source_type = 'DATASET' \
        UNION ALL (SELECT 5, edge.destination_id, tag.name, tag.value, NULL, NULL, NULL, \
            NULL, edge.input_uuid, NULL, NULL, NULL, NULL, NULL \
        FROM inputs edge JOIN input_tags tag ON tag.input_uuid = edge.input_uuid \
        WHERE edge.destination_type = 'RUN' AND edge.destination_id = ANY($1) AND edge.source_type = 'DATASET' \
        ORDER BY tag.name) \
        UNION ALL (SELECT 6, source_id, source_type, destination_id, NULL, NULL, NULL, \
            NULL, NULL, NULL, NULL, NULL, step, NULL \
        FROM inputs WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id = ANY($1) \
            AND destination_type IN ('MODEL_INPUT', 'MODEL_OUTPUT') \
        ORDER BY destination_id)";
}

impl RowStatement for WholeRuns {
    type Columns = (
        Integer,
        Text,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Double>,
        Nullable<Bool>,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Nullable<BigInt>,
    );
}

#[derive(Queryable)]
struct PartOfRun {
    kind: i32,
    run_id: String,
    a: Option<String>,
    b: Option<String>,
    c: Option<String>,
    d: Option<String>,
    e: Option<String>,
    f: Option<String>,
    g: Option<String>,
    number: Option<f64>,
    flag: Option<bool>,
    x: Option<i64>,
    y: Option<i64>,
    z: Option<i64>,
}

/// The parts of a run that were read so far.
#[derive(Default)]
struct WholeRun {
    row: Option<RunRow>,
    data: RunData,
    inputs: RunInputs,
    outputs: RunOutputs,
    /// The edges that the inputs stand for, in their order.
    edges: Vec<Option<String>>,
    input_tags: Vec<(Option<String>, InputTag)>,
}

fn load(connection: &mut PgConnection, run_ids: BTreeSet<&str>) -> Result<HashMap<String, Run>> {
    let run_ids: Vec<&str> = run_ids.into_iter().collect();
    let values = (run_ids.into_sql::<Array<Text>>(),);
    let parts = prepared::<WholeRuns, _>(values).load::<PartOfRun>(connection)?;
    let mut runs: HashMap<String, WholeRun> = HashMap::new();
    for part in parts {
        if let Some(run) = runs.get_mut(&part.run_id) {
            run.add(part);
        } else {
            runs.entry(part.run_id.clone()).or_default().add(part);
        }
    }
    let runs = runs.into_iter();
    Ok(runs
        .filter_map(|(run_id, run)| Some((run_id, run.into_message()?)))
        .collect())
}

impl WholeRun {
    fn add(&mut self, part: PartOfRun) {
        match part.kind {
            0 => self.row = Some(part.into_row()),
            1 => self.data.metrics.push(Metric {
                key: part.a,
                value: if part.flag == Some(true) {
                    Some(f64::NAN)
                } else {
                    part.number
                },
                timestamp: part.x,
                step: part.y,
                ..Metric::default()
            }),
            2 => self.data.params.push(Param {
                key: part.a,
                value: part.b,
            }),
            3 => self.data.tags.push(RunTag {
                key: part.a,
                value: part.b,
            }),
            4 => {
                self.edges.push(part.g.clone());
                self.inputs.dataset_inputs.push(part.into_input());
            }
            5 => self.input_tags.push((
                part.g,
                InputTag {
                    key: part.a,
                    value: part.b,
                },
            )),
            _ => self.add_model(part),
        }
    }

    fn add_model(&mut self, part: PartOfRun) {
        let model_id = part.b;
        if part.a.as_deref() == Some("RUN_INPUT") {
            self.inputs.model_inputs.push(ModelInput { model_id });
        } else {
            let step = part.y;
            self.outputs
                .model_outputs
                .push(ModelOutput { model_id, step });
        }
    }

    /// `None` if there is no run, whatever else has its id.
    fn into_message(mut self) -> Option<Run> {
        for (edge, tag) in self.input_tags {
            if let Some(place) = self.edges.iter().position(|known| *known == edge) {
                self.inputs.dataset_inputs[place].tags.push(tag);
            }
        }
        let info = named_by_tags(self.row?.into_info(), &self.data.tags);
        Some(Run {
            info: Some(info),
            data: Some(self.data),
            inputs: Some(self.inputs),
            outputs: Some(self.outputs),
        })
    }
}

impl PartOfRun {
    fn into_row(self) -> RunRow {
        RunRow {
            run_id: self.run_id,
            name: self.a,
            experiment_id: self.z.and_then(|id| id.try_into().ok()),
            user_id: self.b,
            status: self.c,
            start_time: self.x,
            end_time: self.y,
            artifact_uri: self.d,
            lifecycle_stage: self.e,
        }
    }

    fn into_input(self) -> DatasetInput {
        DatasetInput {
            tags: Vec::new(),
            dataset: Some(Dataset {
                name: self.a,
                digest: self.b,
                source_type: self.c,
                source: self.d,
                schema: self.e.filter(|schema| !schema.is_empty()),
                profile: self.f.filter(|profile| !profile.is_empty()),
            }),
        }
    }
}
