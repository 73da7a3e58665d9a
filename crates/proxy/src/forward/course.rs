//! The course of one exchange through the endpoints of its lane: whom it asks first, and whom after a failure.

use std::time::{Duration, Instant};

use graylane_config::{Endpoint, RetryOn};
use graylane_core::Weight;
use graylane_pipeline::{Attempt, Decision, EndpointId, Hooks, LaneId, Outcome};

use super::ask::Failed;
use super::asked::Asked;
use super::passed::Passed;
use crate::exchange::Flow;
use crate::generation::Generation;
use crate::load::{Of, Pending};
use crate::prepare::Call;
use crate::random;
use crate::rules::Rules;
use crate::worker::Worker;

/// Where an exchange stands in its lane.
pub(super) struct Course<'a> {
    generation: &'a Generation,
    worker: &'a Worker,
    pub(super) rules: &'a Rules,
    pub(super) lane: LaneId,
    /// Who answers in place of the lane.
    baseline: Option<LaneId>,
    /// Who was asked before the one at hand.
    asked: Asked,
    /// Who is asked at present.
    current: usize,
    /// Some endpoint may have seen the request.
    seen: bool,
    /// How often what may have been seen was tried again.
    retried: u8,
    /// The wait before the next one is asked.
    waits: bool,
    /// Who was passed over. Boxed, as it is rare.
    passed: Option<Box<Passed>>,
    /// Whom an answer that was declined is to be replaced by. Boxed, as it is rare.
    next: Option<Box<Turn<'a>>>,
}

/// The turn of an endpoint.
pub(super) struct Turn<'a> {
    /// Its place in the lane.
    pub(super) index: usize,
    pub(super) pending: Pending,
    pub(super) admitted: Admitted<'a>,
}

/// What becomes of an answer of which nothing was passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The client gets it.
    PassOn,
    /// Another endpoint is asked.
    Retry,
}

impl<'a> Course<'a> {
    /// Of an exchange whose lane was decided so.
    #[inline]
    pub(super) fn new(
        generation: &'a Generation,
        lane: LaneId,
        decision: Option<&Decision>,
        worker: &'a Worker,
    ) -> Self {
        // Without a decision there is no lane to forward to.
        let service = decision.map_or(0, |decision| decision.service);
        let baseline = decision.and_then(|decision| generation.stand_in(decision));
        Self {
            generation,
            worker,
            rules: generation.rules(service),
            lane,
            baseline,
            asked: Asked::default(),
            current: 0,
            seen: false,
            retried: 0,
            waits: false,
            passed: None,
            next: None,
        }
    }

    #[inline]
    pub(super) fn endpoints(&self) -> &'a [(EndpointId, Endpoint)] {
        self.generation.snapshot().lane(self.lane).endpoints()
    }

    #[inline]
    fn of(&self) -> Of<'a> {
        Of {
            generation: self.generation,
            lane: self.lane,
            gives_up: self.baseline.is_some(),
            now: self.worker.clock.now(),
        }
    }

    /// The first to ask; `started` is when.
    #[inline]
    pub(super) fn first(&mut self, started: Instant) -> Option<Turn<'a>> {
        let (index, pending) = match self.endpoints() {
            [(id, _)] => {
                let healthy = self.generation.roster().endpoint(*id).standing.is_healthy();
                (healthy || self.asks_the_sick()).then(|| (0, Pending::uncounted()))?
            }
            _ => self.of().first(self.rules.retries.budget.steps())?,
        };
        match self.admit(index, pending, started) {
            None => self.other().or_else(|| self.last_resort()),
            turn => turn,
        }
    }

    /// Whether the only endpoint of a lane is asked though it is not healthy.
    #[cold]
    fn asks_the_sick(&self) -> bool {
        let panic = self.generation.snapshot().lane(self.lane).panic;
        self.baseline.is_none() && panic.steps() > 0
    }

    /// Another one than those that were asked.
    #[cold]
    fn other(&mut self) -> Option<Turn<'a>> {
        if self.endpoints().len() < 2 {
            return None;
        }
        loop {
            self.asked.note(self.current);
            let (index, pending) = self.of().other(&self.asked)?;
            let turn = self.admit(index, pending, Instant::now());
            if turn.is_some() {
                if let Some(passed) = &mut self.passed {
                    passed.has_its_turn(index);
                }
                return turn;
            }
        }
    }

    /// Somebody who was passed over, where nobody else answers for the lane: whom checks or modules have found wanting is still
    /// better than an error, and by now may be well.
    #[cold]
    fn last_resort(&mut self) -> Option<Turn<'a>> {
        let endpoints = self.endpoints().len();
        let panics = self.generation.snapshot().lane(self.lane).panic != Weight::ZERO;
        if endpoints < 2 || self.baseline.is_some() || !panics {
            return None;
        }
        loop {
            let passed = self.passed.get_or_insert_default();
            let index = passed.next(endpoints, &self.asked, random::next())?;
            let turn = self.admit(index, Pending::uncounted(), Instant::now());
            if turn.is_some() {
                return turn;
            }
        }
    }

    /// It is this one's turn, where every module lets it.
    #[inline]
    fn admit(&mut self, index: usize, pending: Pending, started: Instant) -> Option<Turn<'a>> {
        self.current = index;
        let attempt = Attempt {
            endpoint: self.endpoints()[index].0,
            lane: self.lane,
            started,
            last_resort: self.passed.as_ref().is_some_and(|passed| passed.is_last_resort()),
        };
        let Some(admitted) = Admitted::ask(self.generation.hooks(), attempt) else {
            self.passed.get_or_insert_default().refused(index);
            return None;
        };
        Some(Turn {
            index,
            pending,
            admitted,
        })
    }

    /// Whom to ask after a failure.
    #[cold]
    pub(super) fn after(&mut self, failed: &Failed, call: &Call, flow: &Flow) -> Option<Turn<'a>> {
        if let Some(next) = self.next.take() {
            return Some(*next);
        }
        self.waits = false;
        if failed.unseen {
            return self.other().or_else(|| self.last_resort());
        }
        self.again(failed.reason, call, flow)
    }

    /// What becomes of an answer with this status. The one place where an answer may still be replaced: nothing of it was
    /// written for the client.
    #[cold]
    pub(super) fn verdict(&mut self, status: u16, call: &Call, flow: &Flow) -> Verdict {
        match self.again(RetryOn::status(status), call, flow) {
            Some(turn) => {
                self.next = Some(Box::new(turn));
                Verdict::Retry
            }
            None => Verdict::PassOn,
        }
    }

    /// Whom to ask again what an endpoint may have seen.
    fn again(&mut self, reason: RetryOn, call: &Call, flow: &Flow) -> Option<Turn<'a>> {
        self.seen = true;
        let retries = &self.rules.retries;
        let may = call.is_repeatable() && !flow.told && self.retried < retries.times;
        if !may || !retries.on.has(reason) {
            return None;
        }
        let turn = match self.other() {
            // An answer, even a bad one, is not given up for somebody who is not well.
            None if !reason.is_status() => self.last_resort(),
            turn => turn,
        }?;
        if !self.of().take_retry() {
            self.worker.counters.retries_refused.add(1);
            return None;
        }
        self.retried += 1;
        self.waits = true;
        Some(turn)
    }

    /// The longest wait before whoever comes next is asked.
    pub(super) fn wait(&self) -> Option<Duration> {
        let retries = &self.rules.retries;
        let doubled = 1_u32 << self.retried.saturating_sub(1).min(30);
        let longest = retries.backoff.saturating_mul(doubled).min(retries.max_backoff);
        (self.waits && !longest.is_zero()).then_some(longest)
    }

    /// Leaves the lane for the baseline, where that may answer for it and no endpoint has seen the request.
    #[cold]
    pub(super) fn fall_back(&mut self) -> Option<LaneId> {
        let baseline = self.baseline.take().filter(|_| !self.seen)?;
        self.lane = baseline;
        self.asked = Asked::default();
        self.passed = None;
        Some(baseline)
    }
}

/// An attempt that every module admitted: settled exactly once, also when the client leaves and the future is dropped.
pub(super) struct Admitted<'a> {
    hooks: &'a Hooks,
    attempt: Attempt,
    pub(super) outcome: Outcome,
}

impl<'a> Admitted<'a> {
    #[inline]
    fn ask(hooks: &'a Hooks, attempt: Attempt) -> Option<Self> {
        hooks.admit(&attempt).then_some(Self {
            hooks,
            attempt,
            outcome: Outcome::Abandoned,
        })
    }
}

impl Drop for Admitted<'_> {
    #[inline]
    fn drop(&mut self) {
        self.hooks.settle(&self.attempt, self.outcome);
    }
}
