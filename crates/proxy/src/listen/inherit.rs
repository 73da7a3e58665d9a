//! Sockets that another process has bound: the one before us, or a supervisor.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use graylane_config::Listener;
use graylane_core::Name;
use socket2::{Domain, Protocol, Socket, Type};

/// Why a descriptor cannot serve as a listener.
#[derive(Debug, thiserror::Error)]
pub enum InheritError {
    /// It is something else.
    #[error("what was inherited for listener `{name}` is {is}, not a listening TCP socket")]
    NotListening {
        /// The listener.
        name: Name,
        /// What it is instead.
        is: &'static str,
    },
    /// It listens elsewhere.
    #[error("the socket inherited for listener `{name}` listens on {bound}, not on {wanted}")]
    Elsewhere {
        /// The listener.
        name: Name,
        /// Where the configuration has it.
        wanted: SocketAddr,
        /// Where it is.
        bound: SocketAddr,
    },
    /// The system does not say, or does not let us have it as it must be.
    #[error("the socket inherited for listener `{name}` cannot be used")]
    Unusable {
        /// The listener.
        name: Name,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Takes a descriptor that was inherited as the socket of this listener: it must be a listening TCP socket at the configured
/// address, where port 0 stands for any. It is made non-blocking, and closed in programs that this one starts.
///
/// # Errors
/// It is none, or listens elsewhere; it is closed then.
pub fn inherit(descriptor: OwnedFd, listener: &Listener) -> Result<TcpListener, InheritError> {
    let name = || listener.name.clone();
    let unusable = |source| InheritError::Unusable { name: name(), source };
    let socket = Socket::from(descriptor);
    if let Some(is) = otherwise(&socket).map_err(unusable)? {
        return Err(InheritError::NotListening { name: name(), is });
    }
    socket.set_nonblocking(true).map_err(unusable)?;
    socket.set_cloexec(true).map_err(unusable)?;
    let socket = TcpListener::from(socket);
    let (wanted, bound) = (listener.address, socket.local_addr().map_err(unusable)?);
    if bound.ip() != wanted.ip() || (wanted.port() != 0 && bound.port() != wanted.port()) {
        return Err(InheritError::Elsewhere {
            name: name(),
            wanted,
            bound,
        });
    }
    Ok(socket)
}

/// What a descriptor is, where it is no listening TCP socket.
fn otherwise(socket: &Socket) -> io::Result<Option<&'static str>> {
    // The system has an answer for every socket, and none for anything else.
    let Ok(domain) = socket.domain() else {
        return Ok(Some("no socket"));
    };
    if domain != Domain::IPV4 && domain != Domain::IPV6 {
        return Ok(Some("a socket of another family"));
    }
    if socket.r#type()? != Type::STREAM || socket.protocol()? != Some(Protocol::TCP) {
        return Ok(Some("a socket of another protocol"));
    }
    Ok((!socket.is_listener()?).then_some("a socket that does not listen"))
}

#[cfg(test)]
mod tests;
