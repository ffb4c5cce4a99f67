//! Names every message type to the tests, so that none of them can be forgotten there.

use std::fmt::Write;

use prost_reflect::DescriptorPool;

use super::messages::is_ours;
use super::names::rust_path;

/// A macro that calls a generic function once for each type, with the name of its message.
pub fn generate(pool: &DescriptorPool) -> String {
    let mut code = String::from("macro_rules! for_every_message { ($function:ident) => {\n");
    for message in pool.all_messages().filter(is_ours) {
        let name = message.full_name();
        writeln!(code, "$function::<{}>({name:?});", rust_path(name)).unwrap();
    }
    code.push_str("} }\n");
    code
}
