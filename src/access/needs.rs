//! What a route needs, and what its needs mean in MLflow's permissions.

use std::fmt;

use super::permission::Permission;
use super::resolution::{Key, Requirement, Right};
use super::resource_type::ResourceType as Kind;
use crate::store::belongings::RegistryEntry;

pub use crate::wire::needs::{Action, Need, Resource};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a login: what a load balancer or a client must read first.
    Public,
    /// Every user.
    User,
    /// Users who have all of these.
    Needs(&'static [Need]),
}

/// What only administrators may call.
pub const ADMINISTRATORS: Access =
    Access::Needs(&[Need::new(Action::Administer, Resource::Server, "")]);

/// What is deleted with an experiment.
const PARTS_OF_EXPERIMENTS: [Kind; 7] = [
    Kind::Run,
    Kind::Trace,
    Kind::LoggedModel,
    Kind::Assessment,
    Kind::ReviewQueue,
    Kind::Scorer,
    Kind::ScorerVersion,
];

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => formatter.write_str("everybody"),
            Self::User => formatter.write_str("every user"),
            Self::Needs(needs) => {
                let needs: Vec<String> = needs.iter().map(Need::to_string).collect();
                formatter.write_str(&needs.join("; "))
            }
        }
    }
}

impl Action {
    /// The right that the action takes. Creation asks for the right to change what it adds to.
    const fn right(self) -> Right {
        match self {
            Self::List | Self::Read => Right::Read,
            Self::Create | Self::Update | Self::Rename => Right::Update,
            Self::Delete => Right::Delete,
            Self::Manage | Self::Administer => Right::Manage,
        }
    }
}

/// What an action on an experiment requires.
pub fn of_experiment(action: Action, id: &str) -> Vec<Requirement<'_>> {
    if action == Action::Create {
        return vec![Requirement::new(
            Right::NotDenied,
            Key::all(Kind::Experiment),
        )];
    }
    let experiment = || Key::one(Kind::Experiment, id);
    let mut requirements = vec![Requirement::new(action.right(), experiment())];
    if action == Action::Delete {
        requirements.extend(PARTS_OF_EXPERIMENTS.map(|part| {
            Requirement::new(Right::Delete, Key::all(part)).or_else(Right::Delete, experiment())
        }));
    }
    requirements
}

/// What an action on a run, a logged model or a trace of an experiment requires. Who may not read an experiment gets at
/// nothing in it.
pub fn of_part(action: Action, part: Kind, experiment: &str) -> Vec<Requirement<'_>> {
    let key = || Key::one(Kind::Experiment, experiment);
    if action == Action::Create {
        return vec![
            Requirement::new(Right::Update, key()),
            Requirement::new(Right::NotDenied, Key::all(part)),
        ];
    }
    vec![
        Requirement::new(Right::Read, key()),
        Requirement::new(action.right(), Key::all(part)).or_else(action.right(), key()),
    ]
}

/// What an action on a registered model or a prompt requires.
pub fn of_model(action: Action, entry: RegistryEntry, name: &str) -> Vec<Requirement<'_>> {
    let model = || Key::one(entry.kind(), name);
    match action {
        Action::Create => vec![Requirement::new(Right::NotDenied, model())],
        Action::Delete => vec![
            Requirement::new(Right::Delete, model()),
            Requirement::new(Right::Delete, Key::all(entry.versions()))
                .or_else(Right::Delete, model()),
        ],
        action => vec![Requirement::new(action.right(), model())],
    }
}

/// What an action on versions of a registered model or a prompt requires.
pub fn of_version(action: Action, entry: RegistryEntry, name: &str) -> Vec<Requirement<'_>> {
    let model = || Key::one(entry.kind(), name);
    let versions = || Key::all(entry.versions());
    match action {
        Action::Read | Action::List | Action::Create => vec![
            Requirement::new(action.right(), model()),
            Requirement::new(Right::NotDenied, versions()),
        ],
        action => vec![
            Requirement::new(Right::Read, model()),
            Requirement::new(action.right(), versions()).or_else(action.right(), model()),
        ],
    }
}

/// What an action on an alias of a registered model or a prompt requires. An alias tells which version it points to.
pub fn of_alias(action: Action, entry: RegistryEntry, name: &str) -> Vec<Requirement<'_>> {
    let model = || Key::one(entry.kind(), name);
    vec![
        Requirement::new(action.right(), model()),
        Requirement::new(Right::Read, Key::all(entry.versions())).or_else(Right::Read, model()),
    ]
}

/// Whether an action on what belongs to no experiment is open to users without a grant.
pub fn is_in_default(action: Action, default: Permission) -> bool {
    action.right().is_in(default)
}

impl RegistryEntry {
    pub const fn kind(self) -> Kind {
        match self {
            Self::Model => Kind::RegisteredModel,
            Self::Prompt => Kind::Prompt,
        }
    }

    pub const fn versions(self) -> Kind {
        match self {
            Self::Model => Kind::RegisteredModelVersion,
            Self::Prompt => Kind::PromptVersion,
        }
    }
}
