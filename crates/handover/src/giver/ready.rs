use std::collections::BTreeSet;
use std::time::Duration;

use super::{Place, Probation, next};
use crate::frame::Kind;
use crate::limits::LOOK;
use crate::messages::Claimed;
use crate::talk::{Talk, wait_in_pieces};
use crate::{Ended, LinkError, Step};

/// It has the listeners and the state, and warms up.
#[derive(Debug)]
pub struct Warming {
    pub(super) talk: Talk,
    pub(super) place: Place,
    pub(super) handed: Vec<String>,
}

/// It is ready. The old process stops accepting, and then says so.
#[derive(Debug)]
pub struct Ready {
    claimed: Vec<String>,
    unclaimed: Vec<String>,
    talk: Talk,
    place: Place,
}

impl Warming {
    /// Waits until it is ready; `called_off` is asked now and then, and answers with the reason to call it off.
    ///
    /// # Errors
    ///
    /// Where it dies, gives up, takes longer than `limit` or was called off: the old process goes on.
    pub fn ready(
        mut self,
        limit: Duration,
        called_off: &mut dyn FnMut() -> Option<String>,
    ) -> Result<Ready, Ended> {
        let step = Step::Ready;
        match wait_in_pieces(&self.talk.link, limit, LOOK, called_off) {
            Ok(true) => {}
            Ok(false) => {
                self.talk.part("it took too long to become ready");
                return Err(Ended::Silent { step, limit });
            }
            Err(reason) => {
                self.talk.part(&reason);
                return Err(Ended::CalledOff { step, reason });
            }
        }
        let Claimed { claimed } = next(&mut self.talk, step, Kind::Ready, |frame| frame.parse())?;
        let mut claimed = claimed.into_iter().collect::<BTreeSet<_>>();
        let (claimed_here, unclaimed) = self.handed.into_iter().partition(|name| claimed.remove(name));
        if let Some(name) = claimed.first() {
            let why = format!("{name:?} was not handed over");
            let kind = Kind::Ready.word();
            return Err(self.talk.fail(step, LinkError::Malformed { kind, why }));
        }
        Ok(Ready {
            claimed: claimed_here,
            unclaimed,
            talk: self.talk,
            place: self.place,
        })
    }
}

impl Ready {
    /// The listeners that it will serve.
    #[must_use]
    pub fn claimed(&self) -> &[String] {
        &self.claimed
    }

    /// Those that it will not: to be closed on purpose, once it goes on alone.
    #[must_use]
    pub fn unclaimed(&self) -> &[String] {
        &self.unclaimed
    }

    /// Lets it accept, and waits until it does. To be called when this process accepts no more.
    ///
    /// # Errors
    ///
    /// Where it does not come to it: the old process accepts again.
    pub fn go(mut self) -> Result<Probation, Ended> {
        let step = Step::Accepting;
        let sent = self.talk.send(Kind::Go);
        sent.map_err(|error| self.talk.fail(step, error))?;
        let limit = self.talk.patience.turn;
        if !self.talk.link.wait(limit) {
            return Err(self.talk.fail(step, LinkError::TooSlow { limit }));
        }
        next(&mut self.talk, step, Kind::Accepting, |_| Ok(()))?;
        Ok(Probation {
            talk: self.talk,
            place: self.place,
        })
    }

    /// Calls it off.
    pub fn call_off(self, reason: &str) {
        self.talk.part(reason);
    }
}
