//! How everybody else reaches the engine.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, Weak};
use std::time::Instant;

use graylane_watch::Watch;
use tokio::sync::oneshot;

use super::suspension::Answer;
use super::{Accepted, Order, Outcome, Trigger};
use crate::exit::{Failure, INTERNAL};

/// Orders that may wait. More than that come from somebody who does not wait for answers.
pub(super) const WAITING: usize = 64;

/// By which orders reach the engine.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    orders: mpsc::SyncSender<Message>,
    /// Owned by the engine alone: the watch has a handle too, and must end with the engine.
    watch: Weak<Watch>,
    pub(super) missed: Arc<Missed>,
}

/// That somebody wanted the files to be read again while too many orders waited. Those need not read any file, so that
/// none of them stands for the one that found no place.
#[derive(Debug, Default)]
pub(super) struct Missed(AtomicBool);

impl Missed {
    fn note(&self) {
        self.0.store(true, SeqCst);
    }

    pub(super) fn take(&self) -> bool {
        self.0.swap(false, SeqCst)
    }
}

/// What the engine is told.
#[derive(Debug)]
pub(super) enum Message {
    Change(Order, Option<Answer<Result<Outcome, NoAnswer>>>),
    /// Make no more changes; the answer is what was accepted last.
    Suspend(Answer<Accepted>),
    /// Suspended: another process is to write the log.
    GiveUp(Answer<()>),
    /// Suspended from the start on: this process is ready to come into use.
    Begin(Answer<Result<(), Failure>>),
    /// Suspended: this process goes on after all, for this reason.
    Return(String),
    Stop(Answer<()>),
}

/// There is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("too many changes wait already")]
    Busy,
    #[error("another process is taking over")]
    Suspended,
    #[error("no more changes are made: the process ends")]
    Ended,
}

impl Handle {
    pub(super) fn new(waiting: usize) -> (Self, mpsc::Receiver<Message>) {
        let (orders, messages) = mpsc::sync_channel(waiting);
        let handle = Self {
            orders,
            watch: Weak::new(),
            missed: Arc::default(),
        };
        (handle, messages)
    }

    /// Tells of this watch from now on.
    pub(super) fn watched_by(&mut self, watch: &Arc<Watch>) {
        self.watch = Arc::downgrade(watch);
    }

    /// Orders a change and waits for its end.
    pub(crate) async fn change(&self, order: Order) -> Result<Outcome, NoAnswer> {
        let (sender, receiver) = oneshot::channel();
        self.send(Message::Change(order, Some(sender)))?;
        receiver.await.map_err(|_| NoAnswer::Ended)?
    }

    /// Ends the change that is being made, and makes no more; gives what was accepted last. What files and signals want
    /// meanwhile is made good by [`Handle::back`].
    pub(crate) async fn suspend(&self) -> Result<Accepted, NoAnswer> {
        let (sender, receiver) = oneshot::channel();
        self.send(Message::Suspend(sender))?;
        receiver.await.map_err(|_| NoAnswer::Ended)
    }

    /// Suspended: lets another process write the audit log.
    pub(crate) async fn give_up(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.must_send(Message::GiveUp(sender)).is_ok() {
            let _ = receiver.await;
        }
    }

    /// Suspended from the start on: tells the log that this process is to come into use, and makes changes from now on.
    pub(crate) async fn begin(&self) -> Result<(), Failure> {
        let (sender, receiver) = oneshot::channel();
        let sent = self.must_send(Message::Begin(sender));
        match (sent, receiver.await) {
            (Ok(()), Ok(begun)) => begun,
            _ => Err(Failure::new(
                INTERNAL,
                NoAnswer::Ended,
                "this is a bug: please report it",
            )),
        }
    }

    /// Suspended: makes changes again as soon as the audit log can be had. Does not wait for that.
    pub(crate) fn back(&self, reason: &str) {
        // Without an engine the process is at its end, and needs none.
        let _ = self.must_send(Message::Return(reason.to_owned()));
    }

    /// Orders that the files be read again, and does not wait.
    pub(crate) fn reload(&self, trigger: Trigger) {
        let order = || self.send(Message::Change(Order::reload(trigger), None));
        if order() == Err(NoAnswer::Busy) {
            self.missed.note();
            // Once more, after the note: where all orders were taken in between, nobody would look at it.
            let _ = order();
        }
    }

    /// Ends the engine, and with it the lock on the audit log, after the change that it is at.
    pub(crate) async fn stop(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.send(Message::Stop(sender)).is_ok() {
            let _ = receiver.await;
        }
    }

    /// When the files were last looked at; `None` before the first look, and after the end.
    pub(crate) fn looked_at(&self) -> Option<Instant> {
        self.watch.upgrade()?.looked_at()
    }

    /// For what must not be lost: waits for room. An engine that is suspended makes room at once.
    fn must_send(&self, message: Message) -> Result<(), NoAnswer> {
        self.orders.send(message).map_err(|_| NoAnswer::Ended)
    }

    pub(super) fn send(&self, message: Message) -> Result<(), NoAnswer> {
        self.orders.try_send(message).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => NoAnswer::Busy,
            mpsc::TrySendError::Disconnected(_) => NoAnswer::Ended,
        })
    }
}
