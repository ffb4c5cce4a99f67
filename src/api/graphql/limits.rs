//! How much one query may ask for, with MLflow's limits and in its words.

use std::collections::{HashMap, HashSet, VecDeque};

use apollo_compiler::ast::{Definition, Document, Field, Selection};

use crate::config::Limits;

const DEEPEST: usize = 10;
const MOST_SELECTIONS: usize = 1000;

type Fragments<'a> = HashMap<&'a str, &'a [Selection]>;

/// Fails with MLflow's sentence where a query asks for more than the limits allow.
pub fn check(document: &Document, limits: &Limits) -> Result<(), String> {
    let found = count(document)?;
    for (number, most, what, variable) in [
        (
            found.root_fields,
            limits.graphql_root_fields,
            "root fields",
            "MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS",
        ),
        (
            found.most_aliases,
            limits.graphql_aliases,
            "aliases",
            "MLFLOW_SERVER_GRAPHQL_MAX_ALIASES",
        ),
    ] {
        if number > most {
            return Err(format!(
                "GraphQL queries should have at most {most} {what}, got {number} {what}. \
                 To increase the limit, set the {variable} environment variable."
            ));
        }
    }
    Ok(())
}

/// How large a query is, with its fragments.
#[derive(Default)]
struct QuerySize {
    root_fields: usize,
    /// On the level that has the most of them.
    most_aliases: usize,
    selections: usize,
}

fn count(document: &Document) -> Result<QuerySize, String> {
    let fragments: Fragments = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::FragmentDefinition(fragment) => {
                Some((fragment.name.as_str(), fragment.selection_set.as_slice()))
            }
            _ => None,
        })
        .collect();
    let mut found = QuerySize::default();
    for definition in &document.definitions {
        let Definition::OperationDefinition(operation) = definition else {
            continue;
        };
        let mut levels = vec![(operation.selection_set.as_slice(), 1)];
        while let Some((selections, depth)) = levels.pop() {
            if depth > DEEPEST {
                return Err(format!("Query exceeds maximum depth of {DEEPEST}"));
            }
            let fields = fields_of(selections, &fragments);
            let aliases = fields.iter().filter(|field| field.alias.is_some()).count();
            found.most_aliases = found.most_aliases.max(aliases);
            found.selections += fields.len();
            if found.selections > MOST_SELECTIONS {
                return Err(format!(
                    "Query exceeds maximum total selections of {MOST_SELECTIONS}"
                ));
            }
            if depth == 1 {
                found.root_fields += fields.len();
            }
            let below = fields
                .into_iter()
                .map(|field| field.selection_set.as_slice());
            levels.extend(
                below
                    .filter(|below| !below.is_empty())
                    .map(|below| (below, depth + 1)),
            );
        }
    }
    Ok(found)
}

/// The fields of one level, those of fragments among them: spreading a query over fragments makes it
/// no smaller. A fragment counts once for a level, so that fragments in a circle come to an end.
fn fields_of<'a>(selections: &'a [Selection], fragments: &Fragments<'a>) -> Vec<&'a Field> {
    let mut fields = Vec::new();
    let mut spread = HashSet::new();
    let mut waiting: VecDeque<&Selection> = selections.iter().collect();
    while let Some(selection) = waiting.pop_front() {
        match selection {
            Selection::Field(field) => fields.push(&**field),
            Selection::InlineFragment(fragment) => waiting.extend(&fragment.selection_set),
            Selection::FragmentSpread(named) => {
                let name = named.fragment_name.as_str();
                if spread.insert(name)
                    && let Some(selections) = fragments.get(name)
                {
                    waiting.extend(*selections);
                }
            }
        }
    }
    fields
}
