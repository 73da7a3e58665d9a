//! A conversation that never ends without a word, unless the process itself does.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::frame::{Frame, Kind};
use crate::hello::plain;
use crate::limits::{PARTING, REASON};
use crate::link::Link;
use crate::{Ended, LinkError, Patience, Step, poll};

/// Why somebody goes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reason {
    #[serde(default)]
    pub(crate) reason: String,
}

impl Reason {
    /// The reason in a message of the other side, fit for a line of a log.
    pub(crate) fn of(frame: &Frame) -> String {
        let Self { reason } = frame.parse().unwrap_or_default();
        match plain(&reason, REASON) {
            none if none.is_empty() => "no reason was given".to_owned(),
            plain => plain,
        }
    }
}

/// A link whose end is always told: a connection that ends in silence means that the process died, and the other side
/// acts upon that. So whatever way a step is left (an error, a panic, a forgotten value), dropping this says so.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) link: Link,
    pub(crate) patience: Patience,
    parting: Option<Kind>,
}

impl Talk {
    pub(crate) fn new(link: Link, patience: Patience, parting: Kind) -> Self {
        Self {
            link,
            patience,
            parting: Some(parting),
        }
    }

    pub(crate) fn receive(&mut self) -> Result<Frame, LinkError> {
        self.link.receive(self.patience.answer)
    }

    pub(crate) fn send(&mut self, kind: Kind) -> Result<(), LinkError> {
        self.link.send(kind, &[], &[], self.patience.answer)
    }

    pub(crate) fn tell(&mut self, kind: Kind, body: &impl Serialize) -> Result<(), LinkError> {
        self.link.tell(kind, body, self.patience.answer)
    }

    /// Says why it ends here, and hangs up.
    pub(crate) fn part(mut self, reason: &str) {
        self.say(reason);
    }

    /// All that had to be said was said.
    pub(crate) fn settled(&mut self) {
        self.parting = None;
    }

    /// Ends it because of an error, which is told to a peer that may still be there.
    pub(crate) fn fail(&mut self, step: Step, error: LinkError) -> Ended {
        let ended = ended(step, error);
        self.say(&ended.to_string());
        ended
    }

    /// Says why it ends here, where that was not said; the other side's last word may still come.
    pub(crate) fn say(&mut self, reason: &str) {
        if let Some(kind) = self.parting.take() {
            let reason = reason.chars().take(REASON).collect();
            _ = self.link.tell(kind, &Reason { reason }, PARTING);
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.say("it hung up");
    }
}

/// What an error of the link means to the old process.
fn ended(step: Step, error: LinkError) -> Ended {
    match error {
        LinkError::HungUp | LinkError::Truncated => Ended::Died { step },
        LinkError::TooSlow { limit } => Ended::Silent { step, limit },
        source => Ended::Broken { step, source },
    }
}

/// Waits for a message in short pieces, so that it can be called off in between.
pub(crate) fn wait_in_pieces(
    link: &Link,
    limit: Duration,
    piece: Duration,
    called_off: &mut dyn FnMut() -> Option<String>,
) -> Result<bool, String> {
    let until = poll::until(limit);
    loop {
        if let Some(reason) = called_off() {
            return Err(reason);
        }
        let left = until.saturating_duration_since(Instant::now());
        if link.wait(left.min(piece)) {
            return Ok(true);
        }
        if left.is_zero() {
            return Ok(false);
        }
    }
}
