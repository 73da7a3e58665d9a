//! How long a task may wait for what it waits for.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::Context;

use crate::clock::{Clock, Deadline, Ticks};

/// The one deadline of a task that serves a client: of its connection, or of one of its streams. The task moves it; the
/// worker's scan of every tick wakes the task once it has passed, and the task knows what that means where it stands.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Arc<Clock>,
    deadline: Deadline,
    /// The end of the whole exchange, where the client has set one.
    end: Deadline,
    has_end: AtomicBool,
    /// Between two requests, or before the first: what a drain may cut short.
    idle: AtomicBool,
    waker: OnceLock<std::task::Waker>,
}

impl Timer {
    pub(crate) fn new(clock: &Arc<Clock>, ticks: Ticks) -> Arc<Self> {
        let timer = Self {
            clock: Arc::clone(clock),
            deadline: Deadline::default(),
            end: Deadline::default(),
            has_end: AtomicBool::new(false),
            idle: AtomicBool::new(false),
            waker: OnceLock::new(),
        };
        timer.within(ticks);
        Arc::new(timer)
    }

    /// From now on so long.
    #[inline]
    pub(crate) fn within(&self, ticks: Ticks) {
        self.deadline.set(&self.clock, ticks);
    }

    /// From now on without an end.
    pub(crate) fn never(&self) {
        self.within(Ticks::at_least(std::time::Duration::MAX));
    }

    /// From now on so long at most, whatever [`Timer::within`] says; without a time, that again.
    #[inline]
    pub(crate) fn end_within(&self, ticks: Option<Ticks>) {
        self.has_end.store(ticks.is_some(), Relaxed);
        if let Some(ticks) = ticks {
            self.end.set(&self.clock, ticks);
        }
    }

    /// Whether the time is up.
    #[inline]
    pub(crate) fn has_passed(&self) -> bool {
        self.deadline.passed(&self.clock) || self.has_ended()
    }

    /// Whether the time of the whole exchange is up.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.has_end.load(Relaxed) && self.end.passed(&self.clock)
    }

    /// The task is about to wait. A task keeps its waker for life, so the first one is as good as any.
    #[inline]
    pub(crate) fn wakes(&self, cx: &Context<'_>) {
        if self.waker.get().is_none() {
            let _ = self.waker.set(cx.waker().clone());
        }
    }

    /// Whether the connection is between two requests.
    #[inline]
    pub(crate) fn set_idle(&self, idle: bool) {
        self.idle.store(idle, Relaxed);
    }

    /// The process drains: who is idle has only this much time left. Everybody is woken to know.
    pub(crate) fn drain(&self, grace: Ticks) {
        if self.idle.load(Relaxed) {
            self.deadline.set_earlier(&self.clock, grace);
        }
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Called by the scan of every tick.
    pub(crate) fn check(&self) {
        if self.has_passed()
            && let Some(waker) = self.waker.get()
        {
            waker.wake_by_ref();
        }
    }
}
