//! An old process at its door, and a new one that comes, both within the test.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "no file of tests needs all of it"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use graylane_handover::{
    Beat, Beating, Committed, Death, Door, Ended, Folder, Giver, Handing, Hello, Judgement, LinkError,
    Patience, Probation, Ready, State, Step, TakeError, Taker, Trial, Trust, Turn, Visit, VisitError,
    Visitor, WarmingUp,
};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use tempfile::TempDir;

/// Longer than anything takes that works.
pub(crate) const LONG: Duration = Duration::from_secs(30);
/// For what never comes.
pub(crate) const SHORT: Duration = Duration::from_millis(30);

/// Numbers of messages, as `src/frame.rs` has them.
pub(crate) const HELLO: u16 = 1;
pub(crate) const LISTENERS: u16 = 3;
pub(crate) const STATE_END: u16 = 5;
pub(crate) const READY: u16 = 6;
pub(crate) const GO: u16 = 7;
pub(crate) const ACCEPTING: u16 = 8;
pub(crate) const BEAT: u16 = 9;
pub(crate) const COMMIT: u16 = 10;
pub(crate) const COMMITTED: u16 = 11;
pub(crate) const RETURN: u16 = 12;
pub(crate) const GAVE_UP: u16 = 13;
pub(crate) const FAREWELL: u16 = 15;
pub(crate) const TAKEN: u16 = 16;

pub(crate) struct Old {
    pub(crate) folder: Folder,
    pub(crate) door: Door,
    pub(crate) web: TcpListener,
    _place: TempDir,
}

impl Old {
    pub(crate) fn new() -> Self {
        Self::with(Trust::own(), Patience::default())
    }

    /// One that waits for no visitor.
    pub(crate) fn hasty() -> Self {
        let patience = Patience {
            first: SHORT,
            ..Patience::default()
        };
        Self::with(Trust::own(), patience)
    }

    pub(crate) fn with(trust: Trust, patience: Patience) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("run")).unwrap();
        Self {
            door: Door::open(&folder, trust, patience).unwrap(),
            folder,
            web: TcpListener::bind("127.0.0.1:0").unwrap(),
            _place: place,
        }
    }

    /// A connection as anybody may make one.
    pub(crate) fn stranger(&self) -> UnixStream {
        UnixStream::connect(self.folder.path().join("handover.sock")).unwrap()
    }

    pub(crate) fn visitor(&self) -> Visitor {
        self.door.visitor(LONG).unwrap().unwrap()
    }

    pub(crate) fn visit(&self) -> Result<Visit, VisitError> {
        self.visitor().listen()
    }

    pub(crate) fn taken_over(&self) -> Giver {
        loop {
            match self.visit() {
                Ok(Visit::TakeOver(giver)) => return giver,
                // Somebody who only looked whether anybody is there.
                Err(VisitError::Broken(LinkError::HungUp)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The old side, up to where the new process is ready.
    pub(crate) fn to_ready(&self) -> Result<Ready, Ended> {
        let giving = self.taken_over().accept(&hello("old"))?;
        let listeners = [listener("web", &self.web)];
        let warming = giving.hand_over(&self.door, &listeners, &State::default())?;
        warming.ready(LONG, &mut || None)
    }

    /// The old side, up to the probation.
    pub(crate) fn to_probation(&self) -> Result<Probation, Ended> {
        self.to_ready()?.go()
    }
}

pub(crate) fn hello(version: &str) -> Hello {
    Hello::of_this_process("build", version, "dev", "digest")
}

pub(crate) fn listener<'a>(name: &'a str, socket: &'a TcpListener) -> Handing<'a> {
    Handing {
        name,
        kind: "tcp",
        socket: socket.as_fd(),
    }
}

pub(crate) fn healthy() -> Beat {
    Beat {
        healthy: true,
        ..Beat::default()
    }
}

pub(crate) fn connect(folder: &Folder) -> Result<Taker, TakeError> {
    connect_with(folder, Death::EndOfConnection)
}

pub(crate) fn connect_with(folder: &Folder, death: Death) -> Result<Taker, TakeError> {
    Taker::connect(folder, &hello("new"), Trust::own(), Patience::default(), death)
}

pub(crate) fn new(folder: &Folder) -> Taker {
    connect(folder).unwrap()
}

/// The new side, up to where it has everything.
pub(crate) fn to_warming_up(folder: &Folder) -> WarmingUp {
    new(folder).receive().unwrap().1
}

/// The new side, up to where it accepts.
pub(crate) fn to_beating(folder: &Folder) -> Beating {
    match to_warming_up(folder).ready(&["web"]).unwrap() {
        Turn::Go(mut beating) => {
            beating.accepting();
            beating
        }
        other => panic!("{other:?}"),
    }
}

/// Watches the new process until the trial comes to a judgement, and acts upon it. `seen` is told each sign of life, and may
/// answer with a reason to call it off.
pub(crate) fn watch(
    mut probation: Probation,
    trial: &mut Trial,
    seen: &mut dyn FnMut(&Beat) -> Option<String>,
) -> Result<Committed, Ended> {
    let step = Step::Probation;
    loop {
        let beat = probation.beat(trial.wait(Instant::now()))?;
        if let Some(reason) = beat.as_ref().and_then(&mut *seen) {
            drop(probation.take_back(&reason));
            return Err(Ended::CalledOff { step, reason });
        }
        match trial.judge(beat.as_ref(), Instant::now()) {
            Judgement::Wait => {}
            Judgement::Commit => return probation.commit().map_err(|not| not.ended),
            Judgement::Return(worse) => {
                drop(probation.take_back(&worse.to_string()));
                return Err(Ended::Worse(worse));
            }
        }
    }
}

/// Both sides at the same time.
pub(crate) fn both<A: Send, B: Send>(
    old: impl FnOnce() -> A + Send,
    new: impl FnOnce() -> B + Send,
) -> (A, B) {
    std::thread::scope(|scope| {
        let old = scope.spawn(old);
        let new = new();
        (old.join().unwrap(), new)
    })
}

/// A message as any version may write it.
pub(crate) fn message(protocol: u16, kind: u16, body: &[u8]) -> Vec<u8> {
    message_with(protocol, kind, 0, body)
}

/// One that announces descriptors.
pub(crate) fn message_with(protocol: u16, kind: u16, descriptors: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"GRLN".to_vec();
    bytes.extend(protocol.to_be_bytes());
    bytes.extend(kind.to_be_bytes());
    bytes.extend(descriptors.to_be_bytes());
    bytes.extend([0; 2]);
    bytes.extend((body.len() as u32).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// A hello of a process that speaks these versions.
pub(crate) fn hello_of(oldest: u16, newest: u16) -> Vec<u8> {
    let body = format!(r#"{{"protocol":{newest},"oldest":{oldest},"pid":4242,"news":"of a later version"}}"#);
    message(newest, HELLO, body.as_bytes())
}

/// A new process that is played by hand: it has said hello and swallows what it is sent.
pub(crate) fn by_hand(old: &Old) -> UnixStream {
    let mut stream = old.stranger();
    stream.write_all(&hello_of(1, 1)).unwrap();
    stream
}

/// Writes with descriptors along.
pub(crate) fn write_with(
    stream: &UnixStream,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> std::io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(descriptors)));
    let pieces = [IoSlice::new(bytes)];
    let sent = rustix::net::sendmsg(stream, &pieces, &mut control, SendFlags::empty())?;
    assert_eq!(sent, bytes.len());
    Ok(())
}

/// The kinds of all messages that come up to the end of the connection.
pub(crate) fn kinds(mut stream: impl Read) -> Vec<u16> {
    let mut bytes = Vec::new();
    // One who hung up with something unread resets the connection; that is an end too.
    _ = stream.read_to_end(&mut bytes);
    let mut rest = bytes.as_slice();
    let mut kinds = Vec::new();
    while let Some((head, after)) = rest.split_first_chunk::<16>() {
        kinds.push(u16::from_be_bytes([head[6], head[7]]));
        let length = u32::from_be_bytes([head[12], head[13], head[14], head[15]]);
        rest = &after[length as usize..];
    }
    kinds
}
