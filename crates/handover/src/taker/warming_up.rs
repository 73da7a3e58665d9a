use std::time::Duration;

use super::{Beating, LIVES, broken};
use crate::frame::Kind;
use crate::messages::Claimed;
use crate::peer::Life;
use crate::talk::{Reason, Talk};
use crate::{LinkError, Step, TakeError};

/// The listeners are here; nobody accepts on them here yet.
#[derive(Debug)]
pub struct WarmingUp {
    pub(super) talk: Talk,
    pub(super) life: Life,
}

/// What the old process said to being ready.
#[derive(Debug)]
pub enum Turn {
    /// This process may accept.
    Go(Beating),
    /// The old process died: this one goes on as if all had been confirmed.
    Alone,
    /// It goes on by itself: this process ends without having accepted anything.
    Returned(String),
}

impl WarmingUp {
    /// Says which listeners this process will serve, and waits for its turn.
    ///
    /// # Errors
    ///
    /// Where the old process hangs or talks nonsense: this process ends.
    pub fn ready(mut self, claimed: &[&str]) -> Result<Turn, TakeError> {
        let claimed = Claimed {
            claimed: claimed.iter().map(|&name| name.to_owned()).collect(),
        };
        // Where this fails the old process hung up; why, if it said so, is what comes next.
        match self.talk.tell(Kind::Ready, &claimed) {
            Ok(()) | Err(LinkError::HungUp) => {}
            Err(source) => return Err(broken(Step::Ready, source)),
        }
        let frame = match self.talk.receive() {
            Ok(frame) => frame,
            Err(LinkError::HungUp | LinkError::Truncated) => {
                self.talk.settled();
                return Ok(match self.life.ended() {
                    true => Turn::Alone,
                    false => Turn::Returned(LIVES.to_owned()),
                });
            }
            Err(source) => return Err(broken(Step::Ready, source)),
        };
        match frame.kind {
            Kind::Go => Ok(Turn::Go(Beating {
                talk: self.talk,
                life: self.life,
            })),
            Kind::Return => {
                self.talk.settled();
                Ok(Turn::Returned(Reason::of(&frame)))
            }
            _ => Err(broken(Step::Ready, frame.out_of_turn())),
        }
    }

    /// Whether the old process called it off or died: nothing is gained by warming up further, and
    /// [`WarmingUp::ready`] tells which.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.talk.link.wait(Duration::ZERO)
    }

    /// Gives up, and says why.
    pub fn give_up(self, reason: &str) {
        self.talk.part(reason);
    }
}
