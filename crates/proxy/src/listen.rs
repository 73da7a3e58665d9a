//! The accept queues.

mod inherit;

use std::io;
use std::net::{SocketAddr, TcpListener};

use graylane_config::Listener;
use graylane_core::Name;
use socket2::{Domain, Protocol, Socket, Type};

pub use inherit::{InheritError, inherit};

/// Connections that the system keeps for us while all workers are busy; the system may cap it (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// Why a listener could not be bound, and which one.
#[derive(Debug, thiserror::Error)]
#[error("listener `{name}` cannot listen on {address}")]
pub struct BindError {
    /// The listener.
    pub name: Name,
    /// Its address.
    pub address: SocketAddr,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Binds one listener. Its queue is shared by all workers.
///
/// # Errors
/// The address is in use, not of this machine, or its port is privileged.
pub fn bind(listener: &Listener) -> Result<TcpListener, BindError> {
    open(listener.address).map_err(|source| BindError {
        name: listener.name.clone(),
        address: listener.address,
        source,
    })
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a restarted gateway bind while connections of the last one are still in TIME_WAIT. It is not SO_REUSEPORT:
    // two gateways on one port would each get a part of the connections, and one that ends would lose its part.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
