use std::io;
use std::time::Duration;

use serde_json::Value;

use crate::frame::Kind;
use crate::link::Link;
use crate::peer::{KnockError, knock};
use crate::{Folder, LinkError, Outcome, Patience, Peer, Progress, Trust, Wanted};

/// The operator's side: asks the process at the door.
#[derive(Debug)]
pub struct Caller {
    link: Link,
    peer: Peer,
    patience: Patience,
}

/// A switch that was asked for. Dropped, the switch goes on.
#[derive(Debug)]
pub struct Switching {
    link: Link,
    patience: Patience,
}

/// What is told of a switch.
#[derive(Debug)]
pub enum News {
    /// A step.
    Progress(Progress),
    /// The end.
    Outcome(Outcome),
    /// Nothing for now.
    Nothing,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody is at the door.
    #[error("no gateway is there")]
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
    /// The conversation broke: in the middle of a switch, the process at the door died.
    #[error("the conversation broke")]
    Broken(#[from] LinkError),
}

impl Caller {
    /// Knocks at the door of that folder.
    ///
    /// # Errors
    ///
    /// Where nobody is there.
    pub fn connect(folder: &Folder, trust: Trust, patience: Patience) -> Result<Self, CallError> {
        let (stream, peer) = knock(folder, trust, patience.answer)?;
        Ok(Self {
            link: Link::new(stream).map_err(CallError::Unreachable)?,
            peer,
            patience,
        })
    }

    /// The process at the door, where it can be seen.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.peer.pid
    }

    /// Asks how things are.
    ///
    /// # Errors
    ///
    /// Where the answer does not come or cannot be read.
    pub fn status(mut self) -> Result<Value, CallError> {
        let limit = self.patience.answer;
        self.link.send(Kind::Status, &[], &[], limit)?;
        let frame = self.link.receive(limit)?;
        match frame.kind {
            Kind::StatusIs => Ok(frame.parse()?),
            _ => Err(frame.out_of_turn().into()),
        }
    }

    /// Asks for a switch.
    ///
    /// # Errors
    ///
    /// Where the request does not go out.
    pub fn switch(mut self, wanted: &Wanted) -> Result<Switching, CallError> {
        self.link.tell(Kind::Switch, wanted, self.patience.answer)?;
        Ok(Switching {
            link: self.link,
            patience: self.patience,
        })
    }
}

impl Switching {
    /// What comes next, within `wait`.
    ///
    /// # Errors
    ///
    /// Where the process at the door is gone or talks nonsense.
    pub fn next(&mut self, wait: Duration) -> Result<News, CallError> {
        if !self.link.wait(wait) {
            return Ok(News::Nothing);
        }
        let frame = self.link.receive(self.patience.answer)?;
        match frame.kind {
            Kind::Progress => Ok(News::Progress(frame.parse()?)),
            Kind::Outcome => Ok(News::Outcome(frame.parse()?)),
            _ => Err(frame.out_of_turn().into()),
        }
    }

    /// Asks to call the switch off. The outcome still comes, and says whether that was in time.
    pub fn call_off(&mut self) {
        // Where this fails the process at the door is gone, which the next piece of news tells.
        _ = self.link.send(Kind::CallOff, &[], &[], self.patience.answer);
    }
}

impl From<KnockError> for CallError {
    fn from(error: KnockError) -> Self {
        match error {
            KnockError::NobodyThere => Self::NobodyThere,
            KnockError::Stranger { uid } => Self::Stranger { uid },
            KnockError::Unreachable(error) => Self::Unreachable(error),
        }
    }
}
