//! Whose artifacts a path of the artifact proxy is about. Paths begin with the id of an experiment; what follows tells
//! whether a run, a logged model or a trace owns them.

use super::needs::{self, Action};
use super::resolution::{Key, Requirement, Right, Rights};
use super::resource_type::ResourceType as Kind;

/// The folder that MLflow puts before the experiments of a workspace.
const WORKSPACES: &str = "workspaces";
/// The folder between a run and its artifacts.
const ARTIFACTS: &str = "artifacts";
/// How many letters the id of a run has.
const LENGTH_OF_RUN_ID: usize = 32;

/// Whether a user may do something with a path. It is the path of the file itself: decoded, and without parts that mean
/// nothing.
pub fn allows(rights: Rights, action: Action, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let deletes = action == Action::Manage;
    let parts = match parts.as_slice() {
        [WORKSPACES, _, below @ ..] if !below.is_empty() => below,
        all => all,
    };
    let Some((first, below)) = parts.split_first() else {
        // With the root, everything would go.
        return !deletes && needs::is_in_default(action, rights.default);
    };
    if first.is_empty() || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        let holds_experiments = *first == WORKSPACES;
        return !(deletes && holds_experiments) && needs::is_in_default(action, rights.default);
    }
    // Other spellings of the id would be another folder with the same rights.
    let is_id = first
        .parse::<i32>()
        .is_ok_and(|id| id.to_string() == **first);
    is_id
        && requirements(action, first, owners(below, deletes))
            .iter()
            .all(|requirement| rights.meet(requirement))
}

fn requirements<'a>(
    action: Action,
    experiment: &'a str,
    owners: &'static [Kind],
) -> Vec<Requirement<'a>> {
    if owners.is_empty() {
        return needs::of_experiment(action, experiment);
    }
    let mut requirements = vec![Requirement::new(
        Right::Read,
        Key::one(Kind::Experiment, experiment),
    )];
    for owner in owners {
        requirements.extend(needs::of_part(action, *owner, experiment));
    }
    requirements
}

/// The owners of what is at a path below an experiment. A deletion takes all that is below it.
fn owners(below: &[&str], deletes: bool) -> &'static [Kind] {
    match below {
        [] if deletes => &[Kind::Run, Kind::Trace, Kind::LoggedModel],
        [] => &[],
        ["models", ..] => &[Kind::LoggedModel],
        ["traces", ..] => &[Kind::Trace],
        [_, ARTIFACTS, ..] => &[Kind::Run],
        [first, ..] if is_run_id(first) => &[Kind::Run],
        _ if deletes => &[Kind::Run],
        _ => &[],
    }
}

fn is_run_id(text: &str) -> bool {
    text.len() == LENGTH_OF_RUN_ID
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
