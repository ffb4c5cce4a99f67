//! Tags of registered models.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::Result;
use crate::store::in_list::in_list;
use crate::store::registry_tags::insert_tags;
use crate::store::schema::registered_model_tags::dsl;
use crate::store::statement_size::statements;
use crate::store::{Db, WORKSPACE, on_backend};
use crate::validation::prompts::{IS_PROMPT_TAG, marks_prompt};
use crate::wire::{DeleteRegisteredModelTag, RegisteredModelTag, SetRegisteredModelTag};

/// The tags of each of the models, by its name.
pub fn of_models(
    db: &mut Db,
    names: &[String],
) -> Result<HashMap<String, Vec<RegisteredModelTag>>> {
    let mut tags: HashMap<String, Vec<RegisteredModelTag>> = HashMap::new();
    for names in statements(names, 1) {
        let all = dsl::registered_model_tags
            .filter(dsl::workspace.eq(WORKSPACE))
            .order(dsl::key)
            .select((dsl::name, dsl::key, dsl::value));
        let rows: Vec<(String, String, Option<String>)> = match names {
            // Mostly there is one, and then the statement is known.
            [name] => all.filter(dsl::name.eq(name)).load(db)?,
            names => all.filter(in_list(dsl::name, names)).load(db)?,
        };
        for (name, key, value) in rows {
            tags.entry(name).or_default().push(RegisteredModelTag {
                key: Some(key),
                value,
            });
        }
    }
    Ok(tags)
}

/// Adds the tags of a new model. Where a key is given twice, the last value counts.
pub fn insert(db: &mut Db, name: &str, tags: &[RegisteredModelTag]) -> Result<()> {
    insert_tags!(db, dsl::registered_model_tags, tags, |(key, value)| (
        dsl::key.eq(key),
        dsl::value.eq(value),
        dsl::name.eq(name),
        dsl::workspace.eq(WORKSPACE),
    ));
    Ok(())
}

/// Sets a tag of a model that is locked.
pub fn set(db: &mut Db, request: &SetRegisteredModelTag) -> Result<()> {
    let row = (
        dsl::key.eq(request.key()),
        dsl::value.eq(request.value()),
        dsl::name.eq(request.name()),
        dsl::workspace.eq(WORKSPACE),
    );
    on_backend!(db, |connection| diesel::insert_into(
        dsl::registered_model_tags
    )
    .values(row)
    .on_conflict((dsl::workspace, dsl::key, dsl::name))
    .do_update()
    .set(dsl::value.eq(request.value()))
    .execute(connection))?;
    Ok(())
}

/// Takes a tag away from a model that is locked. Whether there was one makes no difference.
pub fn delete(db: &mut Db, request: &DeleteRegisteredModelTag) -> Result<()> {
    diesel::delete(dsl::registered_model_tags.find((WORKSPACE, request.key(), request.name())))
        .execute(db)?;
    Ok(())
}

/// The value of one tag.
pub fn value(db: &mut Db, name: &str, key: &str) -> Result<Option<String>> {
    let value: Option<Option<String>> = dsl::registered_model_tags
        .find((WORKSPACE, key, name))
        .select(dsl::value)
        .get_result(db)
        .optional()?;
    Ok(value.map(Option::unwrap_or_default))
}

/// Whether the tags of a model make a prompt of it.
pub fn are_of_prompt(db: &mut Db, name: &str) -> Result<bool> {
    Ok(value(db, name, IS_PROMPT_TAG)?.is_some_and(|value| marks_prompt(&value)))
}
