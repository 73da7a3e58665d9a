//! The operator who waits for a switch, as the thread of the handover sees them.

use std::sync::{MutexGuard, mpsc};
use std::time::Duration;

use graylane_handover::Progress;
use tokio::time::timeout;

use super::{House, locked};
use crate::handover::switch::{Event, Pending};

/// For operators to be told the end: as long as a process that was sent back may take to be seen to have ended, and more.
const TOLD: Duration = Duration::from_secs(3);
/// The longest probation that an operator can ask for.
const LONGEST: Duration = Duration::from_secs(86_400);

impl House {
    /// The switch under way.
    pub(in crate::handover) fn switch_place(&self) -> MutexGuard<'_, Option<Pending>> {
        locked(&self.switch)
    }

    /// Makes room for another switch; gives who is still to be told how that one ended.
    pub(in crate::handover) fn release_switch(&self, pid: u32) -> Option<mpsc::Sender<Event>> {
        let one = self.switch_place().take_if(|one| one.pid == pid);
        one.map(|one| one.events)
    }

    /// An operator waits for an outcome as long as this lives.
    pub(in crate::handover) fn operator(&self) -> Operator<'_> {
        self.operators.send_modify(|count| *count += 1);
        Operator(self)
    }

    /// Waits until no operator waits any more: the process is about to end.
    pub(crate) async fn operators_told(&self) {
        let mut operators = self.operators.subscribe();
        // One who hangs is left.
        let _ = timeout(TOLD, operators.wait_for(|count| *count == 0)).await;
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
}

/// See [`House::operator`].
pub(in crate::handover) struct Operator<'a>(&'a House);

impl Drop for Operator<'_> {
    fn drop(&mut self) {
        self.0.operators.send_modify(|count| *count -= 1);
    }
}
