//! *observe*: the record of one exchange.
//!
//! It is made with the exchange, travels into the body of its answer, and counts and shows the exchange when it is
//! dropped. So an exchange is observed exactly once, whether it was answered, cut, or left by its client.

use std::sync::Arc;
use std::time::Instant;

use graylane_pipeline::{Decision, EndpointId, Exchange, Fault, FlagNames, Head, TraceId};
use http::HeaderValue;

use crate::connection::Conn;
use crate::generation::{Generation, Held};

/// What is known of one exchange so far; [`Exchange`] is what modules see of it in the end.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) conn: Arc<Conn>,
    /// What the exchange uses from its beginning to its end.
    pub(crate) generation: Arc<Held>,
    started: Instant,
    pub(crate) decision: Option<Decision>,
    pub(crate) trace: TraceId,
    pub(crate) endpoint: Option<EndpointId>,
    /// The status of the answer; 0 before there is one.
    pub(crate) status: u16,
    pub(crate) fault: Option<Fault>,
    pub(crate) retries: u8,
    /// Bytes of the answer's body that were handed over.
    pub(crate) sent: u64,
    /// Whether the answer's body reached its end.
    pub(crate) complete: bool,
    /// A copy of the request's head, where a module asked for it.
    pub(crate) head: Option<Box<Head>>,
    /// The lane's name, where the service shows it to the client.
    pub(crate) shown_lane: Option<HeaderValue>,
}

impl Record {
    /// In a box, because it is passed from hand to hand with every answer.
    #[inline]
    pub(crate) fn new(conn: &Arc<Conn>, generation: Arc<Held>) -> Box<Self> {
        conn.worker.counters.in_flight.add(1);
        Box::new(Self {
            conn: Arc::clone(conn),
            generation,
            started: Instant::now(),
            decision: None,
            trace: TraceId([0; 16]),
            endpoint: None,
            status: 0,
            fault: None,
            retries: 0,
            sent: 0,
            complete: false,
            head: None,
            shown_lane: None,
        })
    }

    pub(crate) fn conn(&self) -> &Arc<Conn> {
        &self.conn
    }

    #[inline]
    pub(crate) fn generation(&self) -> &Generation {
        &self.generation
    }

    /// What the flag that chose the lane is called: a few look-ups, and none where no flag chose.
    #[inline]
    fn flag_names(&self) -> Option<FlagNames<'_>> {
        let choice = self.decision.as_ref()?.flag?;
        self.generation.snapshot().flag_names(choice)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let worker = &self.conn.worker;
        let (duration, received) = (self.started.elapsed(), self.conn.body.bytes());
        let counters = &worker.counters;
        counters.in_flight.sub(1);
        counters.ended.add(1);
        if let Some(decision) = &self.decision {
            let lane = self.generation.roster().lane(decision.lane);
            lane.counters
                .of(worker.number)
                .exchange(self.status, duration, received, self.sent);
        }
        if let Some(fault) = self.fault {
            counters.fault(fault);
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
            retries: self.retries,
            duration,
            received,
            sent: self.sent,
            complete: self.complete,
            trace: self.trace,
            head: self.head.as_deref(),
        });
        self.conn.exchange_ended();
    }
}
