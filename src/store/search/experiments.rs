//! The search for experiments.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::columns::{Column, integer, integer_of_text, text};
use super::integer_columns::AsBigInt;
use super::keyset::{Key, KeyColumn, behind, key_values, read_token};
use super::parsed::{ParsedSearch, Search};
use super::subquery::{Exists, Outer};
use super::token::{self, KeyValue, PageToken};
use super::visible::{self, VisibleNames};
use super::{max_results, stages};
use crate::error::Result;
use crate::search::{self, Condition as Asked, Entity, OrderBy, Subject, Test};
use crate::store::experiments::{ExperimentRow, assemble};
use crate::store::schema::{experiment_tags as tags, experiments};
use crate::store::{Backend, Condition, Db};
use crate::wire::{SearchExperiments, search_experiments};

type Table = experiments::table;

impl Search for SearchExperiments {
    fn parse(self) -> Result<ParsedSearch<Self>> {
        let limit = max_results(self.max_results())?;
        let filter = search::parse_filter(self.filter(), Subject::Experiments)?;
        let order = search::parse_order_by_list(&self.order_by, Subject::Experiments)?;
        let after = read_token(self.page_token.as_deref(), &keys(&order))?;
        Ok(ParsedSearch {
            request: self,
            limit,
            filter,
            order,
            after,
            experiment_ids: Vec::new(),
        })
    }
}

/// Returns one page of the experiments that a search finds and that are seen.
pub fn search_experiments(
    db: &mut Db,
    search: &ParsedSearch<SearchExperiments>,
    visible: &VisibleNames,
) -> Result<search_experiments::Response> {
    let limit = search.limit;
    let keys = keys(&search.order);

    let mut query = experiments::table
        .select(ExperimentRow::as_select())
        .into_boxed();
    for asked in &search.filter.conditions {
        query = query.filter(condition(asked.clone()));
    }
    if let Some(is_visible) = visible::experiments(visible) {
        query = query.filter(is_visible);
    }
    if let Some(after) = &search.after {
        query = query.filter(behind(&keys, after).ok_or_else(token::of_other_search)?);
    }
    query = query.filter(experiments::lifecycle_stage.eq_any(stages(search.request.view_type())));
    for key in &keys {
        query = query.then_order_by(key.order());
    }
    let mut rows: Vec<ExperimentRow> = query.limit(limit + 1).load(db)?;

    let mut next_page_token = None;
    if super::cut(&mut rows, limit)
        && let Some(last) = rows.last()
    {
        let this = || experiments::experiment_id.eq(last.experiment_id);
        let values = key_values!(db, experiments::table, &keys, this());
        next_page_token = Some(PageToken::encode(values)?);
    }
    Ok(search_experiments::Response {
        experiments: assemble(db, rows)?,
        next_page_token,
    })
}

fn condition(asked: Asked) -> Condition<Table> {
    let Asked { field, test } = asked;
    if field.entity == Entity::Tag {
        return tag(field.key, test);
    }
    match field.key.as_str() {
        "experiment_id" => integer_of_text(id, test),
        "creation_time" => integer(creation_time(), &test),
        "last_update_time" => integer(last_update_time(), &test),
        _ => text(Box::new(experiments::name), test),
    }
}

fn id() -> Column<Table, BigInt> {
    Box::new(AsBigInt(experiments::experiment_id))
}

fn creation_time() -> Column<Table, BigInt> {
    Box::new(experiments::creation_time.assume_not_null())
}

fn last_update_time() -> Column<Table, BigInt> {
    Box::new(experiments::last_update_time.assume_not_null())
}

fn tag(key: String, test: Test) -> Condition<Table> {
    let of_experiment = tags::table
        .into_boxed::<Backend>()
        .filter(tags::experiment_id.eq(Outer(experiments::experiment_id)))
        .filter(tags::key.eq(key));
    match test {
        Test::Null { negated: false } => Box::new(not(Exists(of_experiment))),
        Test::Null { negated: true } => Box::new(Exists(of_experiment)),
        test => Box::new(Exists(
            of_experiment.filter(text(Box::new(tags::value.assume_not_null()), test)),
        )),
    }
}

fn keys(order: &[OrderBy]) -> Vec<Key<Table>> {
    let mut wanted: Vec<(&str, bool)> = order
        .iter()
        .map(|clause| (clause.field.key.as_str(), clause.ascending))
        .collect();
    if wanted.is_empty() {
        wanted = vec![("creation_time", false), ("experiment_id", true)];
    }
    if !wanted.iter().any(|(key, _)| *key == "experiment_id") {
        wanted.push(("experiment_id", false));
    }
    wanted
        .into_iter()
        .map(|(key, ascending)| Key {
            column: match key {
                "experiment_id" => KeyColumn::Integer(Box::new(id)),
                "creation_time" => KeyColumn::Integer(Box::new(creation_time)),
                "last_update_time" => KeyColumn::Integer(Box::new(last_update_time)),
                _ => KeyColumn::Text(Box::new(|| Box::new(experiments::name))),
            },
            ascending,
        })
        .collect()
}
