//! What a process does not begin with itself: sockets and state from the one before, or sockets from systemd.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::net::sockopt;

use crate::change::Accepted;

/// What was inherited, and what of it is used.
#[derive(Default)]
pub(crate) struct Inheritance {
    sockets: Mutex<Sockets>,
    before: Option<Before>,
}

#[derive(Default)]
struct Sockets {
    free: Vec<(String, OwnedFd)>,
    claimed: Vec<String>,
}

/// The process before this one, which serves still.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(crate) pid: u32,
    /// How many processes served here, that one included.
    pub(crate) generation: u64,
    /// What it accepted.
    pub(crate) accepted: Accepted,
    /// What its modules offer, by their names.
    pub(crate) modules: BTreeMap<String, Vec<u8>>,
}

impl Inheritance {
    pub(crate) fn new(sockets: Vec<(String, OwnedFd)>, before: Option<Before>) -> Self {
        Self {
            sockets: Mutex::new(Sockets {
                free: sockets,
                claimed: Vec::new(),
            }),
            before,
        }
    }

    /// The process before.
    pub(crate) fn before(&self) -> Option<&Before> {
        self.before.as_ref()
    }

    /// The socket of that name, if it listens on that address; else one of another name that does, so that a listener
    /// may be renamed. Port 0 is any port, but only under the right name.
    pub(crate) fn claim(&self, name: &str, address: SocketAddr) -> Option<OwnedFd> {
        let mut sockets = self.locked();
        let here = |(other, socket): &(String, OwnedFd)| {
            listens_on(socket).is_some_and(|at| match address.port() {
                0 => at.ip() == address.ip() && other == name,
                _ => at == address,
            })
        };
        let by_name = sockets.free.iter().position(|one| one.0 == name && here(one));
        let place = by_name.or_else(|| sockets.free.iter().position(here))?;
        let (claimed, socket) = sockets.free.swap_remove(place);
        sockets.claimed.push(claimed);
        Some(socket)
    }

    /// The names of those that are used.
    pub(crate) fn claimed(&self) -> Vec<String> {
        self.locked().claimed.clone()
    }

    /// Closes those that nobody wants, and gives their names.
    pub(crate) fn close_unclaimed(&self) -> Vec<String> {
        let free = std::mem::take(&mut self.locked().free);
        free.into_iter().map(|(name, _)| name).collect()
    }

    fn locked(&self) -> MutexGuard<'_, Sockets> {
        // No code under it panics half way.
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where it listens; `None` where it is no socket that does.
fn listens_on(socket: &OwnedFd) -> Option<SocketAddr> {
    let listens = sockopt::socket_acceptconn(socket).ok()?;
    let listener = TcpListener::from(socket.try_clone().ok()?);
    listener.local_addr().ok().filter(|_| listens)
}

impl fmt::Debug for Inheritance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inheritance")
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn socket() -> (SocketAddr, OwnedFd) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        (listener.local_addr().unwrap(), listener.into())
    }

    #[test]
    fn a_socket_is_found_by_name_and_address_and_a_renamed_one_by_its_address() {
        let ((web, one), (api, other)) = (socket(), socket());
        let inheritance = Inheritance::new(
            vec![
                ("listener:web".to_owned(), one),
                ("listener:api".to_owned(), other),
            ],
            None,
        );

        let wrong_place = inheritance.claim("listener:api", SocketAddr::from(([127, 0, 0, 2], 0)));
        let renamed = inheritance.claim("listener:rest", api);
        let any_port = inheritance.claim("listener:web", SocketAddr::from(([127, 0, 0, 1], 0)));

        assert!(wrong_place.is_none());
        assert_eq!(listens_on(&renamed.unwrap()), Some(api));
        assert_eq!(listens_on(&any_port.unwrap()), Some(web));
        assert_eq!(inheritance.claimed(), ["listener:api", "listener:web"]);
    }

    #[test]
    fn what_does_not_listen_is_not_claimed_and_what_is_left_is_named_and_closed() {
        let (at, listener) = socket();
        let stream = TcpStream::connect(at).unwrap();
        let to = stream.local_addr().unwrap();
        let inheritance = Inheritance::new(
            vec![
                ("listener:stream".to_owned(), stream.into()),
                ("listener:old".to_owned(), listener),
            ],
            None,
        );

        let claimed = inheritance.claim("listener:stream", to);
        let left = inheritance.close_unclaimed();

        assert!(claimed.is_none());
        assert_eq!(left, ["listener:stream", "listener:old"]);
        assert!(TcpListener::bind(at).is_ok());
    }
}
