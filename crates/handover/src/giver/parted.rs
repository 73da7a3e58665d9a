use std::time::{Duration, Instant};

use serde_json::Value;

use crate::frame::Kind;
use crate::limits::LOOK;
use crate::poll;
use crate::talk::{Talk, wait_in_pieces};

/// It has served and does not stay: it drains.
#[derive(Debug)]
pub struct Parted {
    talk: Talk,
}

impl Parted {
    pub(super) fn new(mut talk: Talk, reason: &str) -> Self {
        // Once: where it was said, or there is nobody to hear it, nothing is.
        talk.say(reason);
        Self { talk }
    }

    /// Its last word, for which it has that long: what became of each of its connections. `None` where it died or hangs, or
    /// where nobody wants to know any more, which is asked now and then.
    #[must_use]
    pub fn farewell(mut self, limit: Duration, wanted: &mut dyn FnMut() -> bool) -> Option<Value> {
        let until = poll::until(limit);
        let mut given_up = || (!wanted()).then(String::new);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || !wait_in_pieces(&self.talk.link, left, LOOK, &mut given_up).ok()? {
                return None;
            }
            let frame = self.talk.link.receive(left.min(self.talk.patience.answer)).ok()?;
            // What it said before it heard that it is to go comes first.
            if frame.kind == Kind::Farewell {
                return frame.parse().ok();
            }
        }
    }
}
