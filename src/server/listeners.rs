//! The addresses that the server listens on. They are taken before anything else is done, so that a server
//! that cannot have them leaves nothing behind.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use super::error::ServerError;
use crate::config::HttpSettings;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 2048;

/// One listener for each address of the host.
#[derive(Debug)]
pub struct Listeners(Vec<TcpListener>);

impl Listeners {
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
            // A name such as localhost may have an address that this machine does not.
            Some(cause) if listeners.is_empty() => Err(cannot_bind(http, cause)),
            _ => Ok(Self(listeners)),
        }
    }

    /// The same listeners, for another server that takes connections from them.
    pub fn try_clone(&self) -> io::Result<Vec<TcpListener>> {
        self.0.iter().map(TcpListener::try_clone).collect()
    }

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
    // The port of a server that has just stopped is free.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn cannot_bind(http: &HttpSettings, cause: io::Error) -> ServerError {
    let (host, port) = (http.host.clone(), http.port);
    if cause.kind() == io::ErrorKind::AddrInUse {
        ServerError::PortTaken { host, port }
    } else {
        ServerError::Bind { host, port, cause }
    }
}
