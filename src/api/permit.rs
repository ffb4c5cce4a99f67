//! The right to do what one request asks for. Handlers reach the database through it, so that what their caller needs is
//! decided in the transaction of the work, and before the work.

use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};

use super::State;
use super::artifact_address;
use super::message::path_parameter;
use crate::access::needs::{Need, Resource};
use crate::access::{
    Access, Caller, Check, Demand, Permission, ResourceType, authorize, owner_grants,
};
use crate::artifacts::ArtifactPath;
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::lifecycle::{Change, Decision, Done, Resources};
use crate::store::belongings::Hold;
use crate::store::{Db, Mergeable, run_one};
use crate::validation::prompts::{IS_PROMPT_TAG, marks_prompt};
use crate::wire::request::Request;

/// What a handler works with: the server's state, for a caller who may send the request.
#[derive(Clone)]
pub struct Permit {
    state: Data<State>,
    caller: Caller,
    check: Arc<Check>,
}

impl Deref for Permit {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl Permit {
    /// The permit of the same caller for a message. Fails where its sender may not send it; what depends on rows of the
    /// database is decided by [`Permit::read`], [`Permit::write`] or [`Permit::change`].
    pub fn for_message<R: Request>(&self, request: &R) -> Result<Self> {
        if self.caller.user.is_none() {
            // On a server without logins everybody may do everything.
            return Ok(self.clone());
        }
        let demands = R::NEEDS.iter().enumerate().map(|(place, need)| {
            let names = request.names_for(place);
            let names = names.into_iter().map(|name| match need.resource {
                Resource::Artifact => Ok(ArtifactPath::from_plain(name)?.to_string()),
                _ => Ok(name.to_owned()),
            });
            Ok(Demand {
                need: *need,
                names: names.collect::<Result<_>>()?,
                marks_prompt: asserted(request.given_tags()),
            })
        });
        let demands = demands.collect::<Result<_>>()?;
        Self::of_demands(self.state.clone(), self.caller.clone(), demands)
    }

    /// The permit for a request that is no message: the path or the query names what it is about.
    pub fn of_request(
        state: Data<State>,
        caller: Caller,
        access: Access,
        http: &HttpRequest,
    ) -> Result<Self> {
        let needs = match access {
            Access::Needs(needs) if caller.user.is_some() => needs,
            Access::Public | Access::User | Access::Needs(_) => &[],
        };
        let demands = needs.iter().map(|need| {
            Ok(Demand {
                need: *need,
                names: names(http, need)?,
                marks_prompt: None,
            })
        });
        let demands = demands.collect::<Result<_>>()?;
        Self::of_demands(state, caller, demands)
    }

    fn of_demands(state: Data<State>, caller: Caller, demands: Vec<Demand>) -> Result<Self> {
        let default = match &state.logins {
            Some(logins) => logins.default_permission,
            // A caller whom an outer layer has found out, on a server without users of its own.
            None => Permission::Read,
        };
        let check = authorize(&caller, default, demands)?;
        Ok(Self {
            state,
            caller,
            check: Arc::new(check),
        })
    }

    /// Runs a function that only reads, once the caller's right to it is certain.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        let settle = self.settle_inside(Hold::Read);
        let settle_and_work = move |db: &mut Db| settle(db).and_then(|()| work(db));
        self.state.store.read(settle_and_work).await
    }

    /// Runs a function that writes, in the transaction in which the caller's right to it is certain.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        let settle = self.settle_inside(Hold::UntilCommit);
        let settle_and_work = move |db: &mut Db| settle(db).and_then(|()| work(db));
        self.state.store.write(settle_and_work).await
    }

    /// Does what [`Permit::write`] does, for a function that is short: see [`crate::store::Store::write_briefly`].
    pub async fn write_briefly<T, F>(&self, key: &str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        let settle = self.settle_inside(Hold::UntilCommit);
        let settle_and_work = move |db: &mut Db| settle(db).and_then(|()| work(db));
        self.state.store.write_briefly(key, settle_and_work).await
    }

    /// Carries out a request that writes, together with others if the caller's right to it is certain.
    pub async fn write_merged<R: Mergeable>(&self, key: &str, request: R) -> Result<R::Output> {
        if self.check.is_settled() {
            return self.state.store.write_merged(key, request).await;
        }
        self.write_briefly(key, move |db| run_one(db, &request))
            .await
    }

    /// Answers a request that only reads, together with others if the caller's right to it is certain.
    pub async fn read_merged<R: Mergeable>(&self, request: R) -> Result<R::Output> {
        if self.check.is_settled() {
            return self.state.store.read_merged(request).await;
        }
        self.read(move |db| run_one(db, &request)).await
    }

    /// Runs a short change of one model's life, in the same way.
    pub async fn change_model<T, F>(&self, actor: Actor, name: &str, work: F) -> Result<Done<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Db, &Change) -> Decision<T> + Send + Sync + 'static,
    {
        let settle = self.settle_inside(Hold::UntilCommit);
        let settle_and_work = move |db: &mut Db, change: &Change| {
            settle(db)?;
            work(db, change)
        };
        self.state.change_model(actor, name, settle_and_work).await
    }

    /// Runs a change of a model's life, in the same way.
    pub async fn change<T, F>(&self, actor: Actor, work: F) -> Result<Done<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Db, &Change) -> Decision<T> + Send + Sync + 'static,
    {
        let settle = self.settle_inside(Hold::UntilCommit);
        let settle_and_work = move |db: &mut Db, change: &Change| {
            settle(db)?;
            work(db, change)
        };
        self.state.change(actor, settle_and_work).await
    }

    /// Returns the function that makes the caller's right certain inside a transaction, each time that the transaction
    /// is tried. It does nothing where the right is certain already.
    fn settle_inside(
        &self,
        hold: Hold,
    ) -> impl Fn(&mut Db) -> Result<()> + Send + Sync + use<> + 'static {
        let check = (!self.check.is_settled()).then(|| Arc::clone(&self.check));
        move |db| {
            check
                .as_ref()
                .map_or(Ok(()), |check| check.settle(db, hold))
        }
    }

    /// What changes of a model's life are made with, for work of several transactions.
    pub async fn resources(&self) -> Result<Resources<'_>> {
        self.settle().await?;
        Ok(self.state.resources())
    }

    /// Makes the caller's right certain, for work that the database has no part in.
    pub async fn settle(&self) -> Result<()> {
        if self.check.is_settled() {
            return Ok(());
        }
        self.read(|_| Ok(())).await
    }

    /// Lets the caller manage what the caller has created.
    pub async fn own(&self, kind: ResourceType, id: &str) -> Result<()> {
        let (caller, id) = (self.caller.clone(), id.to_owned());
        self.grant(move |db| owner_grants::give(db, &caller, kind, &id))
            .await
    }

    /// Lets what was granted on an entry of the registry follow its new name. It is a model or a prompt, and has grants as
    /// one of them.
    pub async fn follow_rename(&self, name: &str, new_name: &str) -> Result<()> {
        let (name, new_name) = (name.to_owned(), new_name.to_owned());
        self.grant(move |db| {
            owner_grants::rename(db, ResourceType::RegisteredModel, &name, &new_name)?;
            owner_grants::rename(db, ResourceType::Prompt, &name, &new_name)
        })
        .await
    }

    /// Takes away what was granted on an entry of the registry that is gone.
    pub async fn forget(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.grant(move |db| {
            owner_grants::take_away(db, ResourceType::RegisteredModel, &name)?;
            owner_grants::take_away(db, ResourceType::Prompt, &name)
        })
        .await
    }

    /// Changes grants. On a server without logins there are none.
    async fn grant<F>(&self, work: F) -> Result<()>
    where
        F: Fn(&mut Db) -> Result<()> + Send + 'static,
    {
        match &self.state.logins {
            Some(logins) => logins.store.write(work).await,
            None => Ok(()),
        }
    }

    /// Who sent the request.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What the caller may see.
    pub fn sight(&self) -> &Check {
        &self.check
    }

    /// Fails where the work was done and nobody asked for the right to it: a fault of the handler.
    pub fn check_settled(&self) -> Result<()> {
        if self.check.is_settled() {
            return Ok(());
        }
        Err(Error::internal(
            "A handler answered before its caller's right was decided.",
        ))
    }
}

impl FromRequest for Permit {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    /// The permit that the guard of the route has given.
    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        let permit = http.extensions().get::<Self>().cloned();
        ready(permit.ok_or_else(|| Error::internal("A route has no guard.")))
    }
}

/// Whether tags make a prompt of what carries them. None where none of them says so or not.
fn asserted(tags: Vec<(&str, &str)>) -> Option<bool> {
    let mut marks = tags.into_iter().filter(|(key, _)| *key == IS_PROMPT_TAG);
    marks.next_back().map(|(_, value)| marks_prompt(value))
}

/// What a request that is no message names for a need. A need of several parameters has one name for each value that is
/// given: all of them must be allowed.
fn names(http: &HttpRequest, need: &Need) -> Result<Vec<String>> {
    if need.resource == Resource::Artifact {
        return Ok(vec![artifact_address::requested(http)?.to_string()]);
    }
    if need.field.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for field in need.field.split('|') {
        if http.match_info().get(field).is_some() {
            names.push(path_parameter(http, field));
            continue;
        }
        let query = url::form_urlencoded::parse(http.query_string().as_bytes());
        let values = query.filter(|(name, value)| name == field && !value.is_empty());
        names.extend(values.map(|(_, value)| value.into_owned()));
    }
    if names.is_empty() && !need.if_given {
        names.push(String::new());
    }
    Ok(names)
}
