//! How long a task may wait for what it waits for.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::Context;

use crate::clock::{Clock, Deadline, Ticks};

/// What a connection is in the middle of, and so what the end of a drain means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Something that it would miss.
    Busy,
    /// Between two requests, or before the first: what a drain may cut short.
    Idle,
    /// There are no requests any more, only bytes.
    Tunnel,
    /// The client has its last answer, and is waited for.
    Leaving,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Busy, Self::Idle, Self::Tunnel, Self::Leaving];
}

/// The one deadline of a task that serves a client: of its connection, or of one of its streams. The task moves it; the
/// worker's scan of every tick wakes the task once it has passed, and the task knows what that means where it stands.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Arc<Clock>,
    deadline: Deadline,
    /// The end of the whole exchange, where the client has set one.
    end: Deadline,
    has_end: AtomicBool,
    stage: AtomicU8,
    waker: OnceLock<std::task::Waker>,
}

impl Timer {
    pub(crate) fn new(clock: &Arc<Clock>, ticks: Ticks) -> Arc<Self> {
        let timer = Self {
            clock: Arc::clone(clock),
            deadline: Deadline::default(),
            end: Deadline::default(),
            has_end: AtomicBool::new(false),
            stage: AtomicU8::new(Stage::Busy as u8),
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

    #[inline]
    pub(crate) fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Relaxed);
    }

    pub(crate) fn stage(&self) -> Stage {
        // Nobody stores another number.
        Stage::ALL[usize::from(self.stage.load(Relaxed))]
    }

    /// Who is idle has only this much time left.
    pub(crate) fn hurry(&self, grace: Ticks) {
        if self.stage() == Stage::Idle {
            self.deadline.set_earlier(&self.clock, grace);
        }
    }

    /// Something has changed that the task looks at.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Called by the scan of every tick.
    pub(crate) fn check(&self) {
        if self.has_passed() {
            self.wake();
        }
    }
}
