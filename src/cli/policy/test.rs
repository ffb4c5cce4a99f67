//! The command `flowkeep policy test`: runs test cases on policies, without a server.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::files::{PolicyFiles, read, with_position};
use crate::cli::output::{CommandResult, print};
use crate::lifecycle::policy::Report;
use crate::lifecycle::policy::cases::{CaseResult, Cases};

/// The flags of `flowkeep policy test`.
#[derive(Args)]
pub struct TestCommand {
    #[command(flatten)]
    files: PolicyFiles,

    /// Files of test cases. Without them, only the policies are checked
    #[arg(value_name = "CASES")]
    cases: Vec<PathBuf>,

    /// Print the results as JSON, with the report of each requirement
    #[arg(long)]
    json: bool,
}

impl TestCommand {
    /// Runs the test cases and prints their results. Fails if a case fails.
    pub fn run(self) -> CommandResult {
        let policies = self.files.read()?;
        let mut results = Vec::new();
        for file in &self.cases {
            let cases =
                Cases::parse(&read(file)?).map_err(|problem| with_position(file, &problem))?;
            results.extend(cases.run(&policies));
        }
        let mut text = String::new();
        if self.json {
            text = serde_json::to_string_pretty(&results)? + "\n";
        } else {
            for policy in &policies {
                text += &["policy ", policy.name(), ": no mistakes\n"].concat();
            }
            for result in &results {
                text += &(describe(result) + "\n");
            }
        }
        print(&text)?;
        let failed = results.iter().filter(|result| !result.passed).count();
        if failed > 0 {
            return Err(format!("{failed} of {} cases failed", results.len()).into());
        }
        Ok(())
    }
}

/// Formats the result of a case.
fn describe(result: &CaseResult) -> String {
    if result.passed {
        return format!("ok      {}", result.name);
    }
    let outcome = |ids: &BTreeSet<String>| {
        if ids.is_empty() {
            "allowed".to_owned()
        } else {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            format!("refused for {}", ids.join(", "))
        }
    };
    let mut text = format!(
        "FAILED  {}\n        expected: {}\n        found:    {}",
        result.name,
        outcome(&result.expected),
        outcome(&result.found)
    );
    for requirement in result.report.iter().flat_map(Report::unmet) {
        text.push_str("\n        - ");
        text.push_str(&requirement.id);
        text.push_str(": ");
        text.push_str(&requirement.explanation);
    }
    text
}
