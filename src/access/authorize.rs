//! Decides whether a caller may do what a request asks for. Every request passes here before its work.
//!
//! What needs no row of the database is decided at once. The rest is decided in the transaction of the work, so that
//! what a name stands for cannot change in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::caller::{Caller, Grants};
use super::needs::{self, Action, Need, Resource};
use super::permission::Permission;
use super::proxy_path;
use super::resolution::{ALL, Requirement, Rights};
use super::resource_type::ResourceType as Kind;
use crate::error::{Error, Result};
use crate::lifecycle::ModelUri;
use crate::store::Db;
use crate::store::belongings::{self, Hold, RegistryEntry};
use crate::store::search::{VisibleModels, VisibleNames};
use crate::validation;

/// A need, with what the request names for it.
#[derive(Clone, Debug)]
pub struct Demand {
    pub need: Need,
    pub names: Vec<String>,
    /// Whether the tags of something new make a prompt of it. None where no tag says so or not.
    pub marks_prompt: Option<bool>,
}

/// What is left to be decided about a request, and what its caller may see.
#[derive(Debug)]
pub struct Check {
    /// None for whoever may do everything.
    user: Option<RestrictedUser>,
    pending: Vec<Demand>,
    is_settled: AtomicBool,
}

#[derive(Debug)]
struct RestrictedUser {
    grants: Arc<Grants>,
    default: Permission,
}

/// Decides what can be decided without the database. Fails where the caller may not send the request.
pub fn authorize(caller: &Caller, default: Permission, demands: Vec<Demand>) -> Result<Check> {
    let user = caller.user.as_ref().filter(|user| !user.is_admin);
    let mut check = Check {
        user: user.map(|user| RestrictedUser {
            grants: Arc::clone(&user.grants),
            default,
        }),
        pending: Vec::new(),
        is_settled: AtomicBool::new(true),
    };
    if caller.user.is_some() {
        demands.iter().try_for_each(refuse_wildcard_name)?;
    }
    let Some(rights) = check.rights() else {
        return Ok(check);
    };
    let mut pending = Vec::new();
    for demand in demands {
        match decide(rights, &demand)? {
            Decision::Allowed => {}
            Decision::Refused => return Err(Error::access_denied()),
            Decision::ByRow => pending.push(demand),
        }
    }
    check.is_settled = AtomicBool::new(pending.is_empty());
    check.pending = pending;
    Ok(check)
}

/// What can be said of a demand before anything is looked up.
enum Decision {
    Allowed,
    Refused,
    ByRow,
}

impl From<bool> for Decision {
    fn from(is_allowed: bool) -> Self {
        if is_allowed {
            Self::Allowed
        } else {
            Self::Refused
        }
    }
}

/// A model of this name would have the grants on all models.
fn refuse_wildcard_name(demand: &Demand) -> Result<()> {
    let makes_name = demand.need.resource == Resource::RegisteredModel
        && matches!(demand.need.action, Action::Create | Action::Rename);
    if makes_name && demand.names.last().is_some_and(|name| name == ALL) {
        return Err(Error::invalid_parameter(
            "A model cannot have the name '*', which stands for all models in grants.",
        ));
    }
    Ok(())
}

fn decide(rights: Rights, demand: &Demand) -> Result<Decision> {
    let Demand { need, names, .. } = demand;
    let is_list = need.action == Action::List;
    Ok(match need.resource {
        Resource::Server => Decision::Refused,
        // Each search leaves out what the caller may not read.
        _ if is_list => Decision::Allowed,
        Resource::Experiment if names.is_empty() => {
            all_met(rights, &needs::of_experiment(need.action, "")).into()
        }
        Resource::Experiment => {
            let ids = experiment_ids(names)?;
            let are_met = |id: &String| all_met(rights, &needs::of_experiment(need.action, id));
            ids.iter().all(are_met).into()
        }
        Resource::Run | Resource::LoggedModel if need.action == Action::Create => {
            let part = part(need.resource);
            let ids = experiment_ids(names)?;
            let are_met = |id: &String| all_met(rights, &needs::of_part(need.action, part, id));
            ids.iter().all(are_met).into()
        }
        Resource::Run | Resource::LoggedModel if names.is_empty() => Decision::Allowed,
        Resource::RegisteredModel if need.action == Action::Create => {
            let entry = entry(demand.marks_prompt.unwrap_or_default());
            let are_met =
                |name: &String| all_met(rights, &needs::of_model(need.action, entry, name));
            names.iter().all(are_met).into()
        }
        Resource::RegisteredModel if need.action == Action::Rename => Decision::ByRow,
        Resource::RegisteredModel | Resource::ModelVersion | Resource::Alias => {
            decide_by_name(rights, demand)
        }
        Resource::Artifact => {
            let are_met = |path: &String| proxy_path::allows(rights, need.action, path);
            names.iter().all(are_met).into()
        }
        Resource::ExperimentByName | Resource::Run | Resource::LoggedModel | Resource::Source => {
            Decision::ByRow
        }
    })
}

/// Where models and prompts of a name come to the same, nothing has to be looked up.
fn decide_by_name(rights: Rights, demand: &Demand) -> Decision {
    let Need {
        action, resource, ..
    } = demand.need;
    let may = |entry| {
        let are_met = |name: &String| all_met(rights, &of_entry(action, resource, entry, name));
        demand.names.iter().all(are_met)
    };
    match (may(RegistryEntry::Model), may(RegistryEntry::Prompt)) {
        (false, false) => Decision::Refused,
        (true, true) if resource == Resource::RegisteredModel => Decision::Allowed,
        _ => Decision::ByRow,
    }
}

impl Check {
    /// What the user may do. None for whoever may do everything.
    pub fn rights(&self) -> Option<Rights<'_>> {
        self.user.as_ref().map(|user| Rights {
            grants: &user.grants,
            default: user.default,
        })
    }

    /// Whether there is nothing left to decide.
    pub fn is_settled(&self) -> bool {
        self.is_settled.load(Ordering::Relaxed)
    }

    /// Decides what is left, in the transaction of the work and before it.
    pub fn settle(&self, db: &mut Db, hold: Hold) -> Result<()> {
        if let Some(rights) = self.rights() {
            for demand in &self.pending {
                if !decide_by_row(db, rights, demand, hold)? {
                    return Err(Error::access_denied());
                }
            }
        }
        self.is_settled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Fails where the caller may not do something with a path of the artifact proxy.
    pub fn require_path(&self, action: Action, path: &str) -> Result<()> {
        match self.rights() {
            Some(rights) if !proxy_path::allows(rights, action, path) => {
                Err(Error::access_denied())
            }
            _ => Ok(()),
        }
    }

    /// Whether the caller may read a path of the artifact proxy.
    pub fn shows_path(&self, path: &str) -> bool {
        self.require_path(Action::Read, path).is_ok()
    }

    /// Whether a kind of resources is vetoed for the caller as a whole.
    pub fn denies(&self, kind: Kind) -> bool {
        self.rights().is_some_and(|rights| rights.are_denied(kind))
    }

    /// Which experiments the caller may read.
    pub fn visible_experiments(&self) -> VisibleNames {
        self.rights().map_or(VisibleNames::All, |rights| {
            rights.readable(Kind::Experiment)
        })
    }

    /// Of which experiments the caller may read the parts of a kind.
    pub fn visible_parts(&self, part: Kind) -> VisibleNames {
        if self.denies(part) {
            return VisibleNames::NOTHING;
        }
        self.visible_experiments()
    }

    /// Which entries of the registry the caller may read.
    pub fn visible_models(&self) -> VisibleModels {
        self.rights()
            .map_or(VisibleModels::ALL, |rights| VisibleModels {
                models: rights.readable(Kind::RegisteredModel),
                prompts: rights.readable(Kind::Prompt),
            })
    }

    /// Of which entries of the registry the caller may read the versions.
    pub fn visible_versions(&self) -> VisibleModels {
        let mut visible = self.visible_models();
        if self.denies(RegistryEntry::Model.versions()) {
            visible.models = VisibleNames::NOTHING;
        }
        if self.denies(RegistryEntry::Prompt.versions()) {
            visible.prompts = VisibleNames::NOTHING;
        }
        visible
    }

    /// The models whose history the caller may read. None for whoever may read all of it.
    pub fn visible_history(&self) -> Option<VisibleModels> {
        self.rights().map(|_| self.visible_versions())
    }
}

fn decide_by_row(db: &mut Db, rights: Rights, demand: &Demand, hold: Hold) -> Result<bool> {
    let Demand { need, names, .. } = demand;
    match need.resource {
        Resource::Run | Resource::LoggedModel => parts_are_met(db, rights, need, names),
        Resource::ExperimentByName => {
            for name in names {
                // Who creates an experiment learns anyhow whether its name is free.
                let Some(id) = belongings::experiment_of_name(db, name)? else {
                    continue;
                };
                if !all_met(rights, &needs::of_experiment(need.action, &id.to_string())) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Resource::RegisteredModel if need.action == Action::Rename => {
            rename_is_met(db, rights, names, hold)
        }
        Resource::Source => source_is_met(db, rights, names),
        resource => {
            for name in names {
                let found = belongings::registry_entry(db, name, hold)?;
                let is_met = match found {
                    Some(entry) => all_met(rights, &of_entry(need.action, resource, entry, name)),
                    // What is not there tells nobody which of the two it is not.
                    None if resource == Resource::RegisteredModel => {
                        [RegistryEntry::Model, RegistryEntry::Prompt]
                            .into_iter()
                            .all(|entry| {
                                all_met(rights, &of_entry(need.action, resource, entry, name))
                            })
                    }
                    None => false,
                };
                if !is_met || !is_unvetoed(rights, demand, found) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

/// A new version whose tags make something else of it than its model is, is both.
fn is_unvetoed(rights: Rights, demand: &Demand, found: Option<RegistryEntry>) -> bool {
    let is_new_version =
        demand.need.resource == Resource::ModelVersion && demand.need.action == Action::Create;
    match demand.marks_prompt {
        Some(marks_prompt) if is_new_version && found != Some(entry(marks_prompt)) => {
            !rights.are_denied(entry(marks_prompt).versions())
        }
        _ => true,
    }
}

/// Whether an action is allowed on runs or logged models. What does not exist is refused like what belongs to others.
fn parts_are_met(db: &mut Db, rights: Rights, need: &Need, names: &[String]) -> Result<bool> {
    let experiments = match need.resource {
        Resource::Run => belongings::experiments_of_runs(db, names)?,
        _ => belongings::experiments_of_logged_models(db, names)?,
    };
    let part = part(need.resource);
    let is_met = |id: &i32| {
        let id = id.to_string();
        all_met(rights, &needs::of_part(need.action, part, &id))
    };
    Ok(experiments.is_some_and(|experiments| experiments.iter().all(is_met)))
}

fn rename_is_met(db: &mut Db, rights: Rights, names: &[String], hold: Hold) -> Result<bool> {
    let [name, new_name] = names else {
        return Ok(false);
    };
    let is_met = |entry| {
        all_met(rights, &needs::of_model(Action::Rename, entry, name))
            && all_met(rights, &needs::of_model(Action::Create, entry, new_name))
    };
    Ok(match belongings::registry_entry(db, name, hold)? {
        Some(entry) => is_met(entry),
        None => is_met(RegistryEntry::Model) && is_met(RegistryEntry::Prompt),
    })
}

/// Whether the caller may read what a new version is made from. Who may read a version may copy it, wherever it came
/// from.
fn source_is_met(db: &mut Db, rights: Rights, names: &[String]) -> Result<bool> {
    let [source, run_id, model_id] = names else {
        return Ok(false);
    };
    let mut runs = vec![run_id.clone()];
    let mut models = vec![model_id.clone()];
    match ModelUri::parse(source) {
        Some(
            ModelUri::Version { name, .. }
            | ModelUri::Alias { name, .. }
            | ModelUri::Latest { name, .. },
        ) => {
            let entry = belongings::registry_entry(db, &name, Hold::Read)?;
            return Ok(entry.is_some_and(|entry| {
                all_met(rights, &needs::of_version(Action::Read, entry, &name))
            }));
        }
        Some(ModelUri::LoggedModel(id)) => models.push(id),
        None => runs.extend(run_of(source)),
    }
    runs.retain(|id| !id.is_empty());
    models.retain(|id| !id.is_empty());
    let read = |resource| Need::new(Action::Read, resource, "");
    Ok(
        (runs.is_empty() || parts_are_met(db, rights, &read(Resource::Run), &runs)?)
            && (models.is_empty()
                || parts_are_met(db, rights, &read(Resource::LoggedModel), &models)?),
    )
}

/// The run in `runs:/id/path`.
fn run_of(source: &str) -> Option<String> {
    let path = source.strip_prefix("runs:/")?;
    path.split('/')
        .find(|part| !part.is_empty())
        .map(str::to_owned)
}

fn of_entry(
    action: Action,
    resource: Resource,
    entry: RegistryEntry,
    name: &str,
) -> Vec<Requirement<'_>> {
    match resource {
        Resource::ModelVersion => needs::of_version(action, entry, name),
        Resource::Alias => needs::of_alias(action, entry, name),
        _ => needs::of_model(action, entry, name),
    }
}

const fn part(resource: Resource) -> Kind {
    match resource {
        Resource::LoggedModel => Kind::LoggedModel,
        _ => Kind::Run,
    }
}

const fn entry(is_prompt: bool) -> RegistryEntry {
    if is_prompt {
        RegistryEntry::Prompt
    } else {
        RegistryEntry::Model
    }
}

/// The ids of experiments as grants have them: a client may write one in many ways.
fn experiment_ids(names: &[String]) -> Result<Vec<String>> {
    let ids = names.iter();
    ids.map(|name| Ok(validation::experiment_id(name)?.to_string()))
        .collect()
}

fn all_met(rights: Rights, requirements: &[Requirement]) -> bool {
    requirements
        .iter()
        .all(|requirement| rights.meet(requirement))
}
