//! The id of a registered model. It survives renames, and no later model with the same name gets it.

use diesel::prelude::*;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::WORKSPACE;
use crate::store::schema::{flowkeep_models as ids, registered_models};

/// Returns the id of a model that exists, or `None` if it has none yet. If stock MLflow has deleted the model and
/// created another one with its name, the creation time tells them apart.
pub fn find(db: &mut Db, name: &str) -> Result<Option<String>> {
    Ok(look_up(db, name)?.id)
}

/// The id of a model, and whether it was assigned just now.
pub struct ModelId {
    pub id: String,
    pub is_new: bool,
}

/// Returns the id of a model that exists and is locked. Assigns one if the model has none.
pub fn ensure(db: &mut Db, name: &str) -> Result<ModelId> {
    let found = look_up(db, name)?;
    if let Some(id) = found.id {
        return Ok(ModelId { id, is_new: false });
    }
    let id = give(db, name, found.creation_time)?;
    Ok(ModelId { id, is_new: true })
}

/// When the model was created, and what its name was last known by.
type Columns = (Option<i64>, Option<(String, Option<i64>)>);

struct ModelIdentity {
    creation_time: Option<i64>,
    id: Option<String>,
}

fn look_up(db: &mut Db, name: &str) -> Result<ModelIdentity> {
    let row: Option<Columns> = registered_models::table
        .left_join(ids::table.on(ids::name.eq(registered_models::name)))
        .filter(registered_models::workspace.eq(WORKSPACE))
        .filter(registered_models::name.eq(name))
        .select((
            registered_models::creation_time,
            (ids::model_id, ids::creation_time).nullable(),
        ))
        .get_result(db)
        .optional()?;
    let (creation_time, known) = row.ok_or_else(|| Error::registered_model_not_found(name))?;
    Ok(ModelIdentity {
        creation_time,
        id: known.and_then(|(id, of)| (of == creation_time).then_some(id)),
    })
}

fn give(db: &mut Db, name: &str, creation_time: Option<i64>) -> Result<String> {
    forget(db, name)?;
    let id = Uuid::new_v4().to_string();
    diesel::insert_into(ids::table)
        .values((
            ids::model_id.eq(&id),
            ids::name.eq(name),
            ids::creation_time.eq(creation_time),
        ))
        .execute(db)?;
    Ok(id)
}

/// Assigns the id to the new name of a model.
pub fn rename(db: &mut Db, name: &str, new_name: &str) -> Result<()> {
    if name == new_name {
        return Ok(());
    }
    forget(db, new_name)?;
    diesel::update(ids::table)
        .filter(ids::name.eq(name))
        .set(ids::name.eq(new_name))
        .execute(db)?;
    Ok(())
}

/// Releases the name of a deleted model. Its id remains in the history, and is never assigned again.
pub fn forget(db: &mut Db, name: &str) -> Result<()> {
    diesel::delete(ids::table)
        .filter(ids::name.eq(name))
        .execute(db)?;
    Ok(())
}
