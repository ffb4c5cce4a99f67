//! Reads users from the auth database, and keeps what it has read for as long as nobody commits to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::caller::{Grant, Grants, User};
use super::permission::Permission;
use crate::error::Result;
use crate::store::Store;
use crate::store::auth::ChangeWatch;
use crate::store::auth::snapshot::{self, RoleOfUser, TokenOfUser, UserSnapshot};

/// The most users that are kept.
const MOST_USERS: usize = 10_000;

/// By what a user is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    Name(String),
    /// The hash of a token.
    Token(String),
}

/// A user as the database has it.
#[derive(Debug)]
pub struct KnownUser {
    pub user: User,
    pub password_hash: String,
    pub is_disabled: bool,
    pub token: Option<TokenOfUser>,
}

/// Users that were read since the last commit.
pub struct UserCache {
    watch: ChangeWatch,
    read: Mutex<ReadUsers>,
}

#[derive(Default)]
struct ReadUsers {
    version: Option<i32>,
    users: HashMap<Lookup, Arc<KnownUser>>,
}

impl UserCache {
    pub fn new(watch: ChangeWatch) -> Self {
        Self {
            watch,
            read: Mutex::default(),
        }
    }

    /// Returns a user as the database has it at this moment.
    pub async fn find(&self, store: &Store, lookup: Lookup) -> Result<Option<Arc<KnownUser>>> {
        // It is asked for before the user is read: what is kept is at least as new as it says.
        let version = self.watch.version()?;
        if let Some(user) = self.kept(version, &lookup) {
            return Ok(Some(user));
        }
        let sought = lookup.clone();
        let found = store
            .read(move |db| match &sought {
                Lookup::Name(name) => snapshot::by_name(db, name),
                Lookup::Token(hash) => snapshot::by_token(db, hash),
            })
            .await?;
        let Some(user) = found.map(|snapshot| Arc::new(known(snapshot))) else {
            return Ok(None);
        };
        self.keep(version, lookup, &user);
        Ok(Some(user))
    }

    fn kept(&self, version: Option<i32>, lookup: &Lookup) -> Option<Arc<KnownUser>> {
        let version = version?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.version != Some(version) {
            read.users.clear();
            read.version = Some(version);
        }
        read.users.get(lookup).map(Arc::clone)
    }

    fn keep(&self, version: Option<i32>, lookup: Lookup, user: &Arc<KnownUser>) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if version.is_none() || read.version != version {
            return;
        }
        if read.users.len() >= MOST_USERS {
            read.users.clear();
        }
        read.users.insert(lookup, Arc::clone(user));
    }
}

fn known(snapshot: UserSnapshot) -> KnownUser {
    KnownUser {
        user: User {
            id: snapshot.id,
            name: snapshot.name,
            is_admin: snapshot.is_admin,
            grants: Arc::new(grants(snapshot.roles)),
        },
        password_hash: snapshot.password_hash,
        is_disabled: snapshot.is_disabled,
        token: snapshot.token,
    }
}

/// Returns what roles grant. A permission that nobody knows is a veto: it may be one that a newer MLflow takes away
/// with.
fn grants(roles: Vec<RoleOfUser>) -> Grants {
    let mut workspaces: Vec<String> = roles.iter().map(|role| role.workspace.clone()).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    let rows = roles
        .into_iter()
        .filter_map(|role| {
            let grant = role.grant?;
            Some(Grant {
                role_id: role.id,
                role_name: role.name,
                workspace: role.workspace,
                resource_type: grant.resource_type,
                resource_pattern: grant.resource_pattern,
                permission: Permission::from_name(&grant.permission).unwrap_or(Permission::Deny),
            })
        })
        .collect();
    Grants { rows, workspaces }
}
