use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::door::Inside;
use crate::frame::Kind;
use crate::limits::PARTING;
use crate::link::Link;
use crate::{Outcome, Progress, Wanted};

/// An operator who waits for a switch. Nothing here waits for the operator: one who hangs or leaves is told nothing more.
#[derive(Debug)]
pub struct Errand {
    wanted: Wanted,
    /// `None` once the operator hangs or left.
    link: Option<Link>,
    called_off: bool,
    _inside: Inside,
}

impl Errand {
    pub(crate) fn new(wanted: Wanted, link: Link, inside: Inside) -> Self {
        Self {
            wanted,
            link: Some(link),
            called_off: false,
            _inside: inside,
        }
    }

    /// What is wanted.
    #[must_use]
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Tells a step.
    pub fn tell(&mut self, progress: &Progress) {
        self.send(Kind::Progress, progress);
    }

    /// Whether the operator asked to call the switch off. One who merely left did not.
    pub fn called_off(&mut self) -> bool {
        if let Some(link) = self.link.as_mut().filter(|link| link.wait(Duration::ZERO)) {
            match link.receive(PARTING) {
                Ok(frame) => self.called_off |= frame.kind == Kind::CallOff,
                Err(_) => self.link = None,
            }
        }
        self.called_off
    }

    /// Tells the end.
    pub fn end(mut self, outcome: &Outcome) {
        self.send(Kind::Outcome, outcome);
    }

    fn send(&mut self, kind: Kind, body: &impl Serialize) {
        let sent = self.link.as_mut().map(|link| link.tell(kind, body, PARTING));
        if let Some(Err(_)) = sent {
            self.link = None;
        }
    }
}

/// An operator who waits for an answer.
#[derive(Debug)]
pub struct Question {
    link: Link,
    _inside: Inside,
}

impl Question {
    pub(crate) fn new(link: Link, inside: Inside) -> Self {
        Self {
            link,
            _inside: inside,
        }
    }

    /// Answers.
    pub fn answer(mut self, status: &Value) {
        _ = self.link.tell(Kind::StatusIs, status, PARTING);
    }
}
