//! What runs are sorted by.

use diesel::prelude::*;
use diesel::sql_types::{Double, Text};

use super::columns::Column;
use super::keyset::{Key, KeyColumn};
use super::run_conditions::no_attribute;
use super::token::KeyValue;
use crate::error::Result;
use crate::search::{Entity, OrderBy};
use crate::store::runs::RunRow;
use crate::store::schema::{latest_metrics, params, runs, tags};
use crate::wire::{Param, RunData};

type Table = runs::table;

/// The keys of an order, and those that decide between runs that are equal in them. A metric makes two keys.
pub fn keys(order: &[OrderBy]) -> Result<Vec<Key<Table>>> {
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
    if !is_by_start_time(order) {
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

/// The values of the keys in a run that has been read. `None` where the message of the run does not tell one.
pub fn values(order: &[OrderBy], row: &RunRow, data: &RunData) -> Option<Vec<KeyValue>> {
    let text = |value: Option<&str>| {
        value.map_or(KeyValue::Null, |value| KeyValue::Text(value.to_owned()))
    };
    let mut values = Vec::new();
    for OrderBy { field, .. } in order {
        let key = field.key.as_str();
        match field.entity {
            Entity::Attribute => values.push(attribute_value(key, row)?),
            Entity::Metric => {
                match data.metrics.iter().find(|metric| metric.key() == key) {
                    // What is stored in the place of NaN is not in the message.
                    Some(metric) if metric.value().is_nan() => return None,
                    Some(metric) => values.extend([
                        KeyValue::Boolean(false),
                        KeyValue::Float(metric.value().to_bits()),
                    ]),
                    None => values.extend([KeyValue::Null, KeyValue::Null]),
                }
            }
            Entity::Param => {
                let param = data.params.iter().find(|param| param.key() == key);
                values.push(text(param.map(Param::value)));
            }
            _ => {
                let tag = data.tags.iter().find(|tag| tag.key() == key);
                values.push(text(tag.and_then(|tag| tag.value.as_deref())));
            }
        }
    }
    if !is_by_start_time(order) {
        values.push(KeyValue::of_integer(row.start_time));
    }
    values.push(KeyValue::Text(row.run_id.clone()));
    Some(values)
}

fn attribute_value(key: &str, row: &RunRow) -> Option<KeyValue> {
    let text = |value: &Option<String>| value.clone().map_or(KeyValue::Null, KeyValue::Text);
    Some(match key {
        "run_id" => KeyValue::Text(row.run_id.clone()),
        "run_name" => text(&row.name),
        "user_id" => text(&row.user_id),
        "status" => text(&row.status),
        "artifact_uri" => text(&row.artifact_uri),
        "start_time" => KeyValue::of_integer(row.start_time),
        "end_time" => KeyValue::of_integer(row.end_time),
        _ => return None,
    })
}

fn is_by_start_time(order: &[OrderBy]) -> bool {
    order
        .iter()
        .any(|clause| clause.field.entity == Entity::Attribute && clause.field.key == "start_time")
}
