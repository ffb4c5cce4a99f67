//! Effective permissions, held against what stock MLflow's own functions decided.

use serde::Deserialize;

use super::grants;
use crate::access::ResourceType;
use crate::access::permission::Permission;
use crate::access::resolution::{Key, Requirement, Right, Rights};
use crate::store::search::VisibleNames;

/// Written by compat-tests/access/resolutions.py, which also sees to it that it stays true.
const RECORDED: &str = include_str!("resolutions.jsonl");

#[derive(Deserialize)]
struct Case {
    grants: Vec<[String; 3]>,
    default: String,
    /// The keys that may decide, in order: type, id and action.
    rungs: Vec<[String; 3]>,
    permission: String,
    met: bool,
}

fn permission(name: &str) -> Permission {
    Permission::from_name(name).unwrap_or_else(|| panic!("{name}"))
}

fn right(name: &str) -> Right {
    match name {
        "not_denied" => Right::NotDenied,
        "read" => Right::Read,
        "use" => Right::Use,
        "update" => Right::Update,
        "delete" => Right::Delete,
        "manage" => Right::Manage,
        other => panic!("{other}"),
    }
}

#[test]
fn each_decision_is_that_of_stock() {
    let mut met = 0;
    let cases: Vec<&str> = RECORDED.lines().collect();
    for line in &cases {
        let case: Case = serde_json::from_str(line).unwrap();
        let rows: Vec<_> = case
            .grants
            .iter()
            .map(|[kind, pattern, level]| (kind.as_str(), pattern.as_str(), permission(level)))
            .collect();
        let grants = grants(&rows);
        let rights = Rights {
            grants: &grants,
            default: permission(&case.default),
        };
        let mut rungs = case.rungs.iter().map(|[kind, id, action]| {
            let kind = ResourceType::from_name(kind).unwrap();
            (right(action), Key::one(kind, id.as_str()))
        });
        let (own, key) = rungs.next().unwrap();
        let requirement = rungs.fold(Requirement::new(own, key), |requirement, (right, key)| {
            requirement.or_else(right, key)
        });
        let (decided, _) = rights.governing(&requirement);
        assert_eq!(decided.name(), case.permission, "{line}");
        assert_eq!(rights.meet(&requirement), case.met, "{line}");
        met += usize::from(case.met);
    }
    assert!(met > 250 && met < cases.len() - 250, "{met}");
}

#[test]
fn what_is_listed_is_what_can_be_read_one_by_one() {
    let kind = ResourceType::Experiment;
    for line in RECORDED.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let rows: Vec<_> = case
            .grants
            .iter()
            .map(|[kind, pattern, level]| (kind.as_str(), pattern.as_str(), permission(level)))
            .collect();
        let grants = grants(&rows);
        let rights = Rights {
            grants: &grants,
            default: permission(&case.default),
        };
        let visible = rights.readable(kind);
        for id in ["1", "2", "3"] {
            let readable = Requirement::new(Right::Read, Key::one(kind, id));
            assert_eq!(visible.holds(id), rights.meet(&readable), "{id} {line}");
        }
    }
}

#[test]
fn only_grants_of_the_workspace_of_all_resources_count() {
    let mut elsewhere = super::grants(&[("experiment", "*", Permission::Manage)])
        .rows
        .clone();
    elsewhere[0].workspace = "other".to_owned();
    let grants = crate::access::Grants {
        rows: elsewhere,
        ..crate::access::Grants::default()
    };
    let rights = Rights {
        grants: &grants,
        default: Permission::NoPermissions,
    };
    assert_eq!(
        rights.readable(ResourceType::Experiment),
        VisibleNames::NOTHING
    );
}
