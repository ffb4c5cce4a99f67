//! Decisions without a database.

mod paths;
mod resolutions;

use std::sync::Arc;

use super::caller::{Grant, Grants};
use super::permission::Permission;

/// Grants of one role in the workspace that all resources are in: kind, pattern, permission.
pub fn grants(rows: &[(&str, &str, Permission)]) -> Arc<Grants> {
    let rows = rows.iter().map(|(kind, pattern, permission)| Grant {
        role_id: 1,
        role_name: "tested".to_owned(),
        workspace: "default".to_owned(),
        resource_type: (*kind).to_owned(),
        resource_pattern: (*pattern).to_owned(),
        permission: *permission,
    });
    Arc::new(Grants {
        rows: rows.collect(),
        ..Grants::default()
    })
}
