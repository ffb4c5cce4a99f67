//! The search for model versions.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::columns::{Column, integer, text};
use super::keyset::{Key, KeyColumn, behind, key_values};
use super::subquery::{Exists, Outer};
use super::token::{self, KeyValue, PageToken};
use super::wide::Wide;
use super::{asks_for_prompts, is_prompt_tag, positive};
use crate::error::Result;
use crate::search::{self, Condition as Asked, Entity, OrderBy, Subject, Test};
use crate::store::model_versions::{COLUMNS, DELETED, Row, assemble};
use crate::store::schema::{model_version_tags as tags, model_versions as versions};
use crate::store::{Backend, Condition, Db};
use crate::wire::{SearchModelVersions, search_model_versions};

type Table = versions::table;

/// Versions of prompts are hidden unless the filter asks for them.
pub fn search_model_versions(
    db: &mut Db,
    request: &SearchModelVersions,
) -> Result<search_model_versions::Response> {
    let limit = positive(request.max_results())?;
    let filter = search::parse_filter(request.filter(), Subject::ModelVersions)?;
    let order = search::parse_order_by_list(&request.order_by, Subject::ModelVersions)?;
    let keys = keys(&order);

    let mut query = versions::table
        .select(COLUMNS)
        .filter(versions::current_stage.ne(DELETED))
        .into_boxed();
    let prompts = asks_for_prompts(&filter);
    if !prompts {
        query = query.filter(not(any_version_is_prompt()));
    }
    for asked in filter.conditions {
        if prompts || !is_prompt_tag(&asked.field) {
            query = query.filter(condition(asked));
        }
    }
    if let Some(after) = PageToken::of(request.page_token.as_deref())? {
        query = query.filter(behind(&keys, &after).ok_or_else(token::of_other_search)?);
    }
    for key in &keys {
        query = query.then_order_by(key.order());
    }
    let mut rows: Vec<Row> = query.limit(limit + 1).load(db)?;

    let mut next_page_token = None;
    if super::cut(&mut rows, limit)
        && let Some(last) = rows.last()
    {
        let this = || {
            versions::name
                .eq(&last.name)
                .and(versions::version.eq(last.version))
        };
        let values = key_values!(db, versions::table, &keys, this());
        next_page_token = Some(PageToken::encode(values)?);
    }
    Ok(search_model_versions::Response {
        model_versions: assemble(db, rows)?,
        next_page_token,
    })
}

fn condition(asked: Asked) -> Condition<Table> {
    let Asked { field, test } = asked;
    if field.entity == Entity::Tag {
        return tag(field.key, test);
    }
    match field.key.as_str() {
        "version_number" => integer(version(), &test),
        "run_id" => text(Box::new(versions::run_id.assume_not_null()), test),
        "source_path" => text(Box::new(versions::source.assume_not_null()), test),
        _ => text(Box::new(versions::name), test),
    }
}

/// The version as a wide integer: filters may compare it with any.
fn version() -> Column<Table, BigInt> {
    Box::new(Wide(versions::version))
}

fn tag(key: String, test: Test) -> Condition<Table> {
    Box::new(Exists(
        tags::table
            .into_boxed::<Backend>()
            .filter(tags::workspace.eq(Outer(versions::workspace)))
            .filter(tags::name.eq(Outer(versions::name)))
            .filter(tags::version.eq(Outer(versions::version)))
            .filter(tags::key.eq(key))
            .filter(text(Box::new(tags::value.assume_not_null()), test)),
    ))
}

/// One version that is a prompt makes all of its name.
fn any_version_is_prompt() -> Condition<Table> {
    Box::new(Exists(
        tags::table
            .into_boxed::<Backend>()
            .filter(tags::workspace.eq(Outer(versions::workspace)))
            .filter(tags::name.eq(Outer(versions::name)))
            .filter(tags::key.eq(super::IS_PROMPT))
            .filter(tags::value.eq("true")),
    ))
}

fn keys(order: &[OrderBy]) -> Vec<Key<Table>> {
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
        .map(|(key, ascending)| Key {
            column: match key {
                "version_number" => KeyColumn::Integer(Box::new(version)),
                "creation_timestamp" => KeyColumn::Integer(Box::new(|| {
                    Box::new(versions::creation_time.assume_not_null())
                })),
                "last_updated_timestamp" => KeyColumn::Integer(Box::new(|| {
                    Box::new(versions::last_updated_time.assume_not_null())
                })),
                _ => KeyColumn::Text(Box::new(|| Box::new(versions::name))),
            },
            ascending,
        })
        .collect()
}
