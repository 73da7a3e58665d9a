//! A server that records every byte and answers as the test says.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::head::{Fields, Head};
use crate::wait::{Gate, LIMIT, eventually};
use crate::wire::Wire;

#[cfg(test)]
mod tests;
mod turn;

pub use turn::{Next, Turn};

/// A request as the upstream saw it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// On which connection, counted from 0.
    pub connection: usize,
    /// The how-manieth request of that connection, counted from 0.
    pub nth: usize,
    /// Its head.
    pub head: Head,
    /// What was read of its body, where the script keeps it.
    pub body: Vec<u8>,
    /// The fields after a chunked body.
    pub trailers: Fields,
    /// Whether the body was read to its end.
    pub complete: bool,
}

type Script = dyn Fn(&mut Turn<'_>) -> Next + Send + Sync;

#[derive(Debug, Default)]
struct Shared {
    connections: AtomicUsize,
    open: AtomicUsize,
    stopped: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
    taps: Mutex<Vec<Arc<Mutex<Vec<u8>>>>>,
    requests: Mutex<Vec<Recorded>>,
    faults: Mutex<Vec<String>>,
}

/// A running upstream server on a port that the system chose.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Upstream {
    /// Starts one. The script is called for each request, as soon as its head is there; the body waits on the wire
    /// until the script reads it.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub fn start(script: impl Fn(&mut Turn<'_>) -> Next + Send + Sync + 'static) -> Self {
        Self::start_with(script, None)
    }

    /// As [`Upstream::start`], with a receive buffer of about so many bytes, so that a server that does not read is
    /// felt soon.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub fn start_narrow(
        receive: usize,
        script: impl Fn(&mut Turn<'_>) -> Next + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(script, Some(receive))
    }

    /// One that answers each request with what it saw of it, as JSON: see [`Turn::echo`].
    pub fn echo() -> Self {
        Self::start(|turn| turn.echo())
    }

    /// One that reads each request to its end and answers 200 with this body.
    pub fn fixed(body: &'static str) -> Self {
        Self::start(move |turn| turn.fixed(200, body))
    }

    /// The same for who comes while the gate is open; the others wait for that.
    pub fn gated(gate: &Gate, body: &'static str) -> Self {
        let gate = gate.clone();
        Self::start(move |turn| {
            gate.pass();
            turn.fixed(200, body)
        })
    }

    fn start_with(
        script: impl Fn(&mut Turn<'_>) -> Next + Send + Sync + 'static,
        receive: Option<usize>,
    ) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = listen(any, receive).expect("a port of the loopback interface");
        Self::over(listener, script)
    }

    fn over(listener: TcpListener, script: impl Fn(&mut Turn<'_>) -> Next + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting, &Arc::new(script)));
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// The requests so far, in the order of their heads.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().expect("no holder panics").clone()
    }

    /// The only request so far.
    ///
    /// # Panics
    /// When there is none, or more.
    pub fn only_request(&self) -> Recorded {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.remove(0)
    }

    /// Waits for the head of a request that satisfies the condition.
    ///
    /// # Panics
    /// When none comes.
    pub fn until_request(&self, what: &str, condition: impl Fn(&Recorded) -> bool) -> Recorded {
        let find = || self.requests().into_iter().find(&condition);
        eventually(LIMIT, what, || find().is_some());
        find().expect("found a moment ago")
    }

    /// What came on each connection, byte for byte, up to 1 MiB each.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        let taps = self.shared.taps.lock().expect("no holder panics");
        taps.iter()
            .map(|tap| tap.lock().expect("no holder panics").clone())
            .collect()
    }

    /// What came that was not HTTP, or ambiguous. A test that expects clean traffic asserts that there is none.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn faults(&self) -> Vec<String> {
        self.shared.faults.lock().expect("no holder panics").clone()
    }

    /// Closes every open connection, as a server does that restarts; new ones are still accepted.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn close_connections(&self) {
        self.drop_connections();
        eventually(LIMIT, "every connection has ended", || self.open() == 0);
    }

    /// The same under load, where there is never none.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn drop_connections(&self) {
        for stream in self.shared.streams.lock().expect("no holder panics").drain(..) {
            // The other side may have closed it already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Only a connection wakes `accept`; whether it succeeds does not matter.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
        if let Ok(streams) = self.shared.streams.lock() {
            for stream in streams.iter() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn listen(address: SocketAddr, receive: Option<usize>) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // A port that is held by somebody who does not listen may be listened on: see `DeadEnd::serve`.
    socket.set_reuse_address(address.port() != 0)?;
    if let Some(size) = receive {
        socket.set_recv_buffer_size(size)?;
    }
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

fn accept<S>(listener: &TcpListener, shared: &Arc<Shared>, script: &Arc<S>)
where
    S: Fn(&mut Turn<'_>) -> Next + Send + Sync + 'static,
{
    while let Ok((stream, _)) = listener.accept() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let connection = shared.connections.fetch_add(1, Ordering::SeqCst);
        shared.open.fetch_add(1, Ordering::SeqCst);
        let tap = Arc::new(Mutex::new(Vec::new()));
        shared
            .taps
            .lock()
            .expect("no holder panics")
            .push(Arc::clone(&tap));
        if let Ok(copy) = stream.try_clone() {
            shared.streams.lock().expect("no holder panics").push(copy);
        }
        let (shared, script) = (Arc::clone(shared), Arc::clone(script));
        thread::spawn(move || {
            // Counts the connection as ended even where the script panics.
            let _ended = Ended(&shared.open);
            // An idle connection may rest for long: the gateway decides when to close it.
            let wire = Wire::new(stream, Duration::from_secs(600)).tap(tap);
            serve(wire, connection, &shared, &*script);
        });
    }
}

struct Ended<'a>(&'a AtomicUsize);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn serve(mut wire: Wire, connection: usize, shared: &Shared, script: &Script) {
    let mut nth = 0;
    loop {
        let head = match wire.head() {
            Ok(Some(head)) => head,
            Ok(None) => break,
            Err(error) => {
                shared.note(&error);
                break;
            }
        };
        let index = {
            let mut requests = shared.requests.lock().expect("no holder panics");
            let (body, trailers, complete) = (Vec::new(), Vec::new(), false);
            requests.push(Recorded {
                connection,
                nth,
                head: head.clone(),
                body,
                trailers,
                complete,
            });
            requests.len() - 1
        };
        let mut turn = Turn::new(&mut wire, shared, head, connection, nth, index);
        let next = script(&mut turn);
        if next == Next::Close || !turn.is_read() {
            break;
        }
        nth += 1;
    }
    // The copy kept for `close_connections` would hold the socket open.
    let _ = wire.stream().shutdown(Shutdown::Both);
}

impl Shared {
    fn note(&self, error: &io::Error) {
        // A reset says nothing about what was sent; only wrong bytes do.
        if error.kind() == io::ErrorKind::InvalidData {
            self.faults
                .lock()
                .expect("no holder panics")
                .push(error.to_string());
        }
    }
}

/// An address at which every connection is refused, held for as long as this lives, so that no other test gets it.
#[derive(Debug)]
pub struct DeadEnd {
    _bound: Socket,
    address: SocketAddr,
}

impl DeadEnd {
    /// Takes an address: bound, and never listened on.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub fn new() -> Self {
        let bind = || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.set_reuse_address(true)?;
            socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
            let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Other)?;
            io::Result::Ok(Self {
                _bound: socket,
                address,
            })
        };
        bind().expect("a port of the loopback interface")
    }

    /// Where nobody listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Brings it to life, as [`Upstream::start`] does; when the upstream is dropped, it is a dead end again.
    ///
    /// # Panics
    /// When an earlier upstream is still there.
    pub fn serve(&self, script: impl Fn(&mut Turn<'_>) -> Next + Send + Sync + 'static) -> Upstream {
        let mut listener = None;
        // The end of an earlier one takes its thread a moment.
        eventually(LIMIT, "the address is free", || {
            listener = listen(self.address, None).ok();
            listener.is_some()
        });
        Upstream::over(listener.expect("found a moment ago"), script)
    }
}

impl Default for DeadEnd {
    fn default() -> Self {
        Self::new()
    }
}
