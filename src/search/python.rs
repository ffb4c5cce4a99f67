//! Formats values as Python prints them, because MLflow's messages quote values in this form.

use std::fmt::Write;

use crate::wire::python::repr;

/// Returns the `repr` of a `bytes` object.
pub fn repr_of_bytes(bytes: &[u8]) -> String {
    let mut written = String::from("b'");
    for &byte in bytes {
        let _ = match byte {
            b'\\' => written.write_str("\\\\"),
            b'\'' => written.write_str("\\'"),
            b'\n' => written.write_str("\\n"),
            b'\r' => written.write_str("\\r"),
            b'\t' => written.write_str("\\t"),
            0x20..0x7f => written.write_char(char::from(byte)),
            byte => write!(written, "\\x{byte:02x}"),
        };
    }
    written.push('\'');
    written
}

/// Returns the `repr` of a list of strings.
pub fn list<T: AsRef<str>>(elements: &[T]) -> String {
    format!("[{}]", joined(elements))
}

/// Returns the `repr` of a set of strings. Python does not define the order of its elements.
pub fn set(elements: &[&str]) -> String {
    format!("{{{}}}", joined(elements))
}

fn joined<T: AsRef<str>>(elements: &[T]) -> String {
    let elements: Vec<String> = elements
        .iter()
        .map(|element| repr(element.as_ref()))
        .collect();
    elements.join(", ")
}
