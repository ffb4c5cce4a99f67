//! Metrics: log a point, read what was logged.

use actix_web::HttpRequest;

use crate::api::Permit;
use crate::error::{Error, Result};
use crate::store::metrics::{self, HistoryPage, Sampling};
use crate::store::runs;
use crate::wire::list_writer::JsonChunks;
use crate::wire::{GetMetricHistory, GetMetricHistoryBulkInterval, LogMetric, log_metric, python};

/// Logs one point of a metric.
pub async fn log(permit: Permit, request: LogMetric) -> Result<log_metric::Response> {
    let request = permit.checked(request)?;
    let run_id = runs::id(request.run_id(), request.run_uuid()).to_owned();
    if request.model_id().is_empty() {
        permit.write_merged(&run_id, request).await?;
    } else {
        let log = move |db: &mut _| metrics::log_metric_of_model(db, &request);
        permit.write_briefly(&run_id, log).await?;
    }
    Ok(log_metric::Response {})
}

/// Lists all points of one metric of a run.
pub async fn history(permit: Permit, request: GetMetricHistory) -> Result<JsonChunks> {
    let page = HistoryPage::read(&request)?;
    permit.read(move |db| metrics::get_history(db, &page)).await
}

/// A sample of the points of several runs, for the charts of the stock UI.
pub async fn sampled_history(
    permit: Permit,
    request: GetMetricHistoryBulkInterval,
) -> Result<JsonChunks> {
    let sampling = sampling(request)?;
    permit
        .read(move |db| metrics::samples_of_runs(db, &sampling))
        .await
}

fn sampling(request: GetMetricHistoryBulkInterval) -> Result<Sampling> {
    const MOST_RUNS: usize = 100;
    const MOST_POINTS: i32 = 2_500;
    const SEE_DOCS: &str = "See the API docs for more information about request parameters.";

    let runs = request.run_ids.len();
    if runs > MOST_RUNS {
        return Err(Error::invalid_parameter(format!(
            "GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids. \
             Received {runs} run_ids. {SEE_DOCS}"
        )));
    }
    let points = request.max_results.unwrap_or(MOST_POINTS);
    if !(1..=MOST_POINTS).contains(&points) {
        return Err(Error::invalid_parameter(format!(
            "max_results must be between 1 and {MOST_POINTS}. {SEE_DOCS}"
        )));
    }
    let steps = match (request.start_step, request.end_step) {
        (Some(first), Some(last)) if first > last => {
            return Err(Error::invalid_parameter(format!(
                "end_step must be greater than start_step. Found start_step={first} and end_step={last}."
            )));
        }
        (Some(first), Some(last)) => Some((i64::from(first), i64::from(last))),
        (None, None) => None,
        _ => {
            return Err(Error::invalid_parameter(
                "If either start step or end step are specified, both must be specified.",
            ));
        }
    };
    Ok(Sampling {
        metric_key: request.metric_key().to_owned(),
        run_ids: request.run_ids,
        points,
        steps,
    })
}

/// The points of several runs. The stock UI asks for them; MLflow has no message for the request. Unlike a
/// message, the reply has its list also when that is empty.
pub async fn history_of_runs(permit: Permit, http: HttpRequest) -> Result<JsonChunks> {
    let query = HistoryQuery::parse(http.query_string())?;
    permit
        .read(move |db| metrics::of_runs(db, &query.run_ids, &query.metric_key, query.limit))
        .await
}

/// Which points of which runs are asked for.
struct HistoryQuery {
    run_ids: Vec<String>,
    metric_key: String,
    limit: i64,
}

impl HistoryQuery {
    fn parse(query: &str) -> Result<Self> {
        const MOST_RUNS: usize = 100;
        const MOST_POINTS: i64 = 25_000;

        let parameters = |of: &'static str| {
            url::form_urlencoded::parse(query.as_bytes())
                .filter(move |(name, _)| name == of)
                .map(|(_, value)| value.into_owned())
        };
        let run_ids: Vec<String> = parameters("run_id").collect();
        if run_ids.is_empty() {
            return Err(Error::invalid_parameter(
                "GetMetricHistoryBulk request must specify at least one run_id.",
            ));
        }
        if run_ids.len() > MOST_RUNS {
            return Err(Error::invalid_parameter(format!(
                "GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. \
                 Received {} run_ids.",
                run_ids.len()
            )));
        }
        let metric_key = parameters("metric_key").next().ok_or_else(|| {
            Error::invalid_parameter("GetMetricHistoryBulk request must specify a metric_key.")
        })?;
        let limit = match parameters("max_results").next() {
            None => MOST_POINTS,
            Some(text) => python::int(&text)
                .filter(|limit| *limit >= 0)
                .ok_or_else(|| {
                    Error::invalid_parameter(format!(
                        "Invalid value {text} for parameter 'max_results' supplied. \
                         It must be a positive integer."
                    ))
                })?,
        };
        Ok(Self {
            run_ids,
            metric_key,
            limit: limit.min(MOST_POINTS),
        })
    }
}
