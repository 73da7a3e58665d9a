//! The old side, step by step.

mod committed;
mod parted;
mod probation;
mod ready;

pub use committed::Committed;
pub use parted::Parted;
pub use probation::{NotCommitted, Probation};
pub use ready::{Ready, Warming};

use crate::claim::Claim;
use crate::door::Inside;
use crate::frame::{Frame, Kind};
use crate::limits::PARTING;
use crate::link::Link;
use crate::talk::{Reason, Talk};
use crate::{Door, Ended, Handing, Hello, LinkError, Patience, Peer, Refusal, State, Step, listeners, state};

/// Kept as long as the visit lasts: the right to take over, and the place inside.
type Place = (Claim, Inside);

/// A new process that said hello.
#[derive(Debug)]
pub struct Giver {
    hello: Hello,
    protocol: u16,
    peer: Peer,
    talk: Talk,
    place: Place,
}

/// It was told hello.
#[derive(Debug)]
pub struct Giving {
    talk: Talk,
    place: Place,
}

impl Giver {
    pub(crate) fn new(
        hello: Hello,
        protocol: u16,
        peer: Peer,
        link: Link,
        patience: Patience,
        place: Place,
    ) -> Self {
        Self {
            hello,
            protocol,
            peer,
            talk: Talk::new(link, patience, Kind::Return),
            place,
        }
    }

    /// Who it says it is.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Who the kernel says it is.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Sends it away, and says why.
    pub fn refuse(mut self, refusal: &Refusal) {
        self.talk.settled();
        _ = self.talk.link.tell(Kind::Refused, refusal, PARTING);
    }

    /// Says hello in turn.
    ///
    /// # Errors
    ///
    /// Where it is gone or hangs.
    pub fn accept(mut self, own: &Hello) -> Result<Giving, Ended> {
        let answer = Hello {
            protocol: self.protocol,
            ..own.clone()
        };
        let told = self.talk.tell(Kind::Hello, &answer);
        told.map_err(|error| self.talk.fail(Step::Hello, error))?;
        Ok(Giving {
            talk: self.talk,
            place: self.place,
        })
    }
}

impl Giving {
    /// Sends the listeners, the door among them, and the state. All stay open here.
    ///
    /// # Errors
    ///
    /// Where it is gone or hangs, or there are more than 4,000 listeners.
    pub fn hand_over(
        mut self,
        door: &Door,
        listeners: &[Handing<'_>],
        state: &State,
    ) -> Result<Warming, Ended> {
        let talk = &mut self.talk;
        listeners::send(talk, door, listeners).map_err(|error| talk.fail(Step::Listeners, error))?;
        state::send(talk, state).map_err(|error| talk.fail(Step::State, error))?;
        Ok(Warming {
            handed: listeners.iter().map(|l| l.name.to_owned()).collect(),
            talk: self.talk,
            place: self.place,
        })
    }
}

/// The next message, which must be of that kind unless the new process gives up.
fn next<T>(
    talk: &mut Talk,
    step: Step,
    kind: Kind,
    read: impl Fn(&Frame) -> Result<T, LinkError>,
) -> Result<T, Ended> {
    let frame = talk.receive().map_err(|error| talk.fail(step, error))?;
    if frame.kind == Kind::GaveUp {
        let reason = Reason::of(&frame);
        talk.settled();
        return Err(Ended::GaveUp { step, reason });
    }
    let read = match frame.kind == kind {
        true => read(&frame),
        false => Err(frame.out_of_turn()),
    };
    read.map_err(|error| talk.fail(step, error))
}
