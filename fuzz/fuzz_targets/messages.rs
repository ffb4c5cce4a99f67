//! Checks that no body and no query makes the reader of requests panic, and that a request is the same after
//! it was written and read again.
#![no_main]

use flowkeep::wire::reading::{from_body, from_query};
use flowkeep::wire::request::Request;
use flowkeep::wire::{
    CreateExperiment, CreateLoggedModel, CreateModelVersion, CreateRegisteredModel, CreateRun,
    LogBatch, LogInputs, LogMetric, SearchRuns, UpdateRun,
};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;

/// The readers of the request types. The first byte of the input, a digit in the seeds, selects one of them.
const READERS: [fn(&[u8]); 10] = [
    read::<LogBatch>,
    read::<SearchRuns>,
    read::<CreateRun>,
    read::<UpdateRun>,
    read::<LogMetric>,
    read::<LogInputs>,
    read::<CreateExperiment>,
    read::<CreateRegisteredModel>,
    read::<CreateModelVersion>,
    read::<CreateLoggedModel>,
];

fuzz_target!(|input: &[u8]| {
    if let Some((first, rest)) = input.split_first() {
        READERS[usize::from(first.wrapping_sub(b'0')) % READERS.len()](rest);
    }
});

fn read<R: Request + Serialize>(input: &[u8]) {
    let of_query = std::str::from_utf8(input).ok().map(from_query::<R>);
    for request in of_query.into_iter().chain([from_body(input)]).flatten() {
        let written = serde_json::to_vec(&request).expect("a request can be written");
        let again: R = serde_json::from_slice(&written).expect("what was written can be read");
        let rewritten = serde_json::to_vec(&again).expect("a request can be written");
        assert_eq!(written, rewritten);
    }
}
