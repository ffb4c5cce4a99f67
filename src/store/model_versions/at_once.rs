//! Versions by number or by alias, with their tags and aliases: on PostgreSQL in one statement, whatever their
//! number, which is one round trip and a snapshot by itself.

use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::messages::message_of;
use super::{ModelVersionRow, find, get, with_tags_and_aliases};
use crate::error::{Error, Result};
use crate::store::prepared::{RowStatement, Statement, prepared};
use crate::store::registered_models::aliases;
use crate::store::{Db, Mergeable};
use crate::validation::Checked;
use crate::validation::registry_names::{self as names, Version};
use crate::wire::{GetModelVersion, GetModelVersionByAlias, ModelVersion, ModelVersionTag};

impl Mergeable for Checked<GetModelVersion> {
    type Output = ModelVersion;

    fn run_together(db: &mut Db, requests: &[Self]) -> Result<Vec<Result<ModelVersion>>> {
        let Db::Postgres(connection) = db else {
            let versions = requests.iter();
            let versions = versions.map(|request| get(db, request.name(), request.version()));
            return Ok(versions.collect());
        };
        let checked: Vec<Result<Version>> = requests
            .iter()
            .map(|request| names::version(request.version()))
            .collect();
        let numbers = checked
            .iter()
            .map(|version| version.as_ref().ok().and_then(|version| version.number));
        let values = (
            column(requests, |request| request.name()).into_sql::<Array<Text>>(),
            // No version has the number 0.
            numbers
                .map(Option::unwrap_or_default)
                .collect::<Vec<i32>>()
                .into_sql::<Array<Integer>>(),
        );
        let rows = prepared::<VersionsByNumber, _>(values).load::<FoundVersion>(connection)?;
        let mut found = in_places(rows, requests.len());
        let versions = checked.into_iter().zip(requests).enumerate();
        Ok(versions
            .map(|(place, (version, request))| {
                let version = version?;
                let found = found[place].take().and_then(FoundVersion::into_message);
                found
                    .ok_or_else(|| Error::model_version_not_found(request.name(), &version.written))
            })
            .collect())
    }
}

impl Mergeable for Checked<GetModelVersionByAlias> {
    type Output = ModelVersion;

    fn run_together(db: &mut Db, requests: &[Self]) -> Result<Vec<Result<ModelVersion>>> {
        let is_ordinary = |request: &Self| request.alias().to_lowercase() != names::LATEST;
        let mut found = match db {
            Db::Postgres(connection) if requests.iter().any(is_ordinary) => {
                let values = (
                    column(requests, |request| request.name()).into_sql::<Array<Text>>(),
                    column(requests, |request| request.alias()).into_sql::<Array<Text>>(),
                );
                let rows = prepared::<VersionsByAlias, _>(values).load(connection)?;
                in_places(rows, requests.len())
            }
            _ => Vec::new(),
        };
        let versions = requests.iter().enumerate().map(|(place, request)| {
            if found.is_empty() || !is_ordinary(request) {
                return db.transaction(|db| aliases::resolve(db, request.name(), request.alias()));
            }
            version_of_alias(found[place].take(), request)
        });
        Ok(versions.collect())
    }
}

fn version_of_alias(
    found: Option<FoundVersion>,
    request: &GetModelVersionByAlias,
) -> Result<ModelVersion> {
    let name = request.name();
    let found = found.ok_or_else(|| Error::registered_model_not_found(name))?;
    let number = found.number.ok_or_else(|| {
        let alias = request.alias();
        Error::invalid_parameter(format!("Registered model alias {alias} not found."))
    })?;
    found
        .into_message()
        .ok_or_else(|| Error::model_version_not_found(name, &number.to_string()))
}

/// A version that is about to be changed, as it is before.
pub struct VersionToChange {
    pub row: ModelVersionRow,
    /// Where an alias points that is about to be set.
    pub alias_target: Option<i32>,
    /// Its tags and aliases, where they were read with the row.
    rest: Option<(Vec<ModelVersionTag>, Vec<String>)>,
}

impl VersionToChange {
    /// Reads a version of a model that is locked, and where `alias` points.
    pub fn load(db: &mut Db, name: &str, version: &str, alias: &str) -> Result<Self> {
        let Db::Postgres(connection) = db else {
            let row = find(db, name, version)?;
            let alias_target = match alias {
                "" => None,
                alias => aliases::target(db, name, alias)?,
            };
            return Ok(Self {
                row,
                alias_target,
                rest: None,
            });
        };
        let version = names::version(version)?;
        let missing = || Error::model_version_not_found(name, &version.written);
        let values = (
            name.into_sql::<Text>(),
            version.number.ok_or_else(missing)?.into_sql::<Integer>(),
            alias.into_sql::<Text>(),
        );
        let found: Option<FoundVersion> = prepared::<VersionAndAlias, _>(values)
            .get_result(connection)
            .optional()?;
        let found = found.ok_or_else(missing)?;
        let tags = tags_of(found.tag_keys, found.tag_values);
        Ok(Self {
            row: found.row.ok_or_else(missing)?,
            alias_target: found.number,
            rest: Some((tags, found.aliases)),
        })
    }

    /// The message of the version, of whose row only what a change says has changed.
    pub fn into_message(self, db: &mut Db) -> Result<ModelVersion> {
        let Some((tags, aliases)) = self.rest else {
            return with_tags_and_aliases(db, self.row);
        };
        let mut version = message_of(self.row, tags);
        version.aliases = aliases;
        Ok(version)
    }
}

fn tags_of(keys: Option<Vec<String>>, values: Option<Vec<Option<String>>>) -> Vec<ModelVersionTag> {
    let keys = keys.unwrap_or_default().into_iter();
    keys.zip(values.unwrap_or_default())
        .map(|(key, value)| ModelVersionTag {
            key: Some(key),
            value,
        })
        .collect()
}

fn column<'a, T>(requests: &'a [T], of: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
    requests.iter().map(of).collect()
}

/// What a request asks for, with the place of the request.
#[derive(Queryable)]
struct FoundVersion {
    /// The first is 1.
    place: i64,
    number: Option<i32>,
    row: Option<ModelVersionRow>,
    tag_keys: Option<Vec<String>>,
    tag_values: Option<Vec<Option<String>>>,
    aliases: Vec<String>,
}

fn in_places(rows: Vec<FoundVersion>, requests: usize) -> Vec<Option<FoundVersion>> {
    let mut found: Vec<Option<FoundVersion>> = (0..requests).map(|_| None).collect();
    for row in rows {
        let place = usize::try_from(row.place - 1).ok();
        if let Some(place) = place.and_then(|place| found.get_mut(place)) {
            *place = Some(row);
        }
    }
    found
}

impl FoundVersion {
    fn into_message(self) -> Option<ModelVersion> {
        let tags = tags_of(self.tag_keys, self.tag_values);
        let mut version = message_of(self.row?, tags);
        version.aliases = self.aliases;
        Some(version)
    }
}

/// The columns of a version, with those of its tags and aliases, of the rows `wanted`.
macro_rules! columns {
    () => {
        "version.name, version.version, version.creation_time, version.last_updated_time, \
         version.description, version.user_id, version.current_stage, version.source, version.run_id, \
         version.status, version.status_message, version.run_link, version.storage_location, \
         tags.keys, tags.values, \
         ARRAY(SELECT alias::text FROM registered_model_aliases AS other WHERE other.workspace = 'default' \
           AND other.name = version.name AND other.version = version.version ORDER BY alias) "
    };
}

macro_rules! tags {
    () => {
        "LEFT JOIN LATERAL (SELECT array_agg(key::text ORDER BY key) AS keys, \
           array_agg(value::text ORDER BY key) AS values FROM model_version_tags AS tag \
           WHERE tag.workspace = 'default' AND tag.name = version.name AND tag.version = version.version) \
         AS tags ON true"
    };
}

struct VersionsByNumber;

impl Statement for VersionsByNumber {
    const BEFORE_VALUES: &'static str = concat!(
        "SELECT wanted.place, wanted.number, ",
        columns!(),
        "FROM unnest("
    );
    const AFTER_VALUES: &'static str = concat!(
        ") WITH ORDINALITY AS wanted(name, number, place) \
         JOIN model_versions AS version ON version.workspace = 'default' AND version.name = wanted.name \
           AND version.version = wanted.number AND version.current_stage <> 'Deleted_Internal' ",
        tags!()
    );
}

struct VersionsByAlias;

impl Statement for VersionsByAlias {
    const BEFORE_VALUES: &'static str = concat!(
        "SELECT wanted.place, target.version, ",
        columns!(),
        "FROM unnest("
    );
    const AFTER_VALUES: &'static str = concat!(
        ") WITH ORDINALITY AS wanted(name, alias, place) \
         JOIN registered_models AS model ON model.workspace = 'default' AND model.name = wanted.name \
         LEFT JOIN registered_model_aliases AS target ON target.workspace = 'default' \
           AND target.name = wanted.name AND target.alias = wanted.alias \
         LEFT JOIN model_versions AS version ON version.workspace = 'default' AND version.name = wanted.name \
           AND version.version = target.version AND version.current_stage <> 'Deleted_Internal' ",
        tags!()
    );
}

struct VersionAndAlias;

impl Statement for VersionAndAlias {
    const BEFORE_VALUES: &'static str = concat!(
        "SELECT 1::int8, (SELECT target.version FROM registered_model_aliases AS target \
           WHERE target.workspace = 'default' AND target.name = wanted.name AND target.alias = wanted.alias), ",
        columns!(),
        "FROM (SELECT "
    );
    const AFTER_VALUES: &'static str = concat!(
        ") AS wanted(name, number, alias) \
         JOIN model_versions AS version ON version.workspace = 'default' AND version.name = wanted.name \
           AND version.version = wanted.number AND version.current_stage <> 'Deleted_Internal' ",
        tags!()
    );
}

/// The types of the columns of a version.
type RowColumns = (
    Text,
    Integer,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
);

type Columns = (
    BigInt,
    Nullable<Integer>,
    Nullable<RowColumns>,
    Nullable<Array<Text>>,
    Nullable<Array<Nullable<Text>>>,
    Array<Text>,
);

impl RowStatement for VersionsByNumber {
    type Columns = Columns;
}

impl RowStatement for VersionAndAlias {
    type Columns = Columns;
}

impl RowStatement for VersionsByAlias {
    type Columns = Columns;
}
