//! The search for registered models.

use diesel::dsl::not;
use diesel::prelude::*;

use super::columns::text;
use super::keyset::{self, Key, KeyColumn};
use super::lookup::{self, Lookup, Ways};
use super::parsed::{ParsedSearch, Search};
use super::short_text::IsShortText;
use super::subquery::{Exists, Outer};
use super::token::KeyValue;
use super::visible::{self, VisibleModels};
use super::{asks_for_prompts, is_prompt_tag, positive};
use crate::error::Result;
use crate::search::{self, Condition as Asked, Entity, Match, OrderBy, Subject, Test};
use crate::store::registered_models::{RegisteredModelRow, assemble};
use crate::store::schema::{registered_model_tags as tags, registered_models as models};
use crate::store::{Backend, Condition, Db};
use crate::validation::prompts::IS_PROMPT_TAG;
use crate::wire::{SearchRegisteredModels, search_registered_models};

type Table = models::table;

impl Search for SearchRegisteredModels {
    fn parse(self) -> Result<ParsedSearch<Self>> {
        let limit = positive(self.max_results())?;
        let filter = search::parse_filter(self.filter(), Subject::RegisteredModels)?;
        let order = search::parse_order_by_list(&self.order_by, Subject::RegisteredModels)?;
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

/// Returns one page of the registered models that a search finds. Prompts are registered models too, and hidden
/// unless the filter asks for them.
pub fn search_registered_models(
    db: &mut Db,
    search: &ParsedSearch<SearchRegisteredModels>,
    visible: &VisibleModels,
) -> Result<search_registered_models::Response> {
    let limit = search.limit;
    let (keys, values): (Vec<_>, Vec<_>) = keys(&search.order).into_iter().unzip();

    let prompts = asks_for_prompts(&search.filter);
    let mut conditions = search.filter.conditions.clone();
    conditions.retain(|asked| prompts || !is_prompt_tag(&asked.field));
    let ways = Ways::of(db, &conditions, limit, Lookup::of_models)?;
    let mut rows = keyset::read_page(&keys, search.after.as_deref(), limit, |part, most| {
        let mut query = models::table
            .select(RegisteredModelRow::as_select())
            .into_boxed();
        if !prompts {
            let is_prompt = Test::Text(Match::Equal, "true".to_owned());
            query = query.filter(not(tag(IS_PROMPT_TAG.to_owned(), is_prompt)));
        }
        if let Some(is_visible) = visible::models(visible) {
            query = query.filter(is_visible);
        }
        for (place, asked) in conditions.iter().enumerate() {
            query = match ways.at(place) {
                Some(lookup) => query.filter(lookup),
                None => query.filter(condition(asked.clone())),
            };
        }
        if let Some(part) = part {
            query = query.filter(part);
        }
        for key in &keys {
            query = query.then_order_by(key.order());
        }
        Ok(query.limit(most).load::<RegisteredModelRow>(db)?)
    })?;
    let next_page_token = keyset::next_page_token(&mut rows, limit, &values)?;
    Ok(search_registered_models::Response {
        registered_models: assemble(db, rows)?,
        next_page_token,
    })
}

fn condition(asked: Asked) -> Condition<Table> {
    let Asked { field, test } = asked;
    match field.entity {
        // The name is the only attribute.
        Entity::Attribute => text(Box::new(models::name), test),
        _ => tag(field.key, test),
    }
}

fn tag(key: String, test: Test) -> Condition<Table> {
    let mut of_model = tags::table
        .into_boxed::<Backend>()
        .filter(tags::workspace.eq(Outer(models::workspace)))
        .filter(tags::name.eq(Outer(models::name)))
        .filter(tags::key.eq(key));
    if let Test::Text(Match::Equal, value) = &test
        && lookup::is_short(value)
    {
        of_model = of_model.filter(IsShortText(tags::value));
    }
    Box::new(Exists(
        of_model.filter(text(Box::new(tags::value.assume_not_null()), test)),
    ))
}

type ValueOf = fn(&RegisteredModelRow) -> KeyValue;

/// The keys of an order, each with its value in a row.
fn keys(order: &[OrderBy]) -> Vec<(Key<Table>, ValueOf)> {
    let by_name = |ascending| {
        let column = KeyColumn::GivenText(Box::new(|| Box::new(models::name)));
        let value: ValueOf = |row| KeyValue::Text(row.name.clone());
        (Key { column, ascending }, value)
    };
    let by_time = |ascending| {
        let column = KeyColumn::Integer(Box::new(|| {
            Box::new(models::last_updated_time.assume_not_null())
        }));
        let value: ValueOf = |row| KeyValue::of_integer(row.last_updated_time);
        (Key { column, ascending }, value)
    };
    let mut keys: Vec<_> = order
        .iter()
        .map(|clause| {
            if clause.field.key == "name" {
                by_name(clause.ascending)
            } else {
                by_time(clause.ascending)
            }
        })
        .collect();
    if !order.iter().any(|clause| clause.field.key == "name") {
        keys.push(by_name(true));
    }
    keys
}
