//! *observe*: the record of one exchange.
//!
//! It is made with the exchange, and counts and shows it when its answer is whole, or else when it is dropped. So an exchange
//! is observed exactly once, whether it was answered, cut, or left by its client.

use std::sync::Arc;
use std::time::{Duration, Instant};

use graylane_pipeline::{Decision, EndpointId, Exchange, Fault, FlagNames, Head, LaneId, TraceId};

use crate::conn::Conn;
use crate::generation::{Generation, Held};
use crate::mirror::{Pair, Side};

/// What is known of one exchange so far; [`Exchange`] is what modules see of it in the end.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) conn: Arc<Conn>,
    /// What the exchange uses from its beginning to its end.
    pub(crate) generation: Arc<Held>,
    pub(crate) started: Instant,
    pub(crate) decision: Option<Decision>,
    pub(crate) trace: TraceId,
    pub(crate) endpoint: Option<EndpointId>,
    /// The status of the answer; 0 before there is one.
    pub(crate) status: u16,
    pub(crate) fault: Option<Fault>,
    pub(crate) retries: u8,
    /// Bytes of the request's body that were handed on.
    pub(crate) received: u64,
    /// Bytes of the answer's body that were handed on.
    pub(crate) sent: u64,
    /// Whether the answer's body reached its end.
    pub(crate) complete: bool,
    /// A copy of the request's head, where a module asked for it.
    pub(crate) head: Option<Box<Head>>,
    /// The lane, where the service shows its name to the client.
    pub(crate) shown_lane: Option<LaneId>,
    /// The baseline lane, where that answers in place of the one that was decided.
    pub(crate) fallback: Option<LaneId>,
    /// What it has in common with its copy, where another lane gets one.
    pub(crate) pair: Option<Arc<Pair>>,
    /// A module has answered in place of a failure.
    pub(crate) rescued: bool,
    /// Whether the exchange was counted and shown.
    observed: bool,
}

impl Record {
    #[inline]
    pub(crate) fn new(conn: &Arc<Conn>, generation: Arc<Held>) -> Self {
        conn.worker.counters.in_flight.add(1);
        Self {
            conn: Arc::clone(conn),
            generation,
            started: Instant::now(),
            decision: None,
            trace: TraceId([0; 16]),
            endpoint: None,
            status: 0,
            fault: None,
            retries: 0,
            received: 0,
            sent: 0,
            complete: false,
            head: None,
            shown_lane: None,
            fallback: None,
            pair: None,
            rescued: false,
            observed: false,
        }
    }

    /// The answer is whole, and its end is about to go out. It is counted and shown now and not after that, so that whoever
    /// has the answer finds it counted.
    #[inline]
    pub(crate) fn end(&mut self, sent: u64) {
        self.sent = sent;
        self.complete = true;
        self.observe();
    }

    /// The lane cannot answer, and the baseline does.
    #[cold]
    pub(crate) fn fall_back(&mut self, baseline: LaneId) {
        self.fallback = Some(baseline);
        self.shown_lane = self.shown_lane.and(self.fallback);
        if let Some(decision) = &self.decision {
            let lane = self.generation.roster().lane(decision.lane);
            lane.counters.of(self.conn.worker.number).fallback();
        }
    }

    /// What the service shows the client: the lane that answers, and the one in whose place it does.
    #[inline]
    pub(crate) fn shown<'g>(&self, generation: &'g Generation) -> (Option<&'g str>, Option<&'g str>) {
        let Some(lane) = self.shown_lane else {
            return (None, None);
        };
        let name = |lane| generation.snapshot().lane(lane).name.as_str();
        let wanted = self.fallback.and(self.decision.as_ref());
        (Some(name(lane)), wanted.map(|decision| name(decision.lane)))
    }

    /// There is an answer, or there will be none.
    #[inline]
    pub(crate) fn answered(&self) {
        if let Some(pair) = &self.pair {
            pair.heard(Side::Original);
        }
    }

    /// Whether so much time has passed since the exchange began.
    pub(crate) fn is_older_than(&self, time: Option<Duration>) -> bool {
        time.is_some_and(|time| self.started.elapsed() >= time)
    }

    /// What the flag that chose the lane is called: a few look-ups, and none where no flag chose.
    #[inline]
    fn flag_names(&self) -> Option<FlagNames<'_>> {
        let choice = self.decision.as_ref()?.flag?;
        self.generation.snapshot().flag_names(choice)
    }
}

impl Drop for Record {
    #[inline]
    fn drop(&mut self) {
        self.observe();
    }
}

impl Record {
    fn observe(&mut self) {
        if std::mem::replace(&mut self.observed, true) {
            return;
        }
        let worker = &self.conn.worker;
        let duration = self.started.elapsed();
        let counters = &worker.counters;
        counters.in_flight.sub(1);
        counters.ended.add(1);
        if let Some(decision) = &self.decision {
            let lane = self.generation.roster().lane(decision.lane);
            let counters = lane.counters.of(worker.number);
            counters.exchange(self.status, duration, self.received, self.sent);
            if self.rescued {
                counters.rescued(self.status);
            }
        } else {
            counters.refused.add(1);
        }
        if let Some(fault) = self.fault {
            counters.fault(fault);
        }
        if let Some(pair) = &self.pair {
            // It is endpoints that are compared. Only a 5xx, or what would have become one, is answered by a module.
            let status = if self.rescued { 500 } else { self.status };
            pair.ended(Side::Original, status);
        }
        if self.retries > 0 {
            counters.retries.add(u64::from(self.retries));
        }
        self.generation.hooks().observe(&Exchange {
            decision: self.decision.as_ref(),
            flag: self.flag_names(),
            endpoint: self.endpoint,
            status: self.status,
            fault: self.fault,
            fallback: self.fallback,
            retries: self.retries,
            duration,
            received: self.received,
            sent: self.sent,
            complete: self.complete,
            trace: self.trace,
            head: self.head.as_deref(),
        });
    }
}
