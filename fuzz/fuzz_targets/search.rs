//! Checks that no text makes the parser of filters and orders panic, and that a printed filter is
//! read as the same tree.
#![no_main]

use flowkeep::search::{Subject, parse_filter, parse_order_by};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for subject in [
        Subject::Runs,
        Subject::Experiments,
        Subject::RegisteredModels,
        Subject::ModelVersions,
        Subject::LoggedModels,
    ] {
        let _ = parse_order_by(text, subject);
        if let Ok(tree) = parse_filter(text, subject) {
            let again = parse_filter(&tree.to_string(), subject);
            assert_eq!(format!("{again:?}"), format!("Ok({tree:?})"));
        }
    }
});
