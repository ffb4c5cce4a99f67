//! The admin whom a server with logins needs: made at the first start, with a password that somebody has chosen.

use std::sync::Arc;

use tracing::{info, warn};

use super::passwords::{self, PUBLIC_PASSWORD};
use crate::config::AuthSettings;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::auth::users;

/// The name of the first admin on servers of older MLflow versions.
const USUAL_NAME: &str = "admin";
const WHERE: &str =
    "MLFLOW_AUTH_ADMIN_PASSWORD, or admin_password in the file that MLFLOW_AUTH_CONFIG_PATH names";

/// Makes the admin if there is none of that name, and replaces the password that everybody knows where another one is
/// given. Fails, and says what to do, where there is no admin and no password for one.
pub async fn ensure(store: &Arc<Store>, settings: &AuthSettings) -> Result<()> {
    let Some(name) = settings.admin_username.clone() else {
        return Err(Error::invalid_parameter(
            "The server needs the name of its first admin, which is set to nothing. Set MLFLOW_AUTH_ADMIN_USERNAME, or \
             admin_username in the file that MLFLOW_AUTH_CONFIG_PATH names, and start again.",
        ));
    };
    let password = settings.admin_password.clone();
    match hash_of(store, &name).await? {
        None => create(store, name.clone(), password).await?,
        Some(hash) => {
            let replacement = password.filter(|password| password != PUBLIC_PASSWORD);
            if let Some(password) = replacement
                && passwords::verify(PUBLIC_PASSWORD, Some(&hash)).await?
            {
                replace(store, name.clone(), &password).await?;
            }
        }
    }
    warn_of_public_password(store, &name).await
}

async fn create(store: &Arc<Store>, name: String, password: Option<String>) -> Result<()> {
    let Some(password) = password else {
        return Err(Error::invalid_parameter(format!(
            "The server needs a password for its first admin, '{name}', and has no default one. Set {WHERE}, or make \
             the user with `flowkeep user add {name} --admin`, and start again."
        )));
    };
    let hash = hash(&name, &password).await?;
    let admin = name.clone();
    let created = store
        .write(move |db| users::create(db, &admin, &hash, true))
        .await;
    match created {
        Ok(_) => info!("The admin '{name}' was made."),
        // Several servers may start at once on one database.
        Err(error) if hash_of(store, &name).await?.is_none() => return Err(error),
        Err(_) => {}
    }
    Ok(())
}

async fn replace(store: &Arc<Store>, name: String, password: &str) -> Result<()> {
    let hash = hash(&name, password).await?;
    let admin = name.clone();
    store
        .write(move |db| users::set_password_hash(db, &admin, &hash))
        .await?;
    warn!(
        "The admin '{name}' had the password that older MLflow versions shipped. It has the configured one now; take \
         that out of the configuration."
    );
    Ok(())
}

async fn hash(name: &str, password: &str) -> Result<String> {
    passwords::hash_new(password).await.map_err(|error| {
        Error::invalid_parameter(format!(
            "The password that is set for the admin '{name}' cannot be used: {error} Set another one in {WHERE}, and \
             start again."
        ))
    })
}

async fn hash_of(store: &Arc<Store>, name: &str) -> Result<Option<String>> {
    let name = name.to_owned();
    store
        .read(move |db| match users::find(db, &name)? {
            Some(user) => users::password_hash(db, user.id).map(Some),
            None => Ok(None),
        })
        .await
}

/// Warns of admins with the password that everybody knows: nobody can log in with it.
async fn warn_of_public_password(store: &Arc<Store>, name: &str) -> Result<()> {
    let mut names = vec![name];
    if name != USUAL_NAME {
        names.push(USUAL_NAME);
    }
    for name in names {
        if let Some(hash) = hash_of(store, name).await?
            && passwords::verify(PUBLIC_PASSWORD, Some(&hash)).await?
        {
            warn!(
                "The user '{name}' still has the password that older MLflow versions shipped; an admin cannot log in \
                 with it. Set MLFLOW_AUTH_ADMIN_PASSWORD and start again, or use `flowkeep user passwd {name}`."
            );
        }
    }
    Ok(())
}
