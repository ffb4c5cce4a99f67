//! Which grants there may be, refused in MLflow's words.

use super::permission::Permission;
use super::resource_type::ResourceType;
use crate::error::{Error, Result};

/// Reads the kind of a grant.
pub fn check_resource_type(name: &str) -> Result<ResourceType> {
    ResourceType::from_name(name).ok_or_else(|| {
        let known = ResourceType::ALL.map(ResourceType::name);
        Error::invalid_parameter(format!(
            "Invalid resource type '{name}'. Valid resource types are: {}",
            tuple(&known)
        ))
    })
}

/// Reads the permission of a grant on a kind of resource. On workspaces there are two levels.
pub fn check_permission(name: &str, kind: ResourceType) -> Result<Permission> {
    let permission = Permission::from_name(name).ok_or_else(|| {
        let known = Permission::ALL.map(Permission::name);
        Error::invalid_parameter(format!(
            "Invalid permission '{name}'. Valid permissions are: {}",
            tuple(&known)
        ))
    })?;
    if kind == ResourceType::Workspace {
        if !matches!(permission, Permission::Use | Permission::Manage) {
            return Err(Error::invalid_parameter(format!(
                "Invalid permission '{name}' for resource_type='workspace'. Workspace-wide grants accept only: \
                 ('MANAGE', 'USE')."
            )));
        }
    } else if permission == Permission::NoPermissions {
        return Err(Error::invalid_parameter(format!(
            "Invalid permission '{name}' for resource_type='{kind}'. Resource-level grants accept only: \
             ('DENY', 'EDIT', 'MANAGE', 'READ', 'USE')."
        )));
    }
    Ok(permission)
}

/// Refuses a pattern that would be kept and never match.
pub fn check_pattern(pattern: &str, kind: ResourceType) -> Result<()> {
    if pattern == "*" {
        return Ok(());
    }
    if !kind.takes_ids() {
        return Err(Error::invalid_parameter(format!(
            "Invalid resource_pattern '{pattern}' for resource_type='{kind}'. This resource type supports only \
             wildcard ('*') grants."
        )));
    }
    // Experiments are asked for as numbers: a grant on '01' would be one on nothing.
    if kind == ResourceType::Experiment
        && pattern
            .trim()
            .parse::<i64>()
            .is_ok_and(|id| id.to_string() != pattern)
    {
        return Err(Error::invalid_parameter(format!(
            "Invalid resource_pattern '{pattern}' for resource_type='{kind}'. Write the number as the server does."
        )));
    }
    Ok(())
}

/// Checks a whole grant.
pub fn check_grant(resource_type: &str, pattern: &str, permission: &str) -> Result<()> {
    let kind = check_resource_type(resource_type)?;
    check_permission(permission, kind)?;
    check_pattern(pattern, kind)
}

/// Names as Python shows a tuple of them.
fn tuple(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("({})", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(resource_type: &str, pattern: &str, permission: &str) -> String {
        check_grant(resource_type, pattern, permission).map_or_else(
            |error| error.message.into_owned(),
            |()| "granted".to_owned(),
        )
    }

    #[test]
    fn grants_are_checked_in_the_words_of_mlflow() {
        let said = [
            refusal("experiment", "7", "EDIT"),
            refusal("registered_model", "a/b", "DENY"),
            refusal("workspace", "*", "MANAGE"),
            refusal("run", "*", "READ"),
            refusal("experiment", "7", "OWN"),
            refusal("table", "7", "READ"),
            refusal("workspace", "*", "EDIT"),
            refusal("experiment", "7", "NO_PERMISSIONS"),
            refusal("run", "abc", "READ"),
            refusal("workspace", "default", "USE"),
            refusal("experiment", "07", "DENY"),
            refusal("experiment", " 7", "DENY"),
            refusal("experiment", "+7", "DENY"),
        ];
        insta::assert_snapshot!(said.join("\n"));
    }
}
