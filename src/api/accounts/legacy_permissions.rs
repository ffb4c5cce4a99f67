//! The routes of MLflow up to 3.12 for what is granted to one user on one experiment or model. They read and write the
//! same grants as the newer ones.

use actix_web::web::Json;
use serde_json::{Value, json};

use super::account::Account;
use super::parameters::Parameters;
use super::refusal::{Refusal, Result};
use super::user_permissions::effective;
use crate::access::{ResourceType, check_grant};
use crate::error::Error;
use crate::store::auth::role_permissions::{self, NewGrant};
use crate::store::auth::{user_grants, users};
use crate::store::{Db, WORKSPACE};

/// The areas of the API that have these routes, and what they grant permissions on.
pub const AREAS: [(&str, ResourceType); 2] = [
    ("experiments", ResourceType::Experiment),
    ("registered-models", ResourceType::RegisteredModel),
];

/// What these clients call the grant that shuts a user out. MLflow has kept it as a veto since 3.13.
const NO_PERMISSIONS: &str = "NO_PERMISSIONS";
const DENY: &str = "DENY";

/// What a request is about.
#[derive(Clone)]
struct Named {
    kind: ResourceType,
    id: String,
    user: String,
}

impl Named {
    /// Reads the names of a request, whose sender must manage the resource.
    fn read(kind: ResourceType, account: &Account, parameters: &Parameters) -> Result<Self> {
        let id = parameters.text(parameter(kind))?;
        let default = account.logins.default_permission;
        let user = &account.user;
        if !user.is_admin && !effective(user, default, kind.name(), &id)?.can_manage() {
            return Err(Refusal::Denied);
        }
        let user = parameters.text("username")?;
        Ok(Self { kind, id, user })
    }

    fn grant(&self, permission: &str) -> crate::error::Result<NewGrant> {
        let permission = if permission == NO_PERMISSIONS {
            DENY
        } else {
            permission
        };
        check_grant(self.kind.name(), &self.id, permission)?;
        Ok(NewGrant {
            resource_type: self.kind.name().to_owned(),
            resource_pattern: self.id.clone(),
            permission: permission.to_owned(),
        })
    }

    /// The id of the grant, and its permission. Fails in MLflow's words if there is none.
    fn find(&self, db: &mut Db) -> crate::error::Result<(i32, i32, String)> {
        let user = users::get(db, &self.user)?;
        let row = user_grants::find(db, user.id, WORKSPACE, self.kind.name(), &self.id)?;
        let row = row.ok_or_else(|| Error::does_not_exist(self.message("with ", "not found")))?;
        Ok((row.id, user.id, row.permission))
    }

    fn message(&self, with: &str, what: &str) -> String {
        let Self { id, user, .. } = self;
        match (self.kind, with) {
            (ResourceType::Experiment, "") => {
                format!("Experiment permission (experiment_id={id}, username={user}) {what}.")
            }
            (ResourceType::Experiment, _) => {
                format!("Experiment permission with experiment_id={id} and username={user} {what}")
            }
            (_, with) => {
                let end = if with.is_empty() { "." } else { "" };
                format!(
                    "Registered model permission with workspace={WORKSPACE}, name={id} and username={user} {what}{end}"
                )
            }
        }
    }

    fn reply(&self, user_id: i32, permission: &str) -> Json<Value> {
        let permission = if permission == DENY {
            NO_PERMISSIONS
        } else {
            permission
        };
        Json(if self.kind == ResourceType::Experiment {
            json!({"experiment_permission": {
                "experiment_id": self.id, "user_id": user_id, "permission": permission,
            }})
        } else {
            json!({"registered_model_permission": {
                "name": self.id, "user_id": user_id, "permission": permission,
            }})
        })
    }
}

const fn parameter(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Experiment => "experiment_id",
        _ => "name",
    }
}

pub async fn create(
    kind: ResourceType,
    account: Account,
    parameters: Parameters,
) -> Result<Json<Value>> {
    let named = Named::read(kind, &account, &parameters)?;
    let grant = named.grant(&parameters.text("permission")?)?;
    let permission = grant.permission.clone();
    let work = named.clone();
    let user_id = account
        .write(move |db, _| {
            let user = users::get(db, &work.user)?;
            match user_grants::add(db, &work.user, WORKSPACE, &grant)? {
                Some(_) => Ok(Some(user.id)),
                None => Err(Error::already_exists(work.message("", "already exists"))),
            }
        })
        .await?;
    Ok(named.reply(user_id, &permission))
}

pub async fn get(
    kind: ResourceType,
    account: Account,
    parameters: Parameters,
) -> Result<Json<Value>> {
    let named = Named::read(kind, &account, &parameters)?;
    let work = named.clone();
    let (_, user_id, permission) = account.read(move |db, _| work.find(db).map(Some)).await?;
    Ok(named.reply(user_id, &permission))
}

pub async fn update(
    kind: ResourceType,
    account: Account,
    parameters: Parameters,
) -> Result<Json<Value>> {
    let named = Named::read(kind, &account, &parameters)?;
    let grant = named.grant(&parameters.text("permission")?)?;
    account
        .write(move |db, _| {
            let (id, ..) = named.find(db)?;
            role_permissions::set_permission(db, id, &grant.permission).map(Some)
        })
        .await?;
    Ok(Json(json!({})))
}

pub async fn delete(
    kind: ResourceType,
    account: Account,
    parameters: Parameters,
) -> Result<Json<Value>> {
    let named = Named::read(kind, &account, &parameters)?;
    account
        .write(move |db, _| {
            let (id, ..) = named.find(db)?;
            role_permissions::remove(db, id).map(Some)
        })
        .await?;
    Ok(Json(json!({})))
}
