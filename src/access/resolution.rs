//! Which permission decides, and whether it is enough. Pure: grants go in, a decision comes out, as MLflow makes it.
//!
//! There are two steps. Within a key (a kind of resource with an id), `DENY` wins over all other grants, else the
//! highest counts; grants on `*` and on the id count alike. Of the keys of a requirement, the first one that has any
//! grant decides, and the others are not asked.

use std::borrow::Cow;

use super::caller::{Grant, Grants};
use super::permission::Permission;
use super::resource_type::ResourceType;
use crate::store::search::VisibleNames;

/// The workspace that all resources are in, and the only one whose grants count: there are no others.
const WORKSPACE: &str = "default";
/// Stands for all resources of a kind.
pub const ALL: &str = "*";

/// What a requirement asks of the permission that decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// That it is no veto.
    NotDenied,
    Read,
    Use,
    Update,
    Delete,
    Manage,
}

impl Right {
    /// Whether a permission is enough.
    pub const fn is_in(self, permission: Permission) -> bool {
        match self {
            Self::NotDenied => !matches!(permission, Permission::Deny),
            Self::Read => permission.can_read(),
            Self::Use => permission.can_use(),
            Self::Update => permission.can_update(),
            Self::Delete => permission.can_delete(),
            Self::Manage => permission.can_manage(),
        }
    }
}

/// Where grants are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    pub kind: ResourceType,
    pub id: Cow<'a, str>,
}

impl<'a> Key<'a> {
    /// One resource.
    pub fn one(kind: ResourceType, id: impl Into<Cow<'a, str>>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// All resources of a kind, for kinds of which no single resource is granted.
    pub const fn all(kind: ResourceType) -> Self {
        Self {
            kind,
            id: Cow::Borrowed(ALL),
        }
    }
}

/// A right on a resource that a request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The keys that may decide it, each with the right that it must give then.
    rungs: Vec<(Key<'a>, Right)>,
}

impl<'a> Requirement<'a> {
    pub fn new(right: Right, key: Key<'a>) -> Self {
        Self {
            rungs: vec![(key, right)],
        }
    }

    /// Lets another key decide where those so far have no grant.
    #[must_use]
    pub fn or_else(mut self, right: Right, key: Key<'a>) -> Self {
        self.rungs.push((key, right));
        self
    }
}

/// What one user may do.
#[derive(Clone, Copy, Debug)]
pub struct Rights<'a> {
    pub grants: &'a Grants,
    /// The permission of a user who has no grant, and the least that a grant gives.
    pub default: Permission,
}

impl Rights<'_> {
    /// Whether a requirement is met.
    pub fn meet(self, requirement: &Requirement) -> bool {
        let (permission, right) = self.governing(requirement);
        right.is_in(permission)
    }

    /// Returns the permission that decides a requirement, and the right that it must give.
    pub fn governing(self, requirement: &Requirement) -> (Permission, Right) {
        let inherited = requirement.rungs.last();
        let right = inherited.map_or(Right::Manage, |(_, right)| *right);
        if self.grants.administers(WORKSPACE) {
            let own = requirement.rungs.first();
            return (Permission::Manage, own.map_or(right, |(_, right)| *right));
        }
        for (key, right) in &requirement.rungs {
            if let Some(granted) = self.granted(key) {
                return (self.raised(granted), *right);
            }
        }
        (self.default, right)
    }

    /// Whether a kind of resources is vetoed as a whole.
    pub fn are_denied(self, kind: ResourceType) -> bool {
        !self.meet(&Requirement::new(Right::NotDenied, Key::all(kind)))
    }

    /// Returns which resources of a kind the user may read.
    pub fn readable(self, kind: ResourceType) -> VisibleNames {
        let may_read = |id: &str| self.meet(&Requirement::new(Right::Read, Key::one(kind, id)));
        let others = self.meet(&Requirement::new(Right::Read, Key::all(kind)));
        let mut exceptions: Vec<String> = self
            .of_kind(kind)
            .map(|grant| grant.resource_pattern.as_str())
            .filter(|id| *id != ALL && may_read(id) != others)
            .map(str::to_owned)
            .collect();
        exceptions.sort_unstable();
        exceptions.dedup();
        match (others, exceptions.is_empty()) {
            (true, true) => VisibleNames::All,
            (true, false) => VisibleNames::Except(exceptions),
            (false, _) => VisibleNames::Only(exceptions),
        }
    }

    /// The permission that the grants of a key come to. None where there is none.
    fn granted(self, key: &Key) -> Option<Permission> {
        let matching = self.of_kind(key.kind).filter(|grant| {
            let pattern = grant.resource_pattern.as_str();
            pattern == ALL || (key.kind.takes_ids() && pattern == key.id)
        });
        matching
            .map(|grant| grant.permission)
            .reduce(|one, other| match (one, other) {
                (Permission::Deny, _) | (_, Permission::Deny) => Permission::Deny,
                _ => higher(one, other),
            })
    }

    fn of_kind(&self, kind: ResourceType) -> impl Iterator<Item = &Grant> {
        self.grants
            .rows
            .iter()
            .filter(move |grant| grant.resource_type == kind.name() && grant.workspace == WORKSPACE)
    }

    /// A positive grant gives no less than every user has anyhow.
    fn raised(self, granted: Permission) -> Permission {
        match granted {
            Permission::Deny | Permission::NoPermissions => granted,
            positive => higher(positive, self.default),
        }
    }
}

fn higher(one: Permission, other: Permission) -> Permission {
    if one.priority() >= other.priority() {
        one
    } else {
        other
    }
}
