//! Runs a plan: one thread, no clock. The gateway is polled only where it was woken, so a wake-up that it forgot to ask for
//! is seen as a connection that never ends.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use graylane_pipeline::EndpointId;
use graylane_proxy::{Layer, serve_over};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use super::scene::SCENE;
use super::script::{Act, Plan, Segment};

/// Wake-ups in a row after which nothing had moved: more is a task that spins.
const MAX_IDLE_POLLS: u32 = 64;

/// What everybody saw.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) peer: IpAddr,
    pub(crate) client: Peer,
    pub(crate) endpoints: Vec<Peer>,
    /// Exchanges that the modules were shown.
    pub(crate) observed: u64,
    /// Bytes that everybody had said, the client first, when there was nothing more to do by the scripts.
    pub(crate) stalled: Vec<usize>,
    /// What had to be ended before the gateway did: nothing, the client's side, the endpoints'.
    pub(crate) endings: u32,
}

/// One side of a pipe, not the gateway's.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: Option<DuplexStream>,
    script: VecDeque<Segment>,
    /// What it is saying, and how much of that is said.
    saying: Option<(Segment, usize)>,
    listens: bool,
    /// It did not listen before.
    wakes: bool,
    heard_since: usize,
    /// The gateway cannot hear it any more, or it has ended its side.
    pub(crate) ended: bool,
    /// It left without having heard everything.
    pub(crate) left: bool,
    pub(crate) said: Vec<u8>,
    pub(crate) heard: Vec<u8>,
    /// When what was heard: the length before, and the step.
    pub(crate) when: Vec<(usize, u32)>,
    /// The step at which the gateway ended its side.
    pub(crate) end: Option<u32>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// Runs a plan to its end. When nobody has anything to do any more, the client ends its side, then the endpoints theirs.
///
/// # Panics
/// Where the gateway does not come to an end.
pub(crate) fn run(plan: &Plan) -> Played {
    SCENE.with(|scene| {
        let _inside = scene.runtime.enter();
        let (client, far) = duplex(plan.client_capacity);
        let mut ends: Vec<(EndpointId, Box<dyn Layer>)> = Vec::with_capacity(plan.endpoints.len());
        // The client is the first.
        let mut peers = vec![Peer::new(client, &plan.client)];
        for (number, script) in &plan.endpoints {
            let (near, far) = duplex(plan.endpoint_capacity);
            ends.push((EndpointId(*number), Box::new(far)));
            peers.push(Peer::new(near, script));
        }
        let peer: IpAddr = if plan.trusted {
            [10, 0, 0, 9]
        } else {
            [192, 0, 2, 7]
        }
        .into();
        let before = scene.witness.observed.load(Relaxed);
        let serving = serve_over(&scene.shared, SocketAddr::new(peer, 4_000), Box::new(far), ends);
        let (stalled, endings) = drive(pin!(serving), &mut peers, &plan.pieces);
        for peer in &mut peers {
            peer.listens = true;
            peer.hear(u32::MAX);
        }
        assert_eq!(
            scene.witness.admitted.load(Relaxed),
            scene.witness.settled.load(Relaxed),
            "an attempt was not settled"
        );
        let client = peers.remove(0);
        Played {
            peer,
            client,
            endpoints: peers,
            observed: scene.witness.observed.load(Relaxed) - before,
            stalled,
            endings,
        }
    })
}

fn drive(
    mut serving: Pin<&mut impl Future<Output = ()>>,
    peers: &mut [Peer],
    pieces: &[usize],
) -> (Vec<usize>, u32) {
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut cx = Context::from_waker(&waker);
    let (mut idle, mut endings, mut stalled) = (0, 0, Vec::new());
    let mut pieces = pieces.iter().cycle();
    for step in 0.. {
        let is_woken = flag.0.swap(false, Relaxed);
        if is_woken {
            idle += 1;
            assert!(idle < MAX_IDLE_POLLS, "the gateway wakes itself for nothing");
            if serving.as_mut().poll(&mut cx).is_ready() {
                break;
            }
        }
        let piece = pieces.next().copied().unwrap_or(usize::MAX);
        let mut moved = false;
        for peer in peers.iter_mut() {
            // What comes, comes from the gateway.
            moved |= (is_woken || peer.wakes) && peer.hear(step);
            moved |= peer.begin(false) | peer.say(piece);
        }
        if moved {
            idle = 0;
        }
        if moved || flag.0.load(Relaxed) {
            continue;
        }
        // Endpoints first: the client goes on when everything that it can get is there.
        if peers.iter_mut().rev().any(|peer| peer.begin(true)) {
            continue;
        }
        if endings == 0 {
            stalled = peers.iter().map(|peer| peer.said.len()).collect();
        }
        match endings {
            0 => peers[0].finish(),
            1 => peers[1..]
                .iter_mut()
                .for_each(|peer| (peer.listens, peer.wakes) = (true, true)),
            2 => peers[1..].iter_mut().for_each(Peer::finish),
            3 => peers[1..].iter_mut().for_each(Peer::leave),
            4 => peers[0].leave(),
            _ => panic!("the gateway waits for nobody"),
        }
        endings += 1;
    }
    (stalled, endings)
}

impl Peer {
    fn new(stream: DuplexStream, script: &[Segment]) -> Self {
        Self {
            stream: Some(stream),
            script: script.iter().cloned().collect(),
            saying: None,
            listens: true,
            wakes: false,
            heard_since: 0,
            ended: false,
            left: false,
            said: Vec::new(),
            heard: Vec::new(),
            when: Vec::new(),
            end: None,
        }
    }

    /// Hears what is there; whether anything was.
    fn hear(&mut self, step: u32) -> bool {
        let Some(stream) = &mut self.stream else {
            return false;
        };
        self.wakes = false;
        let before = self.heard.len();
        if !self.listens || self.end.is_some() {
            return false;
        }
        let mut cx = Context::from_waker(Waker::noop());
        let mut room = [MaybeUninit::uninit(); 2_048];
        loop {
            let mut room = ReadBuf::uninit(&mut room);
            match Pin::new(&mut *stream).poll_read(&mut cx, &mut room) {
                Poll::Ready(Ok(())) if !room.filled().is_empty() => {
                    self.heard.extend_from_slice(room.filled());
                }
                Poll::Ready(_) => {
                    self.end = Some(step);
                    break;
                }
                Poll::Pending => break,
            }
        }
        let new = self.heard.len() - before;
        if new > 0 {
            self.when.push((before, step));
            self.heard_since += new;
        }
        new > 0 || self.end.is_some()
    }

    /// Begins the next segment, where its time has come.
    fn begin(&mut self, is_quiet: bool) -> bool {
        let Some(next) = self.script.front() else {
            return false;
        };
        // What waits for more than ever comes, is said when all is quiet.
        let enough = if is_quiet { next.after.min(1) } else { next.after };
        if self.saying.is_some()
            || self.stream.is_none()
            || (next.quiet && !is_quiet)
            || self.heard_since < enough
        {
            return false;
        }
        self.heard_since = 0;
        match next.act {
            Act::Deafen => self.listens = false,
            Act::Listen => (self.listens, self.wakes) = (true, true),
            _ => {}
        }
        self.saying = self.script.pop_front().map(|segment| (segment, 0));
        true
    }

    /// Says at most so many bytes of its segment; whether it could.
    fn say(&mut self, piece: usize) -> bool {
        let Some((segment, said)) = &mut self.saying else {
            return false;
        };
        let act = segment.act;
        let left = &segment.text[*said..];
        let left = &left[..left.len().min(piece)];
        if !left.is_empty() && !self.ended {
            let Some(stream) = &mut self.stream else {
                return false;
            };
            let mut cx = Context::from_waker(Waker::noop());
            match Pin::new(stream).poll_write(&mut cx, left) {
                Poll::Ready(Ok(n)) => {
                    self.said.extend_from_slice(&left[..n]);
                    *said += n;
                }
                Poll::Ready(Err(_)) => *said = segment.text.len(),
                Poll::Pending => return false,
            }
            if *said < segment.text.len() {
                return true;
            }
        }
        self.saying = None;
        match act {
            Act::Close => self.leave(),
            Act::HalfClose => self.finish(),
            _ => {}
        }
        true
    }

    /// Ends its side, and hears the rest.
    fn finish(&mut self) {
        (self.listens, self.wakes) = (true, true);
        self.saying = None;
        self.script.clear();
        self.ended = true;
        if let Some(stream) = &mut self.stream {
            let mut cx = Context::from_waker(Waker::noop());
            let _ = Pin::new(stream).poll_shutdown(&mut cx);
        }
    }

    fn leave(&mut self) {
        self.hear(u32::MAX - 1);
        self.left |= self.end.is_none();
        self.ended = true;
        self.stream = None;
    }
}
