//! The search for model versions.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::columns::{Column, integer, text};
use super::integer_columns::ComparedAsBigInt;
use super::keyset::{self, Key, KeyColumn};
use super::lookup::{self, ByRow, Lookup, Ways};
use super::parsed::{ParsedSearch, Search};
use super::short_text::IsShortText;
use super::subquery::{Exists, Outer};
use super::token::KeyValue;
use super::visible::{self, VisibleModels};
use super::{asks_for_prompts, is_prompt_tag, positive};
use crate::error::Result;
use crate::search::{self, Condition as Asked, Entity, Match, OrderBy, Subject, Test};
use crate::store::WORKSPACE;
use crate::store::model_versions::{DELETED, ModelVersionRow, assemble};
use crate::store::schema::{model_version_tags as tags, model_versions as versions};
use crate::store::{Backend, Condition, Db};
use crate::validation::prompts::IS_PROMPT_TAG;
use crate::wire::{ModelVersion, SearchModelVersions, search_model_versions};

type Table = versions::table;

impl Search for SearchModelVersions {
    fn parse(self) -> Result<ParsedSearch<Self>> {
        let limit = positive(self.max_results())?;
        let filter = search::parse_filter(self.filter(), Subject::ModelVersions)?;
        let order = search::parse_order_by_list(&self.order_by, Subject::ModelVersions)?;
        let keys: Vec<_> = keys(&order).into_iter().map(|(key, _)| key).collect();
        let after = keyset::read_token(self.page_token.as_deref(), &keys)?;
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

/// Returns one page of the versions that a search finds. Versions of prompts are hidden unless the filter asks for
/// them.
pub fn search_model_versions(
    db: &mut Db,
    search: &ParsedSearch<SearchModelVersions>,
    visible: &VisibleModels,
) -> Result<search_model_versions::Response> {
    let limit = search.limit;
    let (keys, values): (Vec<_>, Vec<_>) = keys(&search.order).into_iter().unzip();

    let prompts = asks_for_prompts(&search.filter);
    let mut conditions = search.filter.conditions.clone();
    conditions.retain(|asked| prompts || !is_prompt_tag(&asked.field));
    let ways = Ways::of(db, &conditions, limit, Lookup::of_versions)?;
    let mut rows = keyset::read_page(&keys, search.after.as_deref(), limit, |part, most| {
        let mut query = versions::table
            .select(ModelVersionRow::as_select())
            .filter(versions::current_stage.ne(DELETED))
            .into_boxed();
        if !prompts {
            query = query.filter(not(any_version_is_prompt()));
        }
        if let Some(is_visible) = visible::versions(visible) {
            query = query.filter(is_visible);
        }
        if conditions.iter().any(lookup::gives_names) {
            // The tables' own keys, which have the names, begin with it.
            query = query.filter(versions::workspace.eq(WORKSPACE));
        }
        for (place, asked) in conditions.iter().enumerate() {
            query = match ways.at(place) {
                Some(lookup) => query.filter(lookup),
                None => query.filter(condition(asked.clone(), ways.others_by_row)),
            };
        }
        if let Some(part) = part {
            query = query.filter(part);
        }
        for key in &keys {
            query = query.then_order_by(key.order());
        }
        Ok(query.limit(most).load::<ModelVersionRow>(db)?)
    })?;
    let next_page_token = keyset::next_page_token(&mut rows, limit, &values)?;
    Ok(search_model_versions::Response {
        model_versions: assemble(db, rows)?,
        next_page_token,
    })
}

/// How many runs are named in one statement.
const RUNS_PER_STATEMENT: usize = 500;

/// Returns all versions that are seen and come from runs, in the order of a search without one of its own. Versions of
/// prompts are not among them.
pub fn model_versions_of_runs(
    db: &mut Db,
    run_ids: &[String],
    visible: &VisibleModels,
) -> Result<Vec<ModelVersion>> {
    let mut rows: Vec<ModelVersionRow> = Vec::new();
    for run_ids in run_ids.chunks(RUNS_PER_STATEMENT) {
        let mut query = versions::table
            .select(ModelVersionRow::as_select())
            .filter(versions::current_stage.ne(DELETED))
            .filter(versions::run_id.eq_any(run_ids))
            .filter(not(any_version_is_prompt()))
            .into_boxed();
        if let Some(is_visible) = visible::versions(visible) {
            query = query.filter(is_visible);
        }
        for (key, _) in keys(&[]) {
            query = query.then_order_by(key.order());
        }
        rows.extend(query.load::<ModelVersionRow>(db)?);
    }
    assemble(db, rows)
}

fn condition(asked: Asked, by_row: bool) -> Condition<Table> {
    let Asked { field, test } = asked;
    if field.entity == Entity::Tag {
        return tag(field.key, test);
    }
    match field.key.as_str() {
        "version_number" => integer(version(), &test),
        "run_id" if by_row => text(Box::new(ByRow(versions::run_id.assume_not_null())), test),
        "run_id" => text(Box::new(versions::run_id.assume_not_null()), test),
        "source_path" if by_row => text(Box::new(ByRow(versions::source.assume_not_null())), test),
        "source_path" => text(Box::new(versions::source.assume_not_null()), test),
        _ => text(Box::new(versions::name), test),
    }
}

/// The version, which filters may compare with any integer.
fn version() -> Column<Table, BigInt> {
    Box::new(ComparedAsBigInt(versions::version))
}

fn tag(key: String, test: Test) -> Condition<Table> {
    let mut of_version = tags::table
        .into_boxed::<Backend>()
        .filter(tags::workspace.eq(Outer(versions::workspace)))
        .filter(tags::name.eq(Outer(versions::name)))
        .filter(tags::version.eq(Outer(versions::version)))
        .filter(tags::key.eq(key));
    if let Test::Text(Match::Equal, value) = &test
        && lookup::is_short(value)
    {
        of_version = of_version.filter(IsShortText(tags::value));
    }
    Box::new(Exists(
        of_version.filter(text(Box::new(tags::value.assume_not_null()), test)),
    ))
}

/// One version that is a prompt makes all of its name.
fn any_version_is_prompt() -> Condition<Table> {
    Box::new(Exists(
        tags::table
            .into_boxed::<Backend>()
            .filter(tags::workspace.eq(Outer(versions::workspace)))
            .filter(tags::name.eq(Outer(versions::name)))
            .filter(tags::key.eq(IS_PROMPT_TAG))
            .filter(tags::value.eq("true"))
            .filter(IsShortText(tags::value)),
    ))
}

type ValueOf = fn(&ModelVersionRow) -> KeyValue;

/// The keys of an order, each with its value in a row.
fn keys(order: &[OrderBy]) -> Vec<(Key<Table>, ValueOf)> {
    let mut wanted: Vec<(&str, bool)> = order
        .iter()
        .map(|clause| (clause.field.key.as_str(), clause.ascending))
        .collect();
    if wanted.is_empty() {
        wanted.push(("last_updated_timestamp", false));
    }
    for (key, ascending) in [("name", true), ("version_number", false)] {
        if !wanted.iter().any(|(other, _)| *other == key) {
            wanted.push((key, ascending));
        }
    }
    wanted
        .into_iter()
        .map(|(key, ascending)| {
            let (column, value): (KeyColumn<Table>, ValueOf) = match key {
                "version_number" => (KeyColumn::GivenInteger(Box::new(version)), |row| {
                    KeyValue::Integer(row.version.into())
                }),
                "creation_timestamp" => (
                    KeyColumn::Integer(Box::new(|| {
                        Box::new(versions::creation_time.assume_not_null())
                    })),
                    |row| KeyValue::of_integer(row.creation_time),
                ),
                "last_updated_timestamp" => (
                    KeyColumn::Integer(Box::new(|| {
                        Box::new(versions::last_updated_time.assume_not_null())
                    })),
                    |row| KeyValue::of_integer(row.last_updated_time),
                ),
                _ => (
                    KeyColumn::GivenText(Box::new(|| Box::new(versions::name))),
                    |row| KeyValue::Text(row.name.clone()),
                ),
            };
            (Key { column, ascending }, value)
        })
        .collect()
}
