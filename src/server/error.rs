//! The errors that keep a server from running. Each message says what to do about it.

use std::io;

use thiserror::Error;

/// The reason why the server cannot start or has stopped.
#[derive(Debug, Error)]
pub enum ServerError {
    #[error(
        "Port {port} of {host} is taken. Choose another one with --port, or stop the program that has it."
    )]
    PortTaken { host: String, port: u16 },
    #[error("The server cannot listen on {host}, port {port}: {cause}.")]
    Bind {
        host: String,
        port: u16,
        cause: io::Error,
    },
    #[error("The server failed: {0}.")]
    Failed(#[from] io::Error),
}
