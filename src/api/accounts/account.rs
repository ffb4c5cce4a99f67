//! The user who sends a request about users, and the auth database that it is about.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::refusal::{Refusal, Result};
use crate::access::{Caller, Logins, User};
use crate::api::State;
use crate::api::client::Client;
use crate::error::{Error, ErrorCode};
use crate::store::Db;

/// Who asks, and where the users are.
pub struct Account {
    pub user: User,
    pub logins: Arc<Logins>,
    pub address: Option<IpAddr>,
    pub now_ms: i64,
}

impl FromRequest for Account {
    type Error = Refusal;
    type Future = Ready<Result<Self>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(read(http, payload))
    }
}

fn read(http: &HttpRequest, payload: &mut Payload) -> Result<Account> {
    let unknown = || {
        let message = format!(
            "There is no {} {} on this server.",
            http.method(),
            http.path()
        );
        Refusal::Error(Error::new(ErrorCode::EndpointNotFound, message))
    };
    let state = http.app_data::<Data<State>>().ok_or_else(unknown)?;
    let logins = state.logins.as_ref().ok_or_else(unknown)?;
    let caller = Caller::from_request(http, payload).into_inner();
    let caller = caller.map_err(Refusal::NotLoggedIn)?;
    Ok(Account {
        user: caller.user.ok_or_else(unknown)?,
        logins: Arc::clone(logins),
        now_ms: state.clock.now_ms(),
        address: Client::new(&state.trusted_proxies, http.peer_addr(), http.headers()).address(),
    })
}

impl Account {
    /// Runs a function that only reads the auth database. It gets the caller, and returns nothing where that may not.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db, &User) -> crate::error::Result<Option<T>> + Send + 'static,
    {
        let user = self.user.clone();
        let done = self.logins.store.read(move |db| work(db, &user)).await?;
        done.ok_or(Refusal::Denied)
    }

    /// Runs a function that changes the auth database, in the same way. It must have changed nothing where it returns
    /// nothing.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db, &User) -> crate::error::Result<Option<T>> + Send + 'static,
    {
        let user = self.user.clone();
        let done = self.logins.store.write(move |db| work(db, &user)).await?;
        done.ok_or(Refusal::Denied)
    }

    /// Fails unless the caller is an admin of the server.
    pub fn require_admin(&self) -> Result<()> {
        if self.user.is_admin {
            Ok(())
        } else {
            Err(Refusal::Denied)
        }
    }
}

/// Whether a user may change the roles of a workspace.
pub fn may_manage(user: &User, workspace: &str) -> bool {
    user.is_admin || user.grants.administers(workspace)
}

/// Whether a user may see the roles of a workspace.
pub fn may_view(user: &User, workspace: &str) -> bool {
    user.is_admin || user.grants.is_present_in(workspace)
}
