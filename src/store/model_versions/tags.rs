//! Tags of model versions.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use super::of_pairs::TagsOf;
use crate::error::Result;
use crate::store::registry_tags::insert_tags;
use crate::store::schema::model_version_tags::dsl;
use crate::store::statement_size::statements;
use crate::store::{Db, WORKSPACE, on_backend};
use crate::wire::ModelVersionTag;

/// The tags of each of the versions, by name and number.
pub fn of_versions(
    db: &mut Db,
    versions: &[(String, i32)],
) -> Result<HashMap<(String, i32), Vec<ModelVersionTag>>> {
    let mut tags: HashMap<(String, i32), Vec<ModelVersionTag>> = HashMap::new();
    for versions in statements(versions, 2) {
        let rows: Vec<(String, i32, String, Option<String>)> = TagsOf { versions }.load(db)?;
        for (name, version, key, value) in rows {
            tags.entry((name, version))
                .or_default()
                .push(ModelVersionTag {
                    key: Some(key),
                    value,
                });
        }
    }
    Ok(tags)
}

/// The tags of one version, by key.
pub fn of_version(db: &mut Db, name: &str, version: i32) -> Result<BTreeMap<String, String>> {
    let key = (name.to_owned(), version);
    let tags = of_versions(db, std::slice::from_ref(&key))?.remove(&key);
    Ok(by_key(tags.unwrap_or_default()))
}

/// Tags by their keys.
pub fn by_key(tags: Vec<ModelVersionTag>) -> BTreeMap<String, String> {
    tags.into_iter()
        .map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()))
        .collect()
}

/// Adds the tags of a new version. Where a key is given twice, the last value counts.
pub fn insert(db: &mut Db, name: &str, version: i32, tags: &[ModelVersionTag]) -> Result<()> {
    insert_tags!(db, dsl::model_version_tags, tags, |(key, value)| (
        dsl::key.eq(key),
        dsl::value.eq(value),
        dsl::name.eq(name),
        dsl::version.eq(version),
        dsl::workspace.eq(WORKSPACE),
    ));
    Ok(())
}

/// Sets a tag of a version of a model that is locked.
pub fn set(db: &mut Db, name: &str, version: i32, key: &str, value: &str) -> Result<()> {
    let row = (
        dsl::key.eq(key),
        dsl::value.eq(value),
        dsl::name.eq(name),
        dsl::version.eq(version),
        dsl::workspace.eq(WORKSPACE),
    );
    on_backend!(db, |connection| diesel::insert_into(
        dsl::model_version_tags
    )
    .values(row)
    .on_conflict((dsl::workspace, dsl::key, dsl::name, dsl::version))
    .do_update()
    .set(row.1)
    .execute(connection))?;
    Ok(())
}

/// Takes a tag away from a version of a model that is locked. Whether there was one makes no difference.
pub fn delete(db: &mut Db, name: &str, version: i32, key: &str) -> Result<()> {
    diesel::delete(dsl::model_version_tags.find((WORKSPACE, key, name, version))).execute(db)?;
    Ok(())
}

/// The value of one tag.
pub fn value(db: &mut Db, name: &str, version: i32, key: &str) -> Result<Option<String>> {
    let value: Option<Option<String>> = dsl::model_version_tags
        .find((WORKSPACE, key, name, version))
        .select(dsl::value)
        .get_result(db)
        .optional()?;
    Ok(value.map(Option::unwrap_or_default))
}
