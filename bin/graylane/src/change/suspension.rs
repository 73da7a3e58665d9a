//! While another process takes over, this one changes nothing: two that change the same files would each undo the other.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use graylane_audit::Entry;
use graylane_watch::Watch;
use tokio::sync::oneshot;

use super::handle::{Message, NoAnswer};
use super::{Engine, Order, Origin, Trigger};

/// How long the process that gave the log back may still hold its lock: it is as good as gone.
const AGAIN: Duration = Duration::from_millis(50);

/// What ends a suspension.
pub(super) enum Ended {
    /// Changes are made again.
    Resumed,
    /// The process ends.
    Stopped,
}

impl Engine {
    /// Answers orders until changes are made again. Who waits for an answer is told why there is none; that files or a
    /// signal want a change is kept in mind.
    pub(super) fn suspended(&mut self, messages: &mpsc::Receiver<Message>, watch: &Watch) -> Ended {
        let mut wanted = false;
        // Whether this process serves again, and only the log is missing.
        let mut returning = false;
        loop {
            let message = if returning {
                messages.recv_timeout(AGAIN)
            } else {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match message {
                Ok(Message::Change(_, Some(answer))) => {
                    // Whoever asked may have gone.
                    let _ = answer.send(Err(NoAnswer::Suspended));
                }
                Ok(Message::Change(_, None)) => wanted = true,
                Ok(Message::Suspend(answer)) => {
                    // The next handover: the log, should it be free by now, is for the process that comes. Who asked and
                    // went away again wants nothing any more.
                    if answer.send(self.kept.accepted.clone()).is_ok() && returning {
                        returning = false;
                        wanted = true;
                    }
                }
                Ok(Message::GiveUp(done)) => {
                    self.kept.give_up();
                    let _ = done.send(());
                }
                Ok(Message::Begin(done)) => {
                    let begun = self.kept.take_up();
                    let is_begun = begun.is_ok();
                    let _ = done.send(begun);
                    if is_begun {
                        break;
                    }
                }
                Ok(Message::Return(reason)) => {
                    // Told even where another handover comes before the log can be had.
                    let entry = self.back(&reason);
                    self.kept.tell_later(entry);
                    returning = true;
                }
                Ok(Message::Stop(done)) => {
                    self.kept.give_up();
                    let _ = done.send(());
                    return Ended::Stopped;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ended::Stopped,
            }
            if returning && self.is_back() {
                // What the other process accepted meanwhile lies in the files.
                wanted = true;
                break;
            }
        }
        if wanted {
            self.change(&Order::reload(Trigger::File), watch);
        }
        Ended::Resumed
    }

    /// What is told when this process serves again.
    fn back(&self, reason: &str) -> Entry {
        Entry {
            revision: Some(self.shared.current().snapshot().revision()),
            reason: Some(reason.to_owned()),
            ..Origin::of(Trigger::Start).entry("return", None)
        }
    }

    /// Whether the log could be taken again. As long as it cannot, changes are refused; requests are served.
    fn is_back(&mut self) -> bool {
        match self.kept.take_up() {
            Ok(()) => true,
            Err(failure) => {
                log::debug!("the audit log cannot be taken back yet: {failure}");
                false
            }
        }
    }
}

/// An order that is waited for.
pub(super) type Answer<T> = oneshot::Sender<T>;
