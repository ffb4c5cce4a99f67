//! What of a table a search may find. A caller sees only what they may read, and pages are full all the same.

use std::collections::HashSet;

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::columns::{Column, text};
use super::subquery::{Exists, Outer};
use crate::search::{Match, Test};
use crate::store::in_list::in_list;
use crate::store::schema::{
    experiments, flowkeep_history as history, flowkeep_models as ids, model_versions as versions,
    registered_model_tags as tags, registered_models as models,
};
use crate::store::{Backend, Condition, WORKSPACE};
use crate::validation::prompts::IS_PROMPT_TAG;

/// Which resources of a kind are seen, by id or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisibleNames {
    All,
    Except(Vec<String>),
    Only(Vec<String>),
}

/// Which entries of the registry are seen. Prompts are registered models, too, and have grants of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleModels {
    pub models: VisibleNames,
    pub prompts: VisibleNames,
}

impl VisibleModels {
    /// What is seen on a server without logins, and by administrators.
    pub const ALL: Self = Self {
        models: VisibleNames::All,
        prompts: VisibleNames::All,
    };
}

impl VisibleNames {
    /// Nothing is seen.
    pub const NOTHING: Self = Self::Only(Vec::new());

    /// The experiments among these that are seen.
    pub fn experiments_among(&self, ids: &[i32]) -> Vec<i32> {
        let (listed, is_seen) = match self {
            Self::All => return ids.to_vec(),
            Self::Except(hidden) => (hidden, false),
            Self::Only(seen) => (seen, true),
        };
        let listed: HashSet<i32> = numbers(listed).collect();
        let ids = ids.iter().copied();
        ids.filter(|id| listed.contains(id) == is_seen).collect()
    }

    /// Whether one of them is seen.
    pub fn holds(&self, name: &str) -> bool {
        let is_listed = |names: &[String]| names.iter().any(|listed| listed == name);
        match self {
            Self::All => true,
            Self::Except(hidden) => !is_listed(hidden),
            Self::Only(seen) => is_listed(seen),
        }
    }

    /// The condition that what a column names is seen. None where everything is.
    fn of_column<Table: 'static>(&self, column: Column<Table, Text>) -> Option<Condition<Table>> {
        let (values, negated) = match self {
            Self::All => return None,
            Self::Except(hidden) => (hidden.clone(), true),
            Self::Only(seen) => (seen.clone(), false),
        };
        Some(Box::new(in_list(column, values).negated_if(negated)))
    }
}

/// The condition that an experiment is seen. None where all are.
pub fn experiments(visible: &VisibleNames) -> Option<Condition<experiments::table>> {
    let (listed, negated) = match visible {
        VisibleNames::All => return None,
        VisibleNames::Except(hidden) => (hidden, true),
        VisibleNames::Only(seen) => (seen, false),
    };
    let ids = in_list(experiments::experiment_id, numbers(listed));
    Some(Box::new(ids.negated_if(negated)))
}

/// The condition that an entry of the registry is seen. None where all are.
pub fn models(visible: &VisibleModels) -> Option<Condition<models::table>> {
    let is_prompt = || -> Condition<models::table> {
        Box::new(Exists(
            marks()
                .filter(tags::workspace.eq(Outer(models::workspace)))
                .filter(tags::name.eq(Outer(models::name))),
        ))
    };
    either(visible, || Box::new(models::name), is_prompt)
}

/// The condition that the versions of an entry are seen. None where all are.
pub fn versions(visible: &VisibleModels) -> Option<Condition<versions::table>> {
    let is_prompt = || -> Condition<versions::table> {
        Box::new(Exists(
            marks()
                .filter(tags::workspace.eq(Outer(versions::workspace)))
                .filter(tags::name.eq(Outer(versions::name))),
        ))
    };
    either(visible, || Box::new(versions::name), is_prompt)
}

fn either<Table: 'static>(
    visible: &VisibleModels,
    name: impl Fn() -> Column<Table, Text>,
    is_prompt: impl Fn() -> Condition<Table>,
) -> Option<Condition<Table>> {
    if visible.models == visible.prompts {
        return visible.models.of_column(name());
    }
    let model: Condition<Table> = Box::new(not(is_prompt()));
    let model: Condition<Table> = match visible.models.of_column(name()) {
        Some(seen) => Box::new(model.and(seen)),
        None => model,
    };
    let prompt = is_prompt();
    let prompt: Condition<Table> = match visible.prompts.of_column(name()) {
        Some(seen) => Box::new(prompt.and(seen)),
        None => prompt,
    };
    Some(Box::new(model.or(prompt)))
}

/// The tags that mark prompts.
fn marks() -> tags::BoxedQuery<'static, Backend> {
    let is_true = Test::Text(Match::Ilike, "true".to_owned());
    tags::table
        .into_boxed::<Backend>()
        .filter(tags::key.eq(IS_PROMPT_TAG))
        .filter(text(Box::new(tags::value.assume_not_null()), is_true))
}

/// The ids of experiments among the texts of grants. Only what is written as MLflow writes an id is one.
fn numbers(texts: &[String]) -> impl Iterator<Item = i32> {
    texts.iter().filter_map(|text| {
        let number: i32 = text.parse().ok()?;
        (number.to_string() == *text).then_some(number)
    })
}

/// The condition that an entry of the history is about a model that is seen under its name of today. Entries about
/// nothing else, and about models that are gone, are not seen.
pub fn history_entries(visible: &VisibleModels) -> Condition<history::table> {
    let mut model = models::table
        .into_boxed::<Backend>()
        .filter(models::workspace.eq(WORKSPACE))
        .filter(models::name.eq(Outer(ids::name)))
        .filter(models::creation_time.eq(Outer(ids::creation_time)));
    if let Some(is_visible) = self::models(visible) {
        model = model.filter(is_visible);
    }
    let identity = ids::table
        .into_boxed::<Backend>()
        .filter(ids::model_id.eq(Outer(history::model_id.assume_not_null())))
        .filter(Exists(model));
    Box::new(Exists(identity))
}
