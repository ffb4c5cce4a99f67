//! Registered models: the names of the registry, with their tags and aliases.

pub mod aliases;
mod messages;
mod rows;
pub mod tags;

use diesel::prelude::*;

pub use self::messages::assemble;
pub use self::rows::{RegisteredModelRow, check_exists, description, lock, touch};
use super::schema::{
    model_version_tags, model_versions, registered_model_aliases, registered_model_tags,
    registered_models,
};
use super::{Db, WORKSPACE, on_backend};
use crate::error::{Error, ErrorCode, Result};
use crate::validation::prompts::IS_PROMPT_TAG;
use crate::validation::{Checked, registry_names};
use crate::wire::{CreateRegisteredModel, RegisteredModel, UpdateRegisteredModel};

/// Creates a model with its tags. Fails if its name is taken by a model or a prompt.
pub fn create(
    db: &mut Db,
    request: &Checked<CreateRegisteredModel>,
    now_ms: i64,
) -> Result<RegisteredModel> {
    let name = request.name();
    let row = (
        registered_models::name.eq(name),
        registered_models::creation_time.eq(now_ms),
        registered_models::last_updated_time.eq(now_ms),
        registered_models::description.eq(request.description()),
        registered_models::workspace.eq(WORKSPACE),
    );
    let inserted = on_backend!(db, |connection| diesel::insert_into(
        registered_models::table
    )
    .values(row)
    .on_conflict_do_nothing()
    .execute(connection))?;
    if inserted == 0 {
        return Err(name_is_taken(db, request)?);
    }
    tags::insert(db, name, &request.tags)?;
    get(db, name)
}

fn name_is_taken(db: &mut Db, request: &CreateRegisteredModel) -> Result<Error> {
    let name = request.name();
    let tag = registered_model_tags::table.find((WORKSPACE, IS_PROMPT_TAG, name));
    let is_prompt: bool = diesel::select(diesel::dsl::exists(tag)).get_result(db)?;
    let existing = kind(is_prompt);
    let new = kind(request.tags.iter().any(|tag| tag.key() == IS_PROMPT_TAG));
    if existing == new {
        return Ok(Error::already_exists(format!(
            "{new} (name={name}) already exists."
        )));
    }
    Ok(Error::already_exists(format!(
        "Tried to create a {} with name {}, but the name is already taken by a {}. MLflow does not \
         allow creating a model and a prompt with the same name.",
        new.to_lowercase(),
        crate::wire::python::repr(name),
        existing.to_lowercase(),
    )))
}

/// A model with its tags and aliases, and the newest version of each stage.
pub fn get(db: &mut Db, name: &str) -> Result<RegisteredModel> {
    registry_names::check_model(name)?;
    let row: RegisteredModelRow = registered_models::table
        .find((WORKSPACE, name))
        .select(RegisteredModelRow::as_select())
        .get_result(db)
        .optional()?
        .ok_or_else(|| Error::registered_model_not_found(name))?;
    assemble(db, vec![row])?
        .pop()
        .ok_or_else(|| Error::registered_model_not_found(name))
}

/// Gives a model that is locked another description.
pub fn update(
    db: &mut Db,
    request: &UpdateRegisteredModel,
    now_ms: i64,
) -> Result<RegisteredModel> {
    let name = request.name();
    diesel::update(registered_models::table.find((WORKSPACE, name)))
        .set((
            registered_models::description.eq(request.description()),
            registered_models::last_updated_time.eq(now_ms),
        ))
        .execute(db)?;
    get(db, name)
}

/// Gives a model that is locked another name. Foreign keys carry it on to versions, tags and aliases.
pub fn rename(db: &mut Db, name: &str, new_name: &str, now_ms: i64) -> Result<RegisteredModel> {
    diesel::update(registered_models::table.find((WORKSPACE, name)))
        .set((
            registered_models::name.eq(new_name),
            registered_models::last_updated_time.eq(now_ms),
        ))
        .execute(db)
        .map_err(|error| match error {
            diesel::result::Error::DatabaseError(
                diesel::result::DatabaseErrorKind::UniqueViolation,
                _,
            ) => Error::new(
                ErrorCode::ResourceAlreadyExists,
                format!("Registered Model (name={new_name}) already exists."),
            ),
            // On SQLite the trigger that keeps versions comes before the constraint.
            error if crate::store::database_errors::kept(&error).is_some() => Error::new(
                ErrorCode::ResourceAlreadyExists,
                format!("Registered Model (name={new_name}) already exists."),
            ),
            error => error.into(),
        })?;
    diesel::update(model_versions::table)
        .filter(model_versions::workspace.eq(WORKSPACE))
        .filter(model_versions::name.eq(new_name))
        .set(model_versions::last_updated_time.eq(now_ms))
        .execute(db)?;
    get(db, new_name)
}

/// Removes a model that is locked with its versions, and all that they carry.
pub fn delete(db: &mut Db, name: &str) -> Result<()> {
    diesel::delete(model_version_tags::table)
        .filter(model_version_tags::workspace.eq(WORKSPACE))
        .filter(model_version_tags::name.eq(name))
        .execute(db)?;
    diesel::delete(model_versions::table)
        .filter(model_versions::workspace.eq(WORKSPACE))
        .filter(model_versions::name.eq(name))
        .execute(db)?;
    diesel::delete(registered_model_tags::table)
        .filter(registered_model_tags::workspace.eq(WORKSPACE))
        .filter(registered_model_tags::name.eq(name))
        .execute(db)?;
    diesel::delete(registered_model_aliases::table)
        .filter(registered_model_aliases::workspace.eq(WORKSPACE))
        .filter(registered_model_aliases::name.eq(name))
        .execute(db)?;
    diesel::delete(registered_models::table.find((WORKSPACE, name))).execute(db)?;
    Ok(())
}

fn kind(is_prompt: bool) -> &'static str {
    if is_prompt {
        "Prompt"
    } else {
        "Registered Model"
    }
}
