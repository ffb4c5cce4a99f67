//! Whose artifacts a path of the proxy is about.

use super::grants;
use crate::access::needs::Action;
use crate::access::permission::Permission;
use crate::access::proxy_path::allows;
use crate::access::resolution::Rights;

const RUN: &str = "0123456789abcdef0123456789abcdef";

fn may(rows: &[(&str, &str, Permission)], action: Action, path: &str) -> bool {
    let grants = grants(rows);
    let rights = Rights {
        grants: &grants,
        default: Permission::NoPermissions,
    };
    allows(rights, action, path)
}

#[test]
fn a_path_belongs_to_the_experiment_at_its_beginning() {
    let edit = [("experiment", "7", Permission::Edit)];
    for path in ["7", "7/x", "7/models/m-1/artifacts/a", "workspaces/w/7/x"] {
        assert!(may(&edit, Action::Read, path), "{path}");
        assert!(may(&edit, Action::Update, path), "{path}");
        assert!(!may(&edit, Action::Manage, path), "{path}");
    }
    for path in ["", "8/x", "77/x", "x/7", "workspaces/7", "07/x", "7x/x"] {
        assert!(!may(&edit, Action::Read, path), "{path}");
    }
}

#[test]
fn other_spellings_of_an_experiment_are_refused_whatever_is_granted() {
    let all = [("experiment", "*", Permission::Manage)];
    assert!(may(&all, Action::Read, "7/x"));
    for path in ["07/x", "007", "99999999999/x", "workspaces/w/07/x"] {
        assert!(!may(&all, Action::Read, path), "{path}");
    }
}

#[test]
fn the_folder_tells_who_owns_the_artifact() {
    let vetoes = [
        ("run", format!("7/{RUN}/artifacts/a")),
        ("run", format!("7/{RUN}")),
        ("run", "7/anything/artifacts".to_owned()),
        ("logged_model", "7/models/m-1/artifacts/a".to_owned()),
        ("logged_model", "7/models".to_owned()),
        ("trace", "7/traces/tr-1/artifacts/a".to_owned()),
    ];
    for (kind, path) in &vetoes {
        let mut rows = vec![("experiment", "7", Permission::Manage)];
        assert!(may(&rows, Action::Read, path), "{path}");
        assert!(may(&rows, Action::Manage, path), "{path}");
        rows.push((kind, "*", Permission::Deny));
        assert!(!may(&rows, Action::Read, path), "{path}");
        assert!(!may(&rows, Action::Manage, path), "{path}");
        // With the folder of the experiment, all would go.
        assert!(!may(&rows, Action::Manage, "7"), "{path}");
        assert!(may(&rows, Action::Read, "7"), "{path}");
    }
}

#[test]
fn without_a_right_to_read_the_experiment_a_right_to_its_runs_is_none() {
    let rows = [
        ("experiment", "7", Permission::Deny),
        ("run", "*", Permission::Manage),
    ];
    assert!(!may(&rows, Action::Read, &format!("7/{RUN}/artifacts/a")));
}

#[test]
fn nobody_but_administrators_deletes_what_holds_experiments() {
    let grants = grants(&[]);
    let rights = Rights {
        grants: &grants,
        default: Permission::Manage,
    };
    for path in ["", "workspaces", "workspaces/w"] {
        assert!(allows(rights, Action::Update, path), "{path}");
        assert!(!allows(rights, Action::Manage, path), "{path}");
    }
    assert!(allows(rights, Action::Manage, "shared/file"));
}
