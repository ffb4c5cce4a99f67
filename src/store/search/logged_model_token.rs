//! The page tokens of searches for logged models. Each names its search, and is good for no other one.

use serde::{Deserialize, Serialize};

use super::token::{KeyValue, PageToken};
use crate::error::{Error, Result};
use crate::search::list;
use crate::wire::SearchLoggedModels;
use crate::wire::python::repr;

/// What must stay the same from page to page.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Search {
    experiment_ids: Vec<String>,
    filter: Option<String>,
    order_by: Option<Vec<OrderBy>>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OrderBy {
    field_name: String,
    ascending: bool,
    dataset_name: Option<String>,
    dataset_digest: Option<String>,
}

/// The token of the page that begins after a row.
pub fn encode(request: &SearchLoggedModels, after: Vec<KeyValue>) -> Result<String> {
    PageToken::encode_for(Search::of(request), after)
}

/// The keys in the token of a request, if it has one. A token of another search is refused with
/// MLflow's words.
pub fn of(request: &SearchLoggedModels) -> Result<Option<Vec<KeyValue>>> {
    let token = request.page_token();
    if token.is_empty() {
        return Ok(None);
    }
    let (after, found) = PageToken::<Search>::decode_with_search(token)?;
    let found = found.as_ref();
    let wanted = Search::of(request);
    let experiments = found.map(|found| &found.experiment_ids);
    if experiments != Some(&wanted.experiment_ids) {
        return Err(Error::invalid_parameter(format!(
            "Experiment IDs in the page token do not match the requested experiment IDs. Expected: {}. Found: {}",
            list(&wanted.experiment_ids),
            experiments.map_or_else(none, |ids| list(ids))
        )));
    }
    let filter = found.and_then(|found| found.filter.as_ref());
    if filter != wanted.filter.as_ref() {
        return Err(Error::invalid_parameter(format!(
            "Filter string in the page token does not match the requested filter string. Expected: {}. Found: {}",
            wanted.filter.unwrap_or_else(none),
            filter.cloned().unwrap_or_else(none)
        )));
    }
    let order_by = found.and_then(|found| found.order_by.as_ref());
    if order_by != wanted.order_by.as_ref() {
        return Err(Error::invalid_parameter(format!(
            "Order by in the page token does not match the requested order by. Expected: {}. Found: {}",
            in_python(wanted.order_by.as_ref()),
            in_python(order_by)
        )));
    }
    Ok(Some(after))
}

impl Search {
    fn of(request: &SearchLoggedModels) -> Self {
        let order_by: Vec<_> = request
            .order_by
            .iter()
            .map(|clause| OrderBy {
                field_name: clause.field_name().to_owned(),
                ascending: clause.ascending(),
                dataset_name: filled(clause.dataset_name()),
                dataset_digest: filled(clause.dataset_digest()),
            })
            .collect();
        Self {
            experiment_ids: request.experiment_ids.clone(),
            filter: filled(request.filter()),
            order_by: (!order_by.is_empty()).then_some(order_by),
        }
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn none() -> String {
    "None".to_owned()
}

fn in_python(order_by: Option<&Vec<OrderBy>>) -> String {
    let Some(order_by) = order_by else {
        return none();
    };
    let text = |text: &Option<String>| text.as_deref().map_or_else(none, repr);
    let clauses: Vec<_> = order_by
        .iter()
        .map(|clause| {
            format!(
                "{{'field_name': {}, 'ascending': {}, 'dataset_name': {}, 'dataset_digest': {}}}",
                repr(&clause.field_name),
                if clause.ascending { "True" } else { "False" },
                text(&clause.dataset_name),
                text(&clause.dataset_digest)
            )
        })
        .collect();
    format!("[{}]", clauses.join(", "))
}
