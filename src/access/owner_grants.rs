//! What the creator of a resource is granted on it, and what becomes of grants when it is renamed or deleted.
//!
//! They are in the auth database, which may be another one than the resource's: each is written once the change of the
//! resource is committed, in a transaction of the auth database.

use super::caller::Caller;
use super::permission::Permission;
use super::resource_type::ResourceType;
use crate::error::Result;
use crate::store::auth::role_permissions::NewGrant;
use crate::store::auth::user_grants;
use crate::store::{Db, WORKSPACE};

/// Lets the caller manage what the caller has created.
pub fn give(db: &mut Db, caller: &Caller, kind: ResourceType, id: &str) -> Result<()> {
    // A resource of this name would make its creator the owner of all others.
    let Some(name) = caller.name().filter(|_| id != "*") else {
        return Ok(());
    };
    let grant = NewGrant {
        resource_type: kind.name().to_owned(),
        resource_pattern: id.to_owned(),
        permission: Permission::Manage.name().to_owned(),
    };
    user_grants::set(db, name, WORKSPACE, &grant)
}

/// Takes away what users were granted on a resource that is gone, so that the next one of its name does not inherit it.
pub fn take_away(db: &mut Db, kind: ResourceType, id: &str) -> Result<()> {
    if id == "*" {
        return Ok(());
    }
    user_grants::delete_of_resource(db, WORKSPACE, kind.name(), id)
}

/// Lets what users were granted on a resource follow its new name.
pub fn rename(db: &mut Db, kind: ResourceType, old: &str, new: &str) -> Result<()> {
    if old == "*" || new == "*" {
        return take_away(db, kind, old);
    }
    user_grants::rename_resource(db, WORKSPACE, kind.name(), old, new)
}
