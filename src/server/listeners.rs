//! Binds the addresses that the server listens on.
//!
//! This happens before any other work, so that a server that cannot bind leaves no files behind.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use super::error::ServerError;
use crate::config::HttpSettings;

/// The maximum number of connections that wait to be accepted.
const BACKLOG: i32 = 2048;

/// The listeners of a server, one for each address of its host.
#[derive(Debug)]
pub struct Listeners(Vec<TcpListener>);

impl Listeners {
    /// Binds all addresses of the configured host. Fails if none of them can be bound.
    pub fn bind(http: &HttpSettings) -> Result<Self, ServerError> {
        let addresses = (http.host.as_str(), http.port)
            .to_socket_addrs()
            .map_err(|cause| cannot_bind(http, cause))?;
        let mut listeners = Vec::new();
        let mut failure = None;
        for address in addresses {
            match listen(address) {
                Ok(listener) => listeners.push(listener),
                Err(cause) => failure = Some(cause),
            }
        }
        match failure {
            // A name such as localhost can have an address that this machine does not have.
            Some(cause) if listeners.is_empty() => Err(cannot_bind(http, cause)),
            _ => Ok(Self(listeners)),
        }
    }

    /// Returns the same listeners for another server that also accepts their connections.
    pub fn try_clone(&self) -> io::Result<Vec<TcpListener>> {
        self.0.iter().map(TcpListener::try_clone).collect()
    }

    /// Whether only this machine can reach them.
    pub fn are_local(&self) -> bool {
        let is_local = |listener: &TcpListener| {
            listener
                .local_addr()
                .is_ok_and(|address| address.ip().is_loopback())
        };
        self.0.iter().all(is_local)
    }

    /// Returns the listeners.
    pub fn into_inner(self) -> Vec<TcpListener> {
        self.0
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Allows the port of a server that has just stopped to be bound again.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Returns the error for an address that cannot be bound.
fn cannot_bind(http: &HttpSettings, cause: io::Error) -> ServerError {
    let (host, port) = (http.host.clone(), http.port);
    if cause.kind() == io::ErrorKind::AddrInUse {
        ServerError::PortTaken { host, port }
    } else {
        ServerError::Bind { host, port, cause }
    }
}
