//! MLflow's levels of permission, what each allows, and which of two is the higher one.

use std::fmt;

/// What a grant allows on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// A veto: it wins over every grant beside it.
    Deny,
    /// Nothing, as the permission that users without a grant have. It is not granted to anybody.
    NoPermissions,
    Read,
    Use,
    Edit,
    Manage,
}

impl Permission {
    /// All of them, in the order in which MLflow lists them.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::Use,
        Self::Edit,
        Self::Manage,
        Self::NoPermissions,
        Self::Deny,
    ];

    /// Returns the permission of a name, as databases and messages have it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Deny => "DENY",
            Self::NoPermissions => "NO_PERMISSIONS",
            Self::Read => "READ",
            Self::Use => "USE",
            Self::Edit => "EDIT",
            Self::Manage => "MANAGE",
        }
    }

    /// The higher one of two permissions has the larger number.
    pub const fn priority(self) -> i8 {
        match self {
            Self::Deny => -1,
            Self::NoPermissions => 0,
            Self::Read => 1,
            Self::Use => 2,
            Self::Edit => 3,
            Self::Manage => 4,
        }
    }

    pub const fn can_read(self) -> bool {
        self.priority() >= Self::Read.priority()
    }

    pub const fn can_use(self) -> bool {
        self.priority() >= Self::Use.priority()
    }

    pub const fn can_update(self) -> bool {
        self.priority() >= Self::Edit.priority()
    }

    pub const fn can_delete(self) -> bool {
        self.priority() >= Self::Manage.priority()
    }

    pub const fn can_manage(self) -> bool {
        self.priority() >= Self::Manage.priority()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_allows_what_mlflow_says() {
        let allowed: Vec<String> = Permission::ALL
            .into_iter()
            .map(|level| {
                let rights = [
                    (level.can_read(), 'r'),
                    (level.can_use(), 'u'),
                    (level.can_update(), 'e'),
                    (level.can_delete(), 'd'),
                    (level.can_manage(), 'm'),
                ];
                let letters: String = rights
                    .into_iter()
                    .filter_map(|(allowed, letter)| allowed.then_some(letter))
                    .collect();
                format!("{level} {letters}")
            })
            .collect();
        assert_eq!(
            allowed,
            [
                "READ r",
                "USE ru",
                "EDIT rue",
                "MANAGE ruedm",
                "NO_PERMISSIONS ",
                "DENY "
            ]
        );
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.name()), Some(permission));
        }
        assert_eq!(Permission::from_name("read"), None);
    }
}
