//! The text of a refusal. The UI shows it as one line for some seconds, and notebooks print it after a stack trace:
//! the first sentence says the essential, the requirements with their remedies follow, and the end says where to read more.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::facts::Target;
use super::report::{Report, Requirement};

/// What stands for itself in a part of a path, by RFC 3986.
const PATH_PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How many requirements the first sentence names, where there are more than one beyond them.
const NAMED: usize = 6;

impl Report {
    /// How much is missing, each requirement that is not met, and how to meet it.
    pub fn details(&self) -> String {
        let unmet: Vec<&Requirement> = self.unmet().collect();
        let mut message = first_sentence(&self.policy, &unmet, self.requirements.len());
        let Self { model, version, .. } = self;
        let what = match &self.target {
            Target::Registration => format!("A version of model '{model}' cannot be registered"),
            Target::Stage(stage) => {
                let stage = stage.as_str();
                format!("Version {version} of model '{model}' cannot enter {stage}")
            }
            Target::Alias(alias) => {
                format!("Version {version} of model '{model}' cannot get the alias '{alias}'")
            }
        };
        // Writing to a String cannot fail.
        let _ = write!(message, " {what}:");
        for requirement in unmet {
            message.push_str(&item(requirement));
        }
        message
    }

    /// Where everything stands that was looked at. A version that was not registered has no page of its own.
    pub fn read_more(&self) -> String {
        let model = utf8_percent_encode(&self.model, PATH_PART);
        match self.target {
            Target::Registration => read_policy(&self.policy),
            Target::Stage(_) | Target::Alias(_) => format!(
                "Read more: /api/1.0/flowkeep/model-versions/{model}/{}/gates on this server, or \
                 `flowkeep policy show {}`.",
                self.version, self.policy
            ),
        }
    }
}

/// Where to read a policy.
pub fn read_policy(policy: &str) -> String {
    format!(
        "Read more: /api/1.0/flowkeep/policies?name={policy} on this server, or `flowkeep policy show {policy}`."
    )
}

/// How many requirements of a policy are not met, and which.
pub fn first_sentence(policy: &str, unmet: &[&Requirement], of: usize) -> String {
    let count = match (unmet.len(), of) {
        (1, 1) => "1 requirement".to_owned(),
        (unmet, of) => format!("{unmet} of {of} requirements"),
    };
    let are = if unmet.len() == 1 { "is" } else { "are" };
    let named = match unmet.len() {
        all if all <= NAMED + 1 => all,
        _ => NAMED,
    };
    let ids: Vec<&str> = unmet[..named]
        .iter()
        .map(|requirement| requirement.id.as_str())
        .collect();
    let more = match unmet.len() - named {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{count} of policy '{policy}' {are} not met: {}{more}.",
        ids.join(", ")
    )
}

/// A line of the list: what was found, and how to do better.
pub fn item(requirement: &Requirement) -> String {
    let Requirement {
        id, explanation, ..
    } = requirement;
    let remedy = requirement
        .remedy
        .as_deref()
        .map_or_else(String::new, |remedy| format!(" {remedy}"));
    format!("\n- {id}: {explanation}{remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(unmet: usize, of: usize) -> String {
        let requirements: Vec<Requirement> = (1..=unmet)
            .map(|n| Requirement::unmet(format!("rule:{n}"), "it is not so."))
            .collect();
        let unmet: Vec<&Requirement> = requirements.iter().collect();
        first_sentence("meridian", &unmet, of)
    }

    #[test]
    fn the_first_sentence_counts_and_names() {
        assert_eq!(
            first(1, 1),
            "1 requirement of policy 'meridian' is not met: rule:1."
        );
        assert_eq!(
            first(1, 4),
            "1 of 4 requirements of policy 'meridian' is not met: rule:1."
        );
        assert_eq!(
            first(2, 4),
            "2 of 4 requirements of policy 'meridian' are not met: rule:1, rule:2."
        );
        assert!(first(7, 7).ends_with("rule:6, rule:7."));
        assert!(first(8, 9).ends_with("rule:6 and 2 more."));
    }
}
