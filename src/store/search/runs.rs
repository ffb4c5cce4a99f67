//! The search for runs.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::{Double, Text};

use super::columns::{Column, float, integer, text};
use super::keyset::{Key, KeyColumn, behind, key_values, read_token};
use super::lookup::{self, Lookup, Ways};
use super::parsed::{ParsedSearch, Search};
use super::short_text::IsShortText;
use super::subquery::{Exists, Outer};
use super::token::{self, KeyValue, PageToken};
use super::visible::VisibleNames;
use super::{experiment_ids, max_results, stages};
use crate::error::{Error, Result};
use crate::search::{self, Condition as Asked, Entity, Match, OrderBy, Relation, Subject, Test};
use crate::store::in_list::in_list;
use crate::store::runs::{NAME_TAG, RunRow, assemble};
use crate::store::schema::{datasets, input_tags, inputs, latest_metrics, params, runs, tags};
use crate::store::{Backend, Condition, Db};
use crate::wire::{SearchRuns, search_runs};

type Table = runs::table;

impl Search for SearchRuns {
    fn parse(self) -> Result<ParsedSearch<Self>> {
        let limit = max_results(i64::from(self.max_results()))?;
        let filter = search::parse_filter(self.filter(), Subject::Runs)?;
        let order = search::parse_order_by_list(&self.order_by, Subject::Runs)?;
        let after = read_token(self.page_token.as_deref(), &keys(&order)?)?;
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

/// Returns one page of the runs that a search finds in the experiments that are seen.
pub fn search_runs(
    db: &mut Db,
    search: &ParsedSearch<SearchRuns>,
    visible: &VisibleNames,
) -> Result<search_runs::Response> {
    let limit = search.limit;
    let keys = keys(&search.order)?;

    let mut query = runs::table.select(RunRow::as_select()).into_boxed();
    let ways = Ways::of(db, &search.filter.conditions, limit, Lookup::of_runs)?;
    for (place, asked) in search.filter.conditions.iter().enumerate() {
        query = match ways.at(place) {
            Some(lookup) => query.filter(lookup),
            None => query.filter(condition(asked.clone())?),
        };
    }
    if let Some(after) = &search.after {
        query = query.filter(behind(&keys, after).ok_or_else(token::of_other_search)?);
    }
    let experiments = visible.experiments_among(&search.experiment_ids);
    query = match experiments.as_slice() {
        // An equality, so that an index can give the runs in their order.
        [id] => query.filter(runs::experiment_id.eq(*id)),
        ids => query.filter(in_list(runs::experiment_id, ids.to_vec())),
    };
    query = match stages(search.request.run_view_type()) {
        [stage] => query.filter(runs::lifecycle_stage.eq(*stage)),
        both => query.filter(runs::lifecycle_stage.eq_any(both)),
    };
    for key in &keys {
        query = query.then_order_by(key.order());
    }
    let mut rows: Vec<RunRow> = query.limit(limit + 1).load(db)?;

    let mut next_page_token = None;
    if super::cut(&mut rows, limit)
        && let Some(last) = rows.last()
    {
        let values = key_values!(db, runs::table, &keys, runs::run_uuid.eq(&last.run_id));
        next_page_token = Some(PageToken::encode(values)?);
    }
    let mut runs = assemble(db, rows)?;
    // Only a single run tells which models went into it.
    for inputs in runs.iter_mut().filter_map(|run| run.inputs.as_mut()) {
        inputs.model_inputs.clear();
    }
    Ok(search_runs::Response {
        runs,
        next_page_token,
    })
}

fn condition(asked: Asked) -> Result<Condition<Table>> {
    let Asked { field, test } = asked;
    Ok(match field.entity {
        Entity::Attribute => attribute(&field.key, test)?,
        Entity::Metric => metric(field.key, &test),
        Entity::Param => param(field.key, test),
        Entity::Tag => tag(field.key, test),
        Entity::Dataset => dataset(&field.key, test),
    })
}

fn attribute(key: &str, test: Test) -> Result<Condition<Table>> {
    Ok(match key {
        // Old runs have their name in a tag only.
        "run_name" => tag(NAME_TAG.to_owned(), test),
        "run_id" => text(Box::new(runs::run_uuid), test),
        "user_id" => text(Box::new(runs::user_id.assume_not_null()), test),
        "status" => text(Box::new(runs::status.assume_not_null()), test),
        "artifact_uri" => text(Box::new(runs::artifact_uri.assume_not_null()), test),
        "start_time" => integer(Box::new(runs::start_time.assume_not_null()), &test),
        "end_time" => integer(Box::new(runs::end_time.assume_not_null()), &test),
        key => return Err(no_attribute(key)),
    })
}

fn no_attribute(key: &str) -> Error {
    Error::invalid_parameter(format!("Invalid attribute key '{key}' specified."))
}

/// A metric that is not a number is different from all numbers, whatever is stored in its place.
fn metric(key: String, test: &Test) -> Condition<Table> {
    let value = float(Box::new(latest_metrics::value), test);
    let of_run = latest_metrics::table
        .into_boxed::<Backend>()
        .filter(latest_metrics::run_uuid.eq(Outer(runs::run_uuid)))
        .filter(latest_metrics::key.eq(key));
    if matches!(test, Test::Number(Relation::NotEqual, _)) {
        Box::new(Exists(of_run.filter(value.or(latest_metrics::is_nan))))
    } else {
        Box::new(Exists(
            of_run.filter(value).filter(not(latest_metrics::is_nan)),
        ))
    }
}

fn param(key: String, test: Test) -> Condition<Table> {
    let of_run = params::table
        .into_boxed::<Backend>()
        .filter(params::run_uuid.eq(Outer(runs::run_uuid)))
        .filter(params::key.eq(key));
    match test {
        Test::Null { negated: false } => Box::new(not(Exists(of_run))),
        Test::Null { negated: true } => Box::new(Exists(of_run)),
        test => Box::new(Exists(of_run.filter(text(Box::new(params::value), test)))),
    }
}

fn tag(key: String, test: Test) -> Condition<Table> {
    let mut of_run = tags::table
        .into_boxed::<Backend>()
        .filter(tags::run_uuid.eq(Outer(runs::run_uuid)))
        .filter(tags::key.eq(key));
    if let Test::Text(Match::Equal, value) = &test
        && lookup::is_short(value)
    {
        of_run = of_run.filter(IsShortText(tags::value));
    }
    match test {
        Test::Null { negated: false } => Box::new(not(Exists(of_run))),
        Test::Null { negated: true } => Box::new(Exists(of_run)),
        test => Box::new(Exists(
            of_run.filter(text(Box::new(tags::value.assume_not_null()), test)),
        )),
    }
}

fn dataset(key: &str, test: Test) -> Condition<Table> {
    let of_run = inputs::table
        .into_boxed::<Backend>()
        .filter(inputs::destination_id.eq(Outer(runs::run_uuid)));
    let source = datasets::table
        .into_boxed::<Backend>()
        .filter(datasets::dataset_uuid.eq(Outer(inputs::source_id)));
    let name_or_digest: Column<datasets::table, Text> = match key {
        "context" => {
            let context = input_tags::table
                .into_boxed::<Backend>()
                .filter(input_tags::input_uuid.eq(Outer(inputs::input_uuid)))
                .filter(input_tags::name.eq("mlflow.data.context"))
                .filter(text(Box::new(input_tags::value), test));
            return Box::new(Exists(
                of_run.filter(Exists(source)).filter(Exists(context)),
            ));
        }
        "digest" => Box::new(datasets::digest),
        _ => Box::new(datasets::name),
    };
    let source = source.filter(text(name_or_digest, test));
    Box::new(Exists(of_run.filter(Exists(source))))
}

/// The keys of an order, and those that decide between runs that are equal in them.
fn keys(order: &[OrderBy]) -> Result<Vec<Key<Table>>> {
    let mut keys = Vec::new();
    for OrderBy { field, ascending } in order {
        let (name, ascending) = (field.key.clone(), *ascending);
        let column = match field.entity {
            Entity::Attribute => attribute_key(&name)?,
            Entity::Metric => {
                // Those that are not a number come behind the numbers, and before the missing.
                let is_nan = name.clone();
                keys.push(Key {
                    column: KeyColumn::Boolean(Box::new(move || {
                        Box::new(
                            latest_metrics::table
                                .filter(latest_metrics::run_uuid.eq(runs::run_uuid))
                                .filter(latest_metrics::key.eq(is_nan.clone()))
                                .select(latest_metrics::is_nan)
                                .single_value()
                                .assume_not_null(),
                        )
                    })),
                    ascending: true,
                });
                KeyColumn::Float(Box::new(move || metric_value(name.clone())))
            }
            Entity::Param => KeyColumn::Text(Box::new(move || param_value(name.clone()))),
            _ => KeyColumn::Text(Box::new(move || tag_value(name.clone()))),
        };
        keys.push(Key { column, ascending });
    }
    let by_start_time = order
        .iter()
        .any(|clause| clause.field.entity == Entity::Attribute && clause.field.key == "start_time");
    if !by_start_time {
        keys.push(Key {
            column: attribute_key("start_time")?,
            ascending: false,
        });
    }
    keys.push(Key {
        column: attribute_key("run_id")?,
        ascending: true,
    });
    Ok(keys)
}

fn attribute_key(key: &str) -> Result<KeyColumn<Table>> {
    Ok(match key {
        "run_id" => KeyColumn::Text(Box::new(|| Box::new(runs::run_uuid))),
        "run_name" => KeyColumn::Text(Box::new(|| Box::new(runs::name.assume_not_null()))),
        "user_id" => KeyColumn::Text(Box::new(|| Box::new(runs::user_id.assume_not_null()))),
        "status" => KeyColumn::Text(Box::new(|| Box::new(runs::status.assume_not_null()))),
        "artifact_uri" => {
            KeyColumn::Text(Box::new(|| Box::new(runs::artifact_uri.assume_not_null())))
        }
        "start_time" => {
            KeyColumn::Integer(Box::new(|| Box::new(runs::start_time.assume_not_null())))
        }
        "end_time" => KeyColumn::Integer(Box::new(|| Box::new(runs::end_time.assume_not_null()))),
        key => return Err(no_attribute(key)),
    })
}

fn metric_value(key: String) -> Column<Table, Double> {
    Box::new(
        latest_metrics::table
            .filter(latest_metrics::run_uuid.eq(runs::run_uuid))
            .filter(latest_metrics::key.eq(key))
            .select(latest_metrics::value)
            .single_value()
            .assume_not_null(),
    )
}

fn param_value(key: String) -> Column<Table, Text> {
    Box::new(
        params::table
            .filter(params::run_uuid.eq(runs::run_uuid))
            .filter(params::key.eq(key))
            .select(params::value)
            .single_value()
            .assume_not_null(),
    )
}

fn tag_value(key: String) -> Column<Table, Text> {
    Box::new(
        tags::table
            .filter(tags::run_uuid.eq(runs::run_uuid))
            .filter(tags::key.eq(key))
            .select(tags::value)
            .single_value()
            .assume_not_null(),
    )
}
