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
        // Why this process serves again, once it does.
        let mut back: Option<Entry> = None;
        loop {
            let message = match &back {
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => messages.recv_timeout(AGAIN),
            };
            match message {
                Ok(Message::Change(_, Some(answer))) => {
                    // Whoever asked may have gone.
                    let _ = answer.send(Err(NoAnswer::Suspended));
                }
                Ok(Message::Change(_, None)) => wanted = true,
                Ok(Message::Suspend(answer)) => {
                    let _ = answer.send(self.kept.accepted.clone());
                }
                Ok(Message::GiveUp(done)) => {
                    self.kept.give_up();
                    let _ = done.send(());
                }
                Ok(Message::Begin(done)) => {
                    let begun = self.kept.take_up(None);
                    let is_begun = begun.is_ok();
                    let _ = done.send(begun);
                    if is_begun {
                        break;
                    }
                }
                Ok(Message::Return(reason)) => back = Some(self.back(&reason)),
                Ok(Message::Stop(done)) => {
                    self.kept.give_up();
                    let _ = done.send(());
                    return Ended::Stopped;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ended::Stopped,
            }
            if back.is_some() && self.is_back(&mut back) {
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
    fn is_back(&mut self, entry: &mut Option<Entry>) -> bool {
        match self.kept.take_up(entry.clone()) {
            Ok(()) => {
                *entry = None;
                true
            }
            Err(failure) => {
                log::debug!("the audit log cannot be taken back yet: {failure}");
                false
            }
        }
    }
}

/// An order that is waited for.
pub(super) type Answer<T> = oneshot::Sender<T>;
