//! Generates a list of all message types for the tests, so that they cover every type.

use std::fmt::Write;

use prost_reflect::DescriptorPool;

use super::messages::is_ours;
use super::names::rust_path;

/// Generates a macro that calls a generic function for each message type, with the message's name.
pub fn generate(pool: &DescriptorPool) -> String {
    let mut code = String::from("macro_rules! for_every_message { ($function:ident) => {\n");
    for message in pool.all_messages().filter(is_ours) {
        let name = message.full_name();
        writeln!(code, "$function::<{}>({name:?});", rust_path(name)).unwrap();
    }
    code.push_str("} }\n");
    code
}
