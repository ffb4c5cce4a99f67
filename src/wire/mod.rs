//! MLflow's messages and their JSON, generated from `proto/`.
//!
//! All other modules use these types; there is no second set of structs with the same fields. This
//! module uses `error` only.

pub mod json;
pub mod list_writer;
pub mod names;
pub mod needs;
pub mod python;
pub mod reading;
pub mod request;
mod validation;

mod generated {
    #![allow(
        clippy::all,
        clippy::pedantic,
        dead_code,
        reason = "generated code follows its generator's style"
    )]
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

pub use generated::mlflow::*;

mod requests {
    #![allow(
        clippy::all,
        clippy::pedantic,
        reason = "generated code follows its generator's style"
    )]
    include!(concat!(env!("OUT_DIR"), "/requests.rs"));
}

#[cfg(test)]
mod tests;
