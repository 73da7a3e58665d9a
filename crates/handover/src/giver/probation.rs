use std::time::{Duration, Instant};

use super::{Committed, Parted, Place, next};
use crate::frame::Kind;
use crate::talk::{Reason, Talk};
use crate::{Beat, Ended, LinkError, Step, poll};

/// It accepts, and is watched.
#[derive(Debug)]
pub struct Probation {
    pub(super) talk: Talk,
    pub(super) place: Place,
}

/// It did not confirm: the old process accepts again.
#[derive(Debug)]
pub struct NotCommitted {
    /// Why.
    pub ended: Ended,
    /// It, on its way out.
    pub parted: Parted,
}

impl Probation {
    /// Waits up to `wait` for a sign of life; `None` if there was none.
    ///
    /// # Errors
    ///
    /// Where it died, gave up or talks nonsense: the old process accepts again at once.
    pub fn beat(&mut self, wait: Duration) -> Result<Option<Beat>, Ended> {
        if !self.talk.link.wait(wait) {
            return Ok(None);
        }
        next(&mut self.talk, Step::Probation, Kind::Beat, |frame| frame.parse()).map(Some)
    }

    /// Leaves everything to it, once it has confirmed.
    ///
    /// # Errors
    ///
    /// Where it does not confirm: the old process accepts again at once.
    pub fn commit(mut self) -> Result<Committed, Box<NotCommitted>> {
        match self.confirmed() {
            Ok(()) => Ok(Committed {
                talk: self.talk,
                _place: self.place,
                broken: false,
            }),
            Err(ended) => {
                let parted = self.take_back(&ended.to_string());
                Err(Box::new(NotCommitted { ended, parted }))
            }
        }
    }

    fn confirmed(&mut self) -> Result<(), Ended> {
        let step = Step::Commit;
        // It is at its turn still: nobody knows for certain that somebody accepts.
        let limit = self.talk.patience.turn;
        let sent = self.talk.link.send(Kind::Commit, &[], &[], limit);
        sent.map_err(|error| self.talk.fail(step, error))?;
        let until = poll::until(limit);
        // Signs of life that were under way come first.
        while self
            .talk
            .link
            .wait(until.saturating_duration_since(Instant::now()))
        {
            let frame = self.talk.receive();
            let frame = frame.map_err(|error| self.talk.fail(step, error))?;
            match frame.kind {
                Kind::Beat => {}
                Kind::Committed => {
                    self.talk.settled();
                    return Ok(());
                }
                Kind::GaveUp => {
                    self.talk.settled();
                    let reason = Reason::of(&frame);
                    return Err(Ended::GaveUp { step, reason });
                }
                _ => return Err(self.talk.fail(step, frame.out_of_turn())),
            }
        }
        Err(self.talk.fail(step, LinkError::TooSlow { limit }))
    }

    /// Takes everything back, where that was not said yet: it stops accepting, drains and ends.
    pub fn take_back(self, reason: &str) -> Parted {
        Parted::new(self.talk, reason)
    }
}
