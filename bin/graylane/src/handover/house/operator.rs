//! The operator who waits for a switch, as the thread of the handover sees them.

use std::sync::{MutexGuard, mpsc};
use std::time::Duration;

use graylane_handover::{Outcome, Progress};

use super::{House, locked};
use crate::handover::switch::{Event, Pending};

/// The longest probation that an operator can ask for.
const LONGEST: Duration = Duration::from_secs(86_400);

impl House {
    /// The switch under way.
    pub(in crate::handover) fn switch_place(&self) -> MutexGuard<'_, Option<Pending>> {
        locked(&self.switch)
    }

    pub(in crate::handover) fn forget_switch(&self) {
        *self.switch_place() = None;
    }

    /// Ends the handover to that process before its commit, where it is under way, and no other one.
    pub(in crate::handover) fn call_off_with(&self, pid: u32, reason: &str) {
        self.parts.record.while_with(pid, || self.call_off(reason));
    }

    /// The probation that the operator wants for that process.
    pub(in crate::handover) fn probation(&self, pid: u32) -> Option<Duration> {
        let place = self.switch_place();
        let wanted = place.as_ref().filter(|one| one.pid == pid)?.probation?;
        Some(wanted.min(LONGEST))
    }

    /// Tells the operator who asked for that process a step.
    pub(in crate::handover) fn tell(&self, pid: u32, step: &str, text: &str) {
        let progress = Progress {
            step: step.to_owned(),
            text: text.to_owned(),
            pid: Some(pid),
        };
        if let Some(one) = self.switch_place().as_ref().filter(|one| one.pid == pid) {
            // One who has left is told nothing.
            let _ = one.events.send(Event::Progress(progress));
        }
    }

    /// Tells the same operator the end, and waits until it is told: this process may end right after.
    pub(in crate::handover) fn ended(&self, pid: u32, outcome: &Outcome) {
        let (told, done) = mpsc::channel();
        let sent = {
            let place = self.switch_place();
            let one = place.as_ref().filter(|one| one.pid == pid);
            one.is_some_and(|one| {
                let event = Event::Outcome(Box::new(outcome.clone()), told);
                one.events.send(event).is_ok()
            })
        };
        if sent {
            // An operator who hangs must not keep the process.
            let _ = done.recv_timeout(Duration::from_secs(5));
        }
    }
}
