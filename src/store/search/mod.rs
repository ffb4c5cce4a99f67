//! Searches: the filters and orders of [`crate::search`] as queries, and their pages.

mod columns;
mod experiments;
mod first_by_value;
mod integer_columns;
mod keyset;
mod logged_model_token;
mod logged_models;
mod lookup;
mod model_versions;
mod parsed;
mod registered_models;
mod run_conditions;
mod run_keys;
mod run_search;
mod run_ways;
mod runs;
mod short_text;
mod subquery;
pub(super) mod token;
mod value_range;
mod visible;
mod wrapped_column;

pub use self::experiments::search_experiments;
pub use self::logged_models::search_logged_models;
pub use self::model_versions::{model_versions_of_runs, search_model_versions};
pub use self::parsed::{ParsedSearch, Search};
pub use self::registered_models::search_registered_models;
pub use self::runs::search_runs;
pub use self::visible::{VisibleModels, VisibleNames, history_entries};
use crate::error::{Error, Result};
use crate::search::{Entity, Field, Filter, Match, Test, experiment_id};
use crate::validation::prompts::IS_PROMPT_TAG;
use crate::wire::ViewType;

/// The most rows of one page.
const MOST_RESULTS: i64 = 50_000;

/// How many rows a client wants on its page.
fn max_results(wanted: i64) -> Result<i64> {
    let what = if wanted < 1 {
        "a positive integer".to_owned()
    } else if wanted > MOST_RESULTS {
        format!("at most {MOST_RESULTS}")
    } else {
        return Ok(wanted);
    };
    Err(Error::invalid_parameter(format!(
        "Invalid value {wanted} for parameter 'max_results' supplied. It must be {what}"
    )))
}

/// The lifecycle stages that a view shows.
fn stages(view: ViewType) -> &'static [&'static str] {
    match view {
        ViewType::ActiveOnly => &["active"],
        ViewType::DeletedOnly => &["deleted"],
        ViewType::All => &["active", "deleted"],
    }
}

/// Cuts off what was read beyond the page, and says whether there was any.
fn cut<Row>(rows: &mut Vec<Row>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// How many rows are still to be read: one more than the page has tells whether there is another.
fn room<Row>(rows: &[Row], limit: i64) -> i64 {
    let read = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    limit.saturating_add(1).saturating_sub(read)
}

fn is_prompt_tag(field: &Field) -> bool {
    field.entity == Entity::Tag && field.key == IS_PROMPT_TAG
}

/// Whether a filter wants prompts rather than models. The first condition on the tag decides.
fn asks_for_prompts(filter: &Filter) -> bool {
    let first = filter
        .conditions
        .iter()
        .find(|asked| is_prompt_tag(&asked.field));
    match first.map(|asked| &asked.test) {
        Some(Test::Text(Match::Equal, value)) => value.eq_ignore_ascii_case("true"),
        Some(Test::Text(Match::NotEqual, value)) => value.eq_ignore_ascii_case("false"),
        _ => false,
    }
}

/// The numbers of experiments. One that no experiment can have is left out.
fn experiment_ids(ids: &[String]) -> Result<Vec<i32>> {
    let mut numbers = Vec::with_capacity(ids.len());
    for id in ids {
        let number = experiment_id(id).map_err(Error::invalid_parameter)?;
        numbers.extend(i32::try_from(number));
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// How many rows a client wants, where the request has been checked for too many.
fn positive(wanted: i64) -> Result<i64> {
    if wanted < 1 {
        return Err(Error::invalid_parameter(format!(
            "Invalid value for max_results. It must be a positive integer, but got {wanted}"
        )));
    }
    Ok(wanted)
}
