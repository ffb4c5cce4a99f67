//! A metric's points thinned out evenly, for charts.

use std::collections::HashMap;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Text};

use crate::error::Result;
use crate::store::{Backend, Db};
use crate::wire::MetricWithRunId;
use crate::wire::list_writer::{JsonChunks, ListWriter};

#[derive(Debug, PartialEq, Eq)]
pub struct Sampling {
    pub run_ids: Vec<String>,
    pub metric_key: String,
    /// The most points of each run.
    pub points: i32,
    /// The first and the last step.
    pub steps: Option<(i64, i64)>,
}

#[derive(QueryableByName)]
struct SampledPointRow {
    #[diesel(sql_type = Text)]
    run_uuid: String,
    #[diesel(embed)]
    point: Point,
}

#[derive(QueryableByName)]
struct Point {
    #[diesel(sql_type = BigInt)]
    step: i64,
    #[diesel(sql_type = BigInt)]
    timestamp: i64,
    #[diesel(sql_type = Double)]
    value: f64,
    #[diesel(sql_type = Bool)]
    is_nan: bool,
}

/// The points of each run, in the order of their steps: the first of each of as many groups of equal
/// size as there may be points, and always the last point. JSON of
/// `get_metric_history_bulk_interval::Response`.
pub fn samples_of_runs(db: &mut Db, sampling: &Sampling) -> Result<JsonChunks> {
    let Sampling {
        run_ids,
        metric_key,
        points,
        steps,
    } = sampling;
    let mut query = diesel::sql_query(statement(run_ids.len(), steps.is_some()))
        .into_boxed::<Backend>()
        .bind::<Integer, _>(*points)
        .bind::<Text, _>(metric_key.clone());
    for run_id in run_ids {
        query = query.bind::<Text, _>(run_id.clone());
    }
    if let Some((first, last)) = *steps {
        query = query.bind::<BigInt, _>(first).bind::<BigInt, _>(last);
    }
    let mut by_run: HashMap<String, Vec<Point>> = HashMap::new();
    for row in query.load_iter::<SampledPointRow, DefaultLoadingMode>(db)? {
        let SampledPointRow { run_uuid, point } = row?;
        match by_run.get_mut(&run_uuid) {
            Some(points) => points.push(point),
            None => {
                by_run.insert(run_uuid, vec![point]);
            }
        }
    }
    let most = usize::try_from(*points).unwrap_or_default();
    for found in by_run.values_mut() {
        // The last point comes on top of a full sample: then it takes the place before it.
        if found.len() > most {
            found.remove(found.len() - 2);
        }
    }
    let mut list = ListWriter::new("metrics");
    let mut message = MetricWithRunId {
        key: Some(metric_key.clone()),
        ..MetricWithRunId::default()
    };
    for run_id in run_ids {
        message.run_id = Some(run_id.clone());
        for point in by_run.get(run_id).into_iter().flatten() {
            message.value = Some(if point.is_nan { f64::NAN } else { point.value });
            message.timestamp = Some(point.timestamp);
            message.step = Some(point.step);
            list.push(&message)?;
        }
    }
    list.into_message(None)
}

fn statement(runs: usize, with_steps: bool) -> String {
    let runs_at = 3;
    let steps_at = runs_at + runs;
    let places: Vec<String> = (runs_at..steps_at).map(|n| format!("${n}")).collect();
    let steps = if with_steps {
        format!("AND step >= ${steps_at} AND step <= ${}", steps_at + 1)
    } else {
        String::new()
    };
    format!(
        "SELECT run_uuid, step, timestamp, value, is_nan FROM (
            SELECT run_uuid, step, timestamp, value, is_nan, from_end, row_number() OVER (
                PARTITION BY run_uuid, part ORDER BY step, timestamp, value, is_nan
            ) AS place
            FROM (
                SELECT run_uuid, step, timestamp, value, is_nan, ntile($1) OVER (
                    PARTITION BY run_uuid ORDER BY step, timestamp, value, is_nan
                ) AS part, row_number() OVER (
                    PARTITION BY run_uuid ORDER BY step DESC, timestamp DESC, value DESC, is_nan DESC
                ) AS from_end
                FROM metrics WHERE key = $2 AND run_uuid IN ({places}) {steps}
            ) AS parts
        ) AS places
        WHERE place = 1 OR from_end = 1
        ORDER BY run_uuid, step, timestamp, value, is_nan",
        places = places.join(", ")
    )
}
