//! What the sender of a request needs, as the .proto files declare it.

use std::fmt;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// By its id.
    Experiment,
    ExperimentByName,
    /// By its id; to create or list runs, their experiments.
    Run,
    /// In the same way.
    LoggedModel,
    /// A registered model or a prompt, by its name.
    RegisteredModel,
    /// The versions of a registered model or a prompt, by its name.
    ModelVersion,
    /// The aliases of a registered model or a prompt, by its name.
    Alias,
    /// What a new version is made from: its source, its run and its logged model.
    Source,
    /// A path below the destination of the artifact proxy.
    Artifact,
    /// The server with its settings.
    Server,
}

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is shown among others: those that the caller may not read are left out.
    List,
    Read,
    Create,
    Update,
    Rename,
    Delete,
    Manage,
    /// Only administrators do that.
    Administer,
}

/// One thing that the sender of a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    pub action: Action,
    pub resource: Resource,
    /// What names the resource: a field of the message, a parameter of the path or of the query. `a|b`: either of
    /// them names it; `a+b`: both together.
    pub field: &'static str,
    /// Whether it is needed only where the field is given.
    pub if_given: bool,
}

impl Need {
    /// A need of a resource that is always named.
    pub const fn new(action: Action, resource: Resource, field: &'static str) -> Self {
        Self {
            action,
            resource,
            field,
            if_given: false,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {:?}", self.action, self.resource)?;
        if !self.field.is_empty() {
            let field = self.field.replace('|', " or ").replace('+', " and ");
            write!(formatter, " of {field}")?;
        }
        if self.if_given {
            formatter.write_str(", if given")?;
        }
        Ok(())
    }
}
