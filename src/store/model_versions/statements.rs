//! The changes of versions that PostgreSQL makes in one round trip each. All binds are given to a query that is not
//! used, so that the rest can name them by number.

use std::collections::BTreeMap;

use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::{NewVersion, Stage};
use crate::store::prepared::{RowStatement, Statement, prepared};

struct InsertVersion;

impl Statement for InsertVersion {
    const BEFORE_VALUES: &'static str = "WITH given AS (SELECT ";
    const AFTER_VALUES: &'static str = "), \
        touched AS (UPDATE registered_models SET last_updated_time = $2 WHERE workspace = 'default' AND name = $1), \
        new AS (INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, \
            current_stage, source, storage_location, run_id, run_link, status, workspace) \
          SELECT $1, last.version + 1, $2, $2, $3, 'None', $4, $5, $6, $7, 'READY', 'default' \
          FROM (SELECT COALESCE(MAX(version), 0) AS version FROM model_versions \
            WHERE workspace = 'default' AND name = $1) AS last \
          WHERE last.version < 2147483647 RETURNING version), \
        tagged AS (INSERT INTO model_version_tags (key, value, name, version, workspace) \
          SELECT tag.key, tag.value, $1, new.version, 'default' \
          FROM new, unnest($8, $9) AS tag(key, value)) \
        SELECT version FROM new";
}

impl RowStatement for InsertVersion {
    type Columns = (Integer,);
}

/// Adds a version with the next number of its model, and its tags. Returns its number; `None` if there is none left.
pub(super) fn insert(
    connection: &mut PgConnection,
    new: &NewVersion,
    tags: &BTreeMap<&str, &str>,
    now_ms: i64,
) -> QueryResult<Option<i32>> {
    let (keys, tag_values): (Vec<&str>, Vec<&str>) = tags.iter().unzip();
    let values = (
        new.name.into_sql::<Text>(),
        now_ms.into_sql::<BigInt>(),
        new.description.into_sql::<Text>(),
        new.source.into_sql::<Text>(),
        new.storage_location.into_sql::<Text>(),
        new.run_id.into_sql::<Nullable<Text>>(),
        new.run_link.into_sql::<Text>(),
        keys.into_sql::<Array<Text>>(),
        tag_values.into_sql::<Array<Text>>(),
    );
    let number: Option<(i32,)> = prepared::<InsertVersion, _>(values)
        .get_result(connection)
        .optional()?;
    Ok(number.map(|(number,)| number))
}

struct PutInStage;

impl Statement for PutInStage {
    const BEFORE_VALUES: &'static str = "WITH given AS (SELECT ";
    const AFTER_VALUES: &'static str = "), \
        touched AS (UPDATE registered_models SET last_updated_time = $2 WHERE workspace = 'default' AND name = $1) \
        UPDATE model_versions SET current_stage = $4, last_updated_time = $2 \
        WHERE workspace = 'default' AND name = $1 AND version = ANY($3)";
}

/// Puts versions of a model into a stage, and notes that the model has changed.
pub(super) fn put_in_stage(
    connection: &mut PgConnection,
    name: &str,
    versions: &[i32],
    stage: Stage,
    now_ms: i64,
) -> QueryResult<()> {
    let values = (
        name.into_sql::<Text>(),
        now_ms.into_sql::<BigInt>(),
        versions.into_sql::<Array<Integer>>(),
        stage.as_str().into_sql::<Text>(),
    );
    prepared::<PutInStage, _>(values).execute(connection)?;
    Ok(())
}
