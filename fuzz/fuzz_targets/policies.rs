//! Checks that no text makes the parser of policies or of test cases panic, and that no parsed policy makes the
//! evaluation panic.
#![no_main]

use std::sync::LazyLock;

use flowkeep::lifecycle::policy::cases::Cases;
use flowkeep::lifecycle::policy::{Policy, find_tie};
use libfuzzer_sys::fuzz_target;

/// The cases on which the policies are evaluated.
static CASES: LazyLock<Cases> = LazyLock::new(|| {
    Cases::parse(include_str!("../../examples/meridian-policy-cases.yaml"))
        .expect("the example is right")
});

fuzz_target!(|text: &str| {
    if let Ok(policies) = Policy::parse_all(text) {
        for policy in &policies {
            let again = Policy::parse(policy.text()).expect("a policy that was read is read again");
            assert_eq!(again.hash(), policy.hash());
        }
        let _ = find_tie(&policies);
        CASES.run(&policies);
    }
    if let Ok(cases) = Cases::parse(text) {
        cases.run(&[]);
    }
});
