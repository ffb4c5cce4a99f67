//! The conditions of a search for runs, as queries.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::columns::{Column, float, integer, text};
use super::lookup;
use super::short_text::IsShortText;
use super::subquery::{Exists, Outer};
use crate::error::{Error, Result};
use crate::search::{Condition as Asked, Entity, Match, Relation, Test};
use crate::store::runs::NAME_TAG;
use crate::store::schema::{datasets, input_tags, inputs, latest_metrics, params, runs, tags};
use crate::store::{Backend, Condition};

type Table = runs::table;

pub fn condition(asked: Asked) -> Result<Condition<Table>> {
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

pub fn no_attribute(key: &str) -> Error {
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
