//! One thread's own way through every peer: batches go one after the other, to all peers at the same time.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

use graylane_testkit::{Gateway, Recipe, unbroken};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

use crate::hyper_peer;
use crate::meaning::Meaning;
use crate::peers::{BOUND, Fronts, Way};
use crate::upstream::{Kept, Upstream};

/// Who is asked, in the order of every table.
pub const PEERS: [&str; 4] = ["ours", "nginx", "haproxy", "hyper"];
/// The place of the gateway among them.
pub const OURS: usize = 0;
pub const NGINX: usize = 1;
pub const HAPROXY: usize = 2;

/// All sockets of one lane.
#[derive(Debug)]
pub struct Lane {
    fronts: [SocketAddr; 4],
    /// Where ours, nginx and HAProxy forward to; hyper is a server itself.
    upstreams: [Upstream; 3],
    hyper: hyper_peer::Seen,
    _gateway: Option<Gateway>,
}

/// What one peer said to its client.
#[derive(Debug, Default)]
pub struct Told {
    pub answers: Vec<u8>,
    /// It neither answered nor closed.
    pub hung: bool,
}

struct Client {
    socket: TcpStream,
    told: Told,
    open: bool,
}

#[derive(Clone, Copy)]
enum Token {
    Client(usize),
    Listener(usize),
    Link(usize, usize),
}

/// Without anything happening for so long, the clients say that they have finished; much later they give up.
const QUIET: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
const PATIENCE: usize = 5;
/// Between two pieces of a batch.
const MOMENT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 300_000,
};

impl Lane {
    /// A gateway of its own, or whoever will stand in for it at its front, and upstreams for all.
    pub fn start(fronts: Fronts, stand_in: bool) -> Result<Self, String> {
        let upstreams = [Upstream::bind()?, Upstream::bind()?, Upstream::bind()?];
        let gateway = (!stand_in).then(|| {
            Recipe::to(upstreams[OURS].address())
                .server("workers = 1")
                .limit("header_time = \"5s\"")
                .limit("idle_time = \"5s\"")
                .setup()
                .through(&BOUND)
                .start()
        });
        let [ours, nginx, haproxy] = fronts;
        let ours = gateway.as_ref().map_or(ours, Gateway::address);
        let (hyper_front, hyper) = hyper_peer::start();
        Ok(Self {
            fronts: [ours, nginx, haproxy, hyper_front],
            upstreams,
            hyper,
            _gateway: gateway,
        })
    }

    /// How this peer is asked and where it forwards to; not for hyper, which forwards nothing.
    pub fn way(&self, peer: usize) -> Way {
        Way {
            front: self.fronts[peer],
            back: self.upstreams[peer].address(),
        }
    }

    /// Sends these bytes to each of the peers named, on a connection of its own, until all have closed; what is behind the
    /// cut goes a moment later, so that a reader has to go on where it was.
    pub fn exchange(&mut self, peers: Range<usize>, bytes: &[u8], cut: Option<usize>) -> Vec<Told> {
        let (first, second) = bytes.split_at(cut.unwrap_or(bytes.len()));
        let mut clients: Vec<_> = peers.map(|peer| Client::ask(self.fronts[peer], first)).collect();
        if !second.is_empty() {
            // No certainty, but a core's time enough for most readers to have taken the first piece.
            let ready = self.ready(&clients, &MOMENT);
            self.serve(&mut clients, &ready);
            for client in &mut clients {
                client.send(second);
            }
        }
        let mut quiet = 0;
        while clients.iter().any(|client| client.open) {
            let ready = self.ready(&clients, &QUIET);
            if ready.is_empty() {
                quiet += 1;
                for client in clients.iter_mut().filter(|client| client.open) {
                    if quiet < PATIENCE {
                        // Whoever waits for more is told that there is none.
                        let _ = client.socket.shutdown(Shutdown::Write);
                    } else {
                        client.told.hung = true;
                        client.open = false;
                    }
                }
            }
            self.serve(&mut clients, &ready);
        }
        // What a peer gave up in the middle of may still be on its way: it shall not be taken for the next batch's.
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let ready = self.ready(&[], &now);
        self.serve(&mut [], &ready);
        clients.into_iter().map(|client| client.told).collect()
    }

    /// What reached this peer's upstream since it was last asked.
    pub fn take(&mut self, peer: usize) -> Kept {
        match self.upstreams.get_mut(peer) {
            Some(upstream) => upstream.take(),
            None => {
                let seen: Vec<Meaning> = std::mem::take(&mut *self.hyper.lock().expect("no holder panics"));
                Kept {
                    seen,
                    ..Kept::default()
                }
            }
        }
    }

    fn ready(&self, clients: &[Client], limit: &Timespec) -> Vec<Token> {
        let mut waiting: Vec<(Token, BorrowedFd<'_>)> = Vec::new();
        for (index, client) in clients.iter().enumerate().filter(|(_, client)| client.open) {
            waiting.push((Token::Client(index), client.socket.as_fd()));
        }
        for (peer, upstream) in self.upstreams.iter().enumerate() {
            waiting.push((Token::Listener(peer), upstream.listener.as_fd()));
            let links = upstream.links.iter().enumerate();
            waiting.extend(links.map(|(index, link)| (Token::Link(peer, index), link.socket.as_fd())));
        }
        let mut sockets: Vec<_> = waiting
            .iter()
            .map(|(_, socket)| PollFd::from_borrowed_fd(*socket, PollFlags::IN))
            .collect();
        if retry_on_intr(|| poll(&mut sockets, Some(limit))).is_err() {
            return Vec::new();
        }
        let pairs = waiting.iter().zip(&sockets);
        pairs
            .filter(|(_, socket)| !socket.revents().is_empty())
            .map(|((token, _), _)| *token)
            .collect()
    }

    fn serve(&mut self, clients: &mut [Client], ready: &[Token]) {
        for token in ready {
            match *token {
                Token::Client(index) => clients[index].read(),
                Token::Link(peer, index) => self.upstreams[peer].read(index),
                Token::Listener(peer) => self.upstreams[peer].accept(),
            }
        }
        for upstream in &mut self.upstreams {
            upstream.sweep();
        }
    }
}

impl Client {
    fn ask(front: SocketAddr, bytes: &[u8]) -> Self {
        let socket = TcpStream::connect(front).expect("a peer that listens");
        // Without it the second piece would wait for the peer to acknowledge the first.
        let _ = socket.set_nodelay(true);
        socket.set_nonblocking(true).expect("a socket");
        let mut client = Self {
            socket,
            told: Told::default(),
            open: true,
        };
        client.send(bytes);
        client
    }

    /// A batch is small enough for the socket's buffer. Where the peer has closed already, what it said is still read.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes);
    }

    fn read(&mut self) {
        let mut buffer = [0; 16 * 1024];
        match unbroken(|| self.socket.read(&mut buffer)) {
            Ok(got @ 1..) => self.told.answers.extend_from_slice(&buffer[..got]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => self.open = false,
        }
    }
}
