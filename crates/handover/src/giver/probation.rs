use std::time::{Duration, Instant};

use super::{Committed, Place, next};
use crate::frame::Kind;
use crate::limits::LOOK;
use crate::talk::{Reason, Talk};
use crate::{Beat, Ended, Judgement, LinkError, Step, Trial, poll};

/// It accepts, and is watched.
#[derive(Debug)]
pub struct Probation {
    pub(super) talk: Talk,
    pub(super) place: Place,
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

    /// Watches it until the trial comes to a judgement, and acts upon it: [`Probation::commit`] or
    /// [`Probation::take_back`]. `seen` is told each sign of life, and may answer with a reason to call it off.
    ///
    /// # Errors
    ///
    /// Where it died, gave up, served worse or was called off: the old process accepts again at once.
    pub fn watch(
        mut self,
        trial: &mut Trial,
        seen: &mut dyn FnMut(Option<&Beat>) -> Option<String>,
    ) -> Result<Committed, Ended> {
        let step = Step::Probation;
        loop {
            let until = poll::until(trial.wait(Instant::now()));
            let mut beat = None;
            while beat.is_none() && Instant::now() < until {
                beat = self.beat(LOOK.min(until.saturating_duration_since(Instant::now())))?;
                if let Some(reason) = seen(beat.as_ref()) {
                    self.take_back(&reason);
                    return Err(Ended::CalledOff { step, reason });
                }
            }
            match trial.judge(beat.as_ref(), Instant::now()) {
                Judgement::Wait => {}
                Judgement::Commit => return self.commit(),
                Judgement::Return(worse) => {
                    self.take_back(&worse.to_string());
                    return Err(Ended::Worse(worse));
                }
            }
        }
    }

    /// Leaves everything to it, once it has confirmed.
    ///
    /// # Errors
    ///
    /// Where it does not confirm: the old process accepts again at once.
    pub fn commit(mut self) -> Result<Committed, Ended> {
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
                    return Ok(Committed {
                        talk: self.talk,
                        _place: self.place,
                        broken: false,
                    });
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

    /// Takes everything back: it stops accepting, drains and ends.
    pub fn take_back(self, reason: &str) {
        self.talk.part(reason);
    }
}
