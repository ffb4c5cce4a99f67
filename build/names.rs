//! Translates names of .proto files into the names that prost uses in Rust.

use std::fmt::Write;

/// Returns the Rust path of a message: `mlflow.CreateRun.Response` is
/// `crate::wire::create_run::Response`.
pub fn rust_path(full_name: &str) -> String {
    let name = full_name
        .strip_prefix("mlflow.")
        .expect("a name of MLflow's packages");
    let parts: Vec<&str> = name.split('.').collect();
    let mut path = String::from("crate::wire");
    for part in &parts[..parts.len() - 1] {
        write!(path, "::{}", snake_case(part)).expect("a String takes everything");
    }
    write!(path, "::{}", parts[parts.len() - 1]).expect("a String takes everything");
    path
}

/// Returns the Rust name of a field, escaped if it is a keyword.
pub fn rust_field(name: &str) -> String {
    match name {
        "type" => "r#type".to_owned(),
        name => name.to_owned(),
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
