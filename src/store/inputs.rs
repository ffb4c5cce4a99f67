//! What went into runs and what came out of them. An edge of the table `inputs` leads from a data
//! set to a run, or from a run to a model.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use uuid::Uuid;

use super::in_list::in_list;
use super::schema::{input_tags, inputs};
use super::statement_size::statements;
use super::{Db, datasets, on_backend, runs};
use crate::error::{Error, Result};
use crate::validation::Checked;
use crate::wire::{
    Dataset, DatasetInput, InputTag, LogInputs, LogOutputs, ModelInput, ModelOutput, RunInputs,
    RunOutputs,
};

const DATASET: &str = "DATASET";
const RUN: &str = "RUN";
const RUN_INPUT: &str = "RUN_INPUT";
const MODEL_INPUT: &str = "MODEL_INPUT";
const RUN_OUTPUT: &str = "RUN_OUTPUT";
const MODEL_OUTPUT: &str = "MODEL_OUTPUT";

/// Inputs and outputs of each of the runs, in four queries.
pub fn of_runs(
    db: &mut Db,
    run_ids: &[String],
) -> Result<HashMap<String, (RunInputs, RunOutputs)>> {
    let mut found: HashMap<String, (RunInputs, RunOutputs)> = run_ids
        .iter()
        .map(|run_id| (run_id.clone(), Default::default()))
        .collect();
    for run_ids in statements(run_ids, 1) {
        add_datasets(db, run_ids, &mut found)?;
        add_models(db, run_ids, &mut found)?;
    }
    Ok(found)
}

fn add_datasets(
    db: &mut Db,
    run_ids: &[String],
    found: &mut HashMap<String, (RunInputs, RunOutputs)>,
) -> Result<()> {
    // In no order that is asked for: index and heap give them as they were logged, which no column
    // tells.
    let edges: Vec<(String, String, String)> = inputs::table
        .filter(inputs::destination_type.eq(RUN))
        .filter(in_list(inputs::destination_id, run_ids))
        .filter(inputs::source_type.eq(DATASET))
        .select((
            inputs::input_uuid,
            inputs::source_id,
            inputs::destination_id,
        ))
        .load(db)?;
    if edges.is_empty() {
        return Ok(());
    }
    let dataset_ids: HashSet<&str> = edges.iter().map(|edge| edge.1.as_str()).collect();
    let datasets = datasets::by_id(db, &Vec::from_iter(dataset_ids))?;
    let mut tags = tags_of(db, edges.iter().map(|edge| edge.0.as_str()).collect())?;
    for (input_id, dataset_id, run_id) in edges {
        if let (Some(dataset), Some((inputs, _))) =
            (datasets.get(&dataset_id), found.get_mut(&run_id))
        {
            inputs.dataset_inputs.push(DatasetInput {
                tags: tags.remove(&input_id).unwrap_or_default(),
                dataset: Some(dataset.clone()),
            });
        }
    }
    Ok(())
}

fn tags_of(db: &mut Db, input_ids: Vec<&str>) -> Result<HashMap<String, Vec<InputTag>>> {
    let mut tags: HashMap<String, Vec<InputTag>> = HashMap::new();
    for input_ids in statements(&input_ids, 1) {
        let rows: Vec<(String, String, String)> = input_tags::table
            .filter(in_list(input_tags::input_uuid, input_ids))
            .order((input_tags::input_uuid, input_tags::name))
            .select((input_tags::input_uuid, input_tags::name, input_tags::value))
            .load(db)?;
        for (input_id, key, value) in rows {
            tags.entry(input_id).or_default().push(InputTag {
                key: Some(key),
                value: Some(value),
            });
        }
    }
    Ok(tags)
}

fn add_models(
    db: &mut Db,
    run_ids: &[String],
    found: &mut HashMap<String, (RunInputs, RunOutputs)>,
) -> Result<()> {
    let edges: Vec<(String, String, String, i64)> = inputs::table
        .filter(in_list(inputs::source_type, [RUN_INPUT, RUN_OUTPUT]))
        .filter(in_list(inputs::source_id, run_ids))
        .filter(in_list(
            inputs::destination_type,
            [MODEL_INPUT, MODEL_OUTPUT],
        ))
        .order(inputs::destination_id)
        .select((
            inputs::source_type,
            inputs::source_id,
            inputs::destination_id,
            inputs::step,
        ))
        .load(db)?;
    for (source_type, run_id, model_id, step) in edges {
        let Some((inputs, outputs)) = found.get_mut(&run_id) else {
            continue;
        };
        let model_id = Some(model_id);
        if source_type == RUN_INPUT {
            inputs.model_inputs.push(ModelInput { model_id });
        } else {
            let step = Some(step);
            outputs.model_outputs.push(ModelOutput { model_id, step });
        }
    }
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = inputs, treat_none_as_default_value = false)]
struct Edge<'a> {
    input_uuid: String,
    source_type: &'a str,
    source_id: &'a str,
    destination_type: &'a str,
    destination_id: &'a str,
    step: i64,
}

impl<'a> Edge<'a> {
    fn new(source: (&'a str, &'a str), destination: (&'a str, &'a str), step: i64) -> Self {
        Self {
            input_uuid: Uuid::new_v4().simple().to_string(),
            source_type: source.0,
            source_id: source.1,
            destination_type: destination.0,
            destination_id: destination.1,
            step,
        }
    }
}

/// Logs that an active run has used data sets and models.
pub fn log_inputs(db: &mut Db, request: &Checked<LogInputs>) -> Result<()> {
    let run_id = request.run_id();
    // The lock keeps two requests from adding one edge at once.
    let experiment_id = runs::lock_active(db, run_id)?
        .experiment_id
        .unwrap_or_default();

    // Of two inputs with one data set, the first counts.
    let mut seen = HashSet::new();
    let blank = Dataset::default();
    let wanted: Vec<(&Dataset, &[InputTag])> = request
        .datasets
        .iter()
        .map(|input| {
            let dataset = input.dataset.as_ref().unwrap_or(&blank);
            (dataset, input.tags.as_slice())
        })
        .filter(|(dataset, _)| seen.insert((dataset.name(), dataset.digest())))
        .collect();
    for wanted in statements(&wanted, 9) {
        log_datasets(db, run_id, experiment_id, wanted)?;
    }

    let model_ids: Vec<&str> = request.models.iter().map(ModelInput::model_id).collect();
    for model_ids in statements(&model_ids, 6) {
        let edges: Vec<_> = model_ids
            .iter()
            .map(|&model_id| Edge::new((RUN_INPUT, run_id), (MODEL_INPUT, model_id), 0))
            .collect();
        on_backend!(db, |connection| diesel::insert_into(inputs::table)
            .values(&edges)
            .on_conflict_do_nothing()
            .execute(connection))?;
    }
    Ok(())
}

/// Adds the edges that the run does not have yet, with their tags. The tags of an edge that exists
/// stay as they are.
fn log_datasets(
    db: &mut Db,
    run_id: &str,
    experiment_id: i32,
    wanted: &[(&Dataset, &[InputTag])],
) -> Result<()> {
    let datasets: Vec<&Dataset> = wanted.iter().map(|(dataset, _)| *dataset).collect();
    let dataset_ids = datasets::ensure(db, experiment_id, &datasets)?;
    let known: HashSet<String> = inputs::table
        .filter(inputs::source_type.eq(DATASET))
        .filter(inputs::source_id.eq_any(dataset_ids.values()))
        .filter(inputs::destination_type.eq(RUN))
        .filter(inputs::destination_id.eq(run_id))
        .select(inputs::source_id)
        .load(db)?
        .into_iter()
        .collect();

    let mut edges = Vec::new();
    let mut tags = Vec::new();
    for (dataset, input_tags) in wanted {
        let name = (dataset.name().to_owned(), dataset.digest().to_owned());
        let Some(dataset_id) = dataset_ids.get(&name).filter(|id| !known.contains(*id)) else {
            continue;
        };
        let edge = Edge::new((DATASET, dataset_id), (RUN, run_id), 0);
        tags.extend(input_tags.iter().map(|tag| {
            (
                input_tags::input_uuid.eq(edge.input_uuid.clone()),
                input_tags::name.eq(tag.key()),
                input_tags::value.eq(tag.value()),
            )
        }));
        edges.push(edge);
    }
    on_backend!(db, |connection| diesel::insert_into(inputs::table)
        .values(&edges)
        .execute(connection))?;
    for tags in statements(&tags, 3) {
        on_backend!(db, |connection| diesel::insert_into(input_tags::table)
            .values(tags)
            .execute(connection))?;
    }
    Ok(())
}

/// A model is the output of a run once.
pub fn log_outputs(db: &mut Db, request: &LogOutputs) -> Result<()> {
    let run_id = request.run_id();
    runs::lock_active(db, run_id)?;
    let mut seen = HashSet::new();
    for models in statements(&request.models, 6) {
        let model_ids: Vec<&str> = models.iter().map(ModelOutput::model_id).collect();
        let known: Option<String> = inputs::table
            .filter(inputs::source_type.eq(RUN_OUTPUT))
            .filter(inputs::source_id.eq(run_id))
            .filter(inputs::destination_type.eq(MODEL_OUTPUT))
            .filter(inputs::destination_id.eq_any(&model_ids))
            .select(inputs::destination_id)
            .first(db)
            .optional()?;
        let repeated = model_ids.iter().find(|model_id| !seen.insert(**model_id));
        if let Some(model_id) = known.as_deref().or(repeated.copied()) {
            return Err(Error::bad_request(format!(
                "The model '{model_id}' is an output of the run '{run_id}' already."
            )));
        }
        let edges: Vec<_> = models
            .iter()
            .map(|model| {
                Edge::new(
                    (RUN_OUTPUT, run_id),
                    (MODEL_OUTPUT, model.model_id()),
                    model.step(),
                )
            })
            .collect();
        on_backend!(db, |connection| diesel::insert_into(inputs::table)
            .values(&edges)
            .execute(connection))?;
    }
    Ok(())
}
