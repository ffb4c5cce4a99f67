//! The search for logged models.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text};

use super::columns::{Column, any_of, float, integer, integer_of_text, text};
use super::integer_columns::AsBigInt;
use super::keyset::{Key, KeyColumn, behind, check_fits, key_values};
use super::logged_model_token;
use super::parsed::{ParsedSearch, Search};
use super::subquery::{Exists, Outer, Scalar};
use super::token::{self, KeyValue};
use super::visible::VisibleNames;
use super::{MOST_RESULTS, experiment_ids, positive};
use crate::error::{Error, Result};
use crate::search::{self, Condition as Asked, Entity, OrderBy, Relation, Subject, Test};
use crate::store::in_list::in_list;
use crate::store::logged_models::assemble;
use crate::store::schema::{
    logged_model_metrics as metrics, logged_model_params as params, logged_model_tags as tags,
    logged_models as models,
};
use crate::store::stand_ins::IsNan;
use crate::store::{Backend, Condition, Db};
use crate::wire::SearchLoggedModels;
use crate::wire::search_logged_models::{self, Dataset, OrderBy as OrderClause};

type Table = models::table;

/// The size of a page where the request says 0.
const DEFAULT_RESULTS: i64 = 100;

impl Search for SearchLoggedModels {
    fn parse(self) -> Result<ParsedSearch<Self>> {
        if self
            .datasets
            .iter()
            .any(|dataset| dataset.dataset_name().is_empty())
        {
            return Err(Error::invalid_parameter(
                "`dataset_name` in the `datasets` clause must be specified.",
            ));
        }
        let after = logged_model_token::of(&self)?;
        let limit = match i64::from(self.max_results()) {
            0 => DEFAULT_RESULTS,
            wanted => positive(wanted)?.min(MOST_RESULTS),
        };
        let filter = search::parse_filter(self.filter(), Subject::LoggedModels)?;
        let order = self
            .order_by
            .iter()
            .map(|clause| {
                search::parse_logged_model_order_by(clause.field_name(), clause.ascending())
            })
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(after) = &after {
            check_fits(after, &keys(&order, &self.order_by))?;
        }
        let experiment_ids = experiment_ids(&self.experiment_ids)?;
        Ok(ParsedSearch {
            request: self,
            limit,
            filter,
            order,
            after,
            experiment_ids,
        })
    }
}

/// Returns one page of the logged models that a search finds in the experiments that are seen.
pub fn search_logged_models(
    db: &mut Db,
    search: &ParsedSearch<SearchLoggedModels>,
    visible: &VisibleNames,
) -> Result<search_logged_models::Response> {
    let limit = search.limit;
    let datasets = &search.request.datasets;
    let keys = keys(&search.order, &search.request.order_by);

    let mut query = models::table.select(models::model_id).into_boxed();
    let asks_for_metrics = search
        .filter
        .conditions
        .iter()
        .any(|asked| asked.field.entity == Entity::Metric);
    if !datasets.is_empty() && !asks_for_metrics {
        query = query.filter(Exists(of_model().filter(on_datasets(datasets))));
    }
    for asked in &search.filter.conditions {
        query = query.filter(condition(asked.clone(), datasets));
    }
    if let Some(after) = &search.after {
        query = query.filter(behind(&keys, after).ok_or_else(token::of_other_search)?);
    }
    query = query
        .filter(models::lifecycle_stage.ne("deleted"))
        .filter(in_list(
            models::experiment_id,
            visible.experiments_among(&search.experiment_ids),
        ));
    for key in &keys {
        query = query.then_order_by(key.order());
    }
    let mut ids: Vec<String> = query.limit(limit + 1).load(db)?;

    let mut next_page_token = None;
    if super::cut(&mut ids, limit)
        && let Some(last) = ids.last()
    {
        let values = key_values!(db, models::table, &keys, models::model_id.eq(last));
        next_page_token = Some(logged_model_token::encode(&search.request, values)?);
    }
    Ok(search_logged_models::Response {
        models: assemble(db, &ids)?,
        next_page_token,
    })
}

fn condition(asked: Asked, datasets: &[Dataset]) -> Condition<Table> {
    let Asked { field, test } = asked;
    match field.entity {
        Entity::Metric => {
            let found = of_model()
                .filter(metrics::metric_name.eq(field.key))
                .filter(metric_value(&test));
            if datasets.is_empty() {
                Box::new(Exists(found))
            } else {
                Box::new(Exists(found.filter(on_datasets(datasets))))
            }
        }
        Entity::Param => Box::new(Exists(
            params::table
                .into_boxed::<Backend>()
                .filter(params::model_id.eq(Outer(models::model_id)))
                .filter(params::param_key.eq(field.key))
                .filter(text(Box::new(params::param_value), test)),
        )),
        Entity::Tag => Box::new(Exists(
            tags::table
                .into_boxed::<Backend>()
                .filter(tags::model_id.eq(Outer(models::model_id)))
                .filter(tags::tag_key.eq(field.key))
                .filter(text(Box::new(tags::tag_value), test)),
        )),
        _ => attribute(&field.key, test),
    }
}

/// A metric that is not a number is different from all numbers, whatever is stored in its place.
fn metric_value(test: &Test) -> Condition<metrics::table> {
    let value = float(Box::new(metrics::metric_value.assume_not_null()), test);
    if matches!(test, Test::Number(Relation::NotEqual, _)) {
        Box::new(value.or(IsNan))
    } else {
        Box::new(value.and(not(IsNan)))
    }
}

fn attribute(key: &str, test: Test) -> Condition<Table> {
    match key {
        "creation_timestamp_ms" => integer(created(), &test),
        "last_updated_timestamp_ms" => integer(updated(), &test),
        "status" => integer_of_text(status, test),
        "experiment_id" => integer_of_text(experiment, test),
        key => text(text_column(key), test),
    }
}

/// The metrics of a model.
fn of_model() -> metrics::BoxedQuery<'static, Backend> {
    metrics::table
        .into_boxed::<Backend>()
        .filter(metrics::model_id.eq(Outer(models::model_id)))
}

/// A metric that was measured on one of these. A dataset without a digest stands for the metrics that
/// were logged without one.
fn on_datasets(datasets: &[Dataset]) -> Condition<metrics::table> {
    let on_one = |dataset: &Dataset| -> Condition<metrics::table> {
        let name = metrics::dataset_name
            .assume_not_null()
            .eq(dataset.dataset_name().to_owned());
        match dataset.dataset_digest() {
            "" => Box::new(name.and(metrics::dataset_digest.is_null())),
            digest => Box::new(
                name.and(
                    metrics::dataset_digest
                        .assume_not_null()
                        .eq(digest.to_owned()),
                ),
            ),
        }
    };
    any_of(datasets.iter().map(on_one).collect())
}

/// Returns the keys of an order, and those that decide between models that are equal in them. `clauses` are what the
/// order was parsed from: a clause can name the dataset whose metrics count.
fn keys(order: &[OrderBy], clauses: &[OrderClause]) -> Vec<Key<Table>> {
    let mut keys = Vec::new();
    let mut ordered_by = Vec::new();
    for (OrderBy { field, ascending }, clause) in order.iter().zip(clauses) {
        let ascending = *ascending;
        let column = if field.entity == Entity::Metric {
            // Those that are not a number come behind the numbers, and before the missing.
            let (metric, dataset) = (field.key.clone(), clause.clone());
            keys.push(Key {
                column: KeyColumn::Boolean(Box::new(move || {
                    let latest = latest(metric.clone(), &dataset);
                    Box::new(Scalar::<_, Bool>::new(latest.select(IsNan)))
                })),
                ascending: true,
            });
            let (metric, dataset) = (field.key.clone(), clause.clone());
            KeyColumn::Float(Box::new(move || {
                let latest = latest(metric.clone(), &dataset);
                let value = latest.select(metrics::metric_value.assume_not_null());
                Box::new(Scalar::<_, Double>::new(value))
            }))
        } else {
            ordered_by.push(field.key.clone());
            attribute_key(field.key.clone())
        };
        keys.push(Key { column, ascending });
    }
    for (key, ascending) in [("creation_timestamp_ms", false), ("model_id", true)] {
        if !ordered_by.iter().any(|other| other == key) {
            keys.push(Key {
                column: attribute_key(key.to_owned()),
                ascending,
            });
        }
    }
    keys
}

/// The latest point of a metric, perhaps only of those that were measured on one dataset.
fn latest(metric: String, clause: &OrderClause) -> metrics::BoxedQuery<'static, Backend> {
    let mut query = of_model().filter(metrics::metric_name.eq(metric));
    if !clause.dataset_name().is_empty() {
        query = query.filter(metrics::dataset_name.eq(clause.dataset_name().to_owned()));
    }
    if !clause.dataset_digest().is_empty() {
        query = query.filter(metrics::dataset_digest.eq(clause.dataset_digest().to_owned()));
    }
    query
        .order((
            metrics::metric_timestamp_ms.desc(),
            metrics::metric_step.desc(),
            metrics::run_id.asc(),
        ))
        .limit(1)
}

fn attribute_key(key: String) -> KeyColumn<Table> {
    match key.as_str() {
        "creation_timestamp_ms" => KeyColumn::Integer(Box::new(created)),
        "last_updated_timestamp_ms" => KeyColumn::Integer(Box::new(updated)),
        "status" => KeyColumn::Integer(Box::new(status)),
        "experiment_id" => KeyColumn::Integer(Box::new(experiment)),
        _ => KeyColumn::Text(Box::new(move || text_column(&key))),
    }
}

fn created() -> Column<Table, BigInt> {
    Box::new(models::creation_timestamp_ms)
}

fn updated() -> Column<Table, BigInt> {
    Box::new(models::last_updated_timestamp_ms)
}

fn status() -> Column<Table, BigInt> {
    Box::new(AsBigInt(models::status))
}

fn experiment() -> Column<Table, BigInt> {
    Box::new(AsBigInt(models::experiment_id))
}

fn text_column(key: &str) -> Column<Table, Text> {
    match key {
        "model_id" => Box::new(models::model_id),
        "model_type" => Box::new(models::model_type.assume_not_null()),
        "source_run_id" => Box::new(models::source_run_id.assume_not_null()),
        "artifact_location" => Box::new(models::artifact_location),
        "lifecycle_stage" => Box::new(models::lifecycle_stage.assume_not_null()),
        "status_message" => Box::new(models::status_message.assume_not_null()),
        _ => Box::new(models::name),
    }
}
