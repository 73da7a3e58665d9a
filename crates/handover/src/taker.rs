//! The new side, step by step.

mod beating;
mod last_word;
mod settling;
mod warming_up;

pub use beating::{Beating, Course};
pub use last_word::LastWord;
pub use settling::{Arrival, Settling};
pub use warming_up::{Turn, WarmingUp};

use std::io;

use crate::frame::{Frame, Kind};
use crate::link::Link;
use crate::peer::{KnockError, Life, knock};
use crate::talk::{Reason, Talk};
use crate::{
    Death, Folder, Handed, HeldDoor, Hello, LinkError, OLDEST_PROTOCOL, PROTOCOL, Patience, Refusal, State,
    Step, Trust, listeners, state,
};

/// The old process said hello.
#[derive(Debug)]
pub struct Taker {
    theirs: Hello,
    talk: Talk,
    life: Life,
}

/// What came from the old process.
#[derive(Debug)]
pub struct Inherited {
    /// Its listeners. Those that are not claimed are to be dropped.
    pub listeners: Vec<Handed>,
    /// What it knows.
    pub state: State,
    /// Its door, to be opened when this process goes on alone.
    pub door: HeldDoor,
}

/// Why nothing was taken over: the old process, if there is one, goes on.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// Nobody is at the door.
    #[error("nobody is there to take over from")]
    NobodyThere,
    /// Somebody else than ourselves is at the door.
    #[error("the door belongs to user {uid}")]
    Stranger {
        /// Its user.
        uid: u32,
    },
    /// The door cannot be knocked at.
    #[error("the door cannot be reached")]
    Unreachable(#[source] io::Error),
    /// The old process does not hand over.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The old process called it off.
    #[error("the old process called it off: {0}")]
    Returned(String),
    /// The conversation broke.
    #[error("the conversation broke (step {step})")]
    Broken {
        /// In which step.
        step: Step,
        /// How.
        source: LinkError,
    },
}

impl Taker {
    /// Knocks at the door of that folder and says hello.
    ///
    /// # Errors
    ///
    /// Where nobody is there, or does not want to.
    pub fn connect(
        folder: &Folder,
        own: &Hello,
        trust: Trust,
        patience: Patience,
        death: Death,
    ) -> Result<Self, TakeError> {
        let (stream, peer) = knock(folder, trust, patience.answer)?;
        let life = Life::of(peer, death);
        let broken = |source| broken(Step::Hello, source);
        let mut link = Link::new(stream).map_err(TakeError::Unreachable)?;
        link.tell(Kind::Hello, own, patience.answer).map_err(broken)?;
        // It may have to think about it, or to end what it is busy with.
        let frame = link.receive(patience.answer).map_err(broken)?;
        match frame.kind {
            Kind::Hello => {}
            Kind::Refused => return Err(TakeError::Refused(frame.parse().unwrap_or(Refusal::Unknown))),
            Kind::Return => return Err(TakeError::Returned(Reason::of(&frame))),
            _ => return Err(broken(frame.out_of_turn())),
        }
        let theirs = frame.parse::<Hello>().map_err(broken)?.plain();
        if !(OLDEST_PROTOCOL..=PROTOCOL).contains(&theirs.protocol) {
            return Err(broken(LinkError::Protocol {
                found: theirs.protocol,
                agreed: PROTOCOL,
            }));
        }
        link.agree(theirs.protocol);
        Ok(Self {
            theirs,
            talk: Talk::new(link, patience, Kind::GaveUp),
            life,
        })
    }

    /// Who the old process says it is.
    #[must_use]
    pub fn theirs(&self) -> &Hello {
        &self.theirs
    }

    /// Receives the listeners and the state.
    ///
    /// # Errors
    ///
    /// Where the old process dies, hangs or talks nonsense. What came so far is closed.
    pub fn receive(mut self) -> Result<(Inherited, WarmingUp), TakeError> {
        let (door, listeners) = orderly(&mut self.talk, Step::Listeners, listeners::receive)?;
        let state = orderly(&mut self.talk, Step::State, state::receive)?;
        let inherited = Inherited {
            listeners,
            state,
            door,
        };
        let next = WarmingUp {
            talk: self.talk,
            life: self.life,
        };
        Ok((inherited, next))
    }
}

/// How a process returns whose old one hung up, but lives.
const LIVES: &str = "the old process hung up without a word, and lives";

/// Receives something of several messages, in which the old process may say that it calls the handover off.
fn orderly<T>(
    talk: &mut Talk,
    step: Step,
    receive: impl FnOnce(&mut dyn FnMut() -> Result<Frame, LinkError>) -> Result<T, LinkError>,
) -> Result<T, TakeError> {
    let mut called_off = None;
    let received = receive(&mut || {
        let frame = talk.receive()?;
        if frame.kind == Kind::Return {
            called_off = Some(Reason::of(&frame));
        }
        Ok(frame)
    });
    received.map_err(|source| match called_off {
        Some(reason) => TakeError::Returned(reason),
        None => broken(step, source),
    })
}

fn broken(step: Step, source: LinkError) -> TakeError {
    TakeError::Broken { step, source }
}

impl From<KnockError> for TakeError {
    fn from(error: KnockError) -> Self {
        match error {
            KnockError::NobodyThere => Self::NobodyThere,
            KnockError::Stranger { uid } => Self::Stranger { uid },
            KnockError::Unreachable(error) => Self::Unreachable(error),
        }
    }
}
