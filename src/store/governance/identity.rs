//! The id that a registered model keeps through renames, and that no later model of its name gets.

use diesel::prelude::*;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::WORKSPACE;
use crate::store::schema::{flowkeep_models as ids, registered_models};

/// The id of a model that exists, or nothing where it has none yet. Stock MLflow may have deleted the
/// model and made another one under its name: that one was created at another time.
pub fn find(db: &mut Db, name: &str) -> Result<Option<String>> {
    Ok(look_up(db, name)?.id)
}

/// The id of a model, and whether it was given only now.
pub struct ModelId {
    pub id: String,
    pub is_new: bool,
}

/// Returns the id of a model that exists and is locked. A model that has none gets one.
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

/// Follows a model to its new name.
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

/// A deleted model's id stays in what was written under it, and is given to nobody else.
pub fn forget(db: &mut Db, name: &str) -> Result<()> {
    diesel::delete(ids::table)
        .filter(ids::name.eq(name))
        .execute(db)?;
    Ok(())
}
