//! What happens on an attempt.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use graylane_pipeline::{
    Attempt, EndpointId, Health, Instance, LaneId, MetricsText, Outcome, Page, PageRequest, Phases, Settings,
    StartError, Topology,
};

use crate::endpoint::Watched;
use crate::gate::{Millis, State};
use crate::heritage;
use crate::lane::{self, Ejection, Lane};
use crate::report;
use crate::settings::Rules;
use crate::window::Window;

/// The running module, under one configuration.
pub(crate) struct Breaker {
    pub(crate) rules: Rules,
    pub(crate) topology: Arc<Topology>,
    /// Indexed by [`EndpointId`].
    pub(crate) endpoints: Box<[Watched]>,
    /// Indexed by [`LaneId`].
    lanes: Box<[Arc<Lane>]>,
    /// Asked only when an endpoint is about to open: an attempt that timed out began too long ago to tell the time.
    clock: Arc<dyn Fn() -> Instant + Send + Sync>,
    origin: Instant,
}

/// How an attempt counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Success,
    Failure,
    Neutral,
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered(500..=599) | Outcome::Unreachable | Outcome::TimedOut | Outcome::Broken => {
                Self::Failure
            }
            Outcome::Answered(_) => Self::Success,
            Outcome::Abandoned => Self::Neutral,
        }
    }
}

impl Breaker {
    /// All endpoints closed. Time is counted from now, as the clock tells it.
    pub(crate) fn new(
        rules: Rules,
        topology: Arc<Topology>,
        clock: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Self {
        let breaker = Self {
            endpoints: topology
                .endpoints
                .iter()
                .map(|_| Watched::new(Window::new(rules.window)))
                .collect(),
            lanes: topology.lanes.iter().map(|_| Arc::default()).collect(),
            topology,
            rules,
            origin: clock(),
            clock: Arc::new(clock),
        };
        breaker.take_over();
        breaker
    }

    /// The breaker of the next configuration: it shares with this one the lanes and endpoints that stay.
    pub(crate) fn next(&self, rules: Rules, topology: Arc<Topology>) -> Self {
        let earlier = topology.earlier(&self.topology);
        let same_window = self.rules.window == rules.window;
        let endpoint = |before: &Option<EndpointId>| match before.map(|id| self.endpoint(id)) {
            None => Watched::new(Window::new(rules.window)),
            Some(before) if same_window => before.clone(),
            Some(before) => Watched {
                endpoint: Arc::clone(&before.endpoint),
                window: Arc::new(before.window.resized(rules.window)),
            },
        };
        let lane = |before: &Option<LaneId>| match before {
            None => Arc::default(),
            Some(id) => Arc::clone(&self.lanes[id.0 as usize]),
        };
        Self {
            endpoints: earlier.endpoints.iter().map(endpoint).collect(),
            lanes: earlier.lanes.iter().map(lane).collect(),
            topology,
            rules,
            origin: self.origin,
            clock: Arc::clone(&self.clock),
        }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Millis {
        self.millis((self.clock)())
    }

    /// The endpoint of that number; a number of another configuration is a broken contract, and panics.
    pub(crate) fn endpoint(&self, id: EndpointId) -> &Watched {
        &self.endpoints[id.0 as usize]
    }

    /// How many endpoints of a lane are out of use.
    pub(crate) fn out_of_use(&self, id: LaneId) -> u32 {
        self.lanes[id.0 as usize].out()
    }

    /// How many endpoints of a lane may be out of use.
    pub(crate) fn limit(&self, id: LaneId) -> u32 {
        let endpoints = &self.topology.lane(id).endpoints;
        lane::limit(endpoints.end - endpoints.start, self.rules.max_ejected)
    }

    fn millis(&self, at: Instant) -> Millis {
        // 2^64 milliseconds are more than any Instant can be apart.
        at.saturating_duration_since(self.origin).as_millis() as u64
    }

    /// An attempt on an endpoint that was not closed a moment ago.
    #[cold]
    fn admit_probe(&self, attempt: &Attempt) -> bool {
        let endpoint = self.endpoint(attempt.endpoint);
        let now = self.millis(attempt.started);
        let limit = self.rules.half_open_probes as u16;
        let before = endpoint.gate.change(|state| match state {
            State::Open { streak, until } if now >= until => Some(State::HalfOpen {
                streak,
                since: until,
                probes: 1,
            }),
            State::HalfOpen {
                streak,
                since,
                probes,
            } if now >= since && probes < limit => Some(State::HalfOpen {
                streak,
                since,
                probes: probes + 1,
            }),
            _ => None,
        });
        match before {
            Ok(State::Open { .. }) => {
                log::info!("{} is half-open: it is tried again", self.place(attempt.endpoint));
                true
            }
            Ok(_) | Err(State::Closed) => true,
            Err(_) => {
                endpoint.record.rejected.fetch_add(1, Relaxed);
                false
            }
        }
    }

    fn settle_closed(&self, attempt: &Attempt, verdict: Verdict) {
        let endpoint = self.endpoint(attempt.endpoint);
        let record = &endpoint.record;
        let failed = match verdict {
            Verdict::Neutral => return,
            Verdict::Success => false,
            Verdict::Failure => true,
        };
        endpoint.window.add(self.millis(attempt.started), failed);
        if !failed {
            // Read before written: in the steady state the line stays shared between the cores.
            if record.failures_in_a_row.load(Relaxed) != 0 {
                record.failures_in_a_row.store(0, Relaxed);
            }
            return;
        }
        let in_a_row = record.failures_in_a_row.fetch_add(1, Relaxed).saturating_add(1);
        if in_a_row >= self.rules.consecutive_failures {
            return self.eject(attempt.endpoint, format_args!("{in_a_row} failures in a row"));
        }
        // A success never opens an endpoint, even one that completes `min_requests`: the rate is looked at here only.
        let counts = endpoint.window.counts();
        let (total, failed) = (u64::from(counts.total), u64::from(counts.failed));
        if total >= self.rules.min_requests.into() && failed * 100 >= total * u64::from(self.rules.error_rate)
        {
            self.eject(
                attempt.endpoint,
                format_args!("{failed} of {total} attempts failed"),
            );
        }
    }

    /// Closed -> open, if the lane can spare the endpoint.
    #[cold]
    fn eject(&self, id: EndpointId, why: std::fmt::Arguments<'_>) {
        let (endpoint, lane) = (self.endpoint(id), self.topology.endpoint(id).lane);
        // A lane that can spare none is not worth its lock, however fast its endpoint fails.
        if self.limit(lane) == 0 {
            return self.refuse(id, why);
        }
        let open_for = self.open_for(1);
        let until = self.now() + open_for;
        match self.lanes[lane.0 as usize].eject(&endpoint.endpoint, until) {
            Ejection::Needless => {}
            Ejection::Refused => self.refuse(id, why),
            Ejection::Done => {
                endpoint.record.opened.fetch_add(1, Relaxed);
                log::warn!("{} is open for {open_for} ms: {why}", self.place(id));
            }
        }
    }

    fn refuse(&self, id: EndpointId, why: std::fmt::Arguments<'_>) {
        let record = &self.endpoint(id).record;
        record.refused.fetch_add(1, Relaxed);
        let now = self.now();
        let last = record.refused_at.swap(now + 1, Relaxed);
        // One line when it begins, not one per failure.
        if last == 0 || (now + 1).saturating_sub(last) > self.window_millis() {
            log::warn!(
                "{} fails but stays in use: {why}, and its lane can spare no more endpoints",
                self.place(id)
            );
        }
    }

    /// The end of an attempt on an endpoint that is not closed. Only a probe of this half-open time counts: whatever was
    /// admitted earlier, while the endpoint was closed or in an earlier half-open time, began before `since`, because
    /// `since` lies at least ten milliseconds after the opening.
    #[cold]
    fn settle_probe(&self, attempt: &Attempt, verdict: Verdict) {
        let endpoint = self.endpoint(attempt.endpoint);
        let started = self.millis(attempt.started);
        let now = if verdict == Verdict::Failure {
            self.now()
        } else {
            0
        };
        let before = endpoint.gate.change(|state| match state {
            State::HalfOpen {
                streak,
                since,
                probes,
            } if started >= since => Some(match verdict {
                Verdict::Neutral => State::HalfOpen {
                    streak,
                    since,
                    probes: probes.saturating_sub(1),
                },
                Verdict::Failure => State::Open {
                    streak: streak.saturating_add(1),
                    until: now + self.open_for(streak.saturating_add(1)),
                },
                Verdict::Success => {
                    // Before it closes: afterwards the counts of the new time would be lost.
                    endpoint.forget();
                    State::Closed
                }
            }),
            _ => None,
        });
        let Ok(State::HalfOpen { streak, .. }) = before else {
            return;
        };
        match verdict {
            Verdict::Neutral => {}
            Verdict::Success => {
                log::info!("{} is closed: it answers again", self.place(attempt.endpoint));
            }
            Verdict::Failure => {
                endpoint.record.opened.fetch_add(1, Relaxed);
                let open_for = self.open_for(streak.saturating_add(1));
                log::warn!(
                    "{} is open for {open_for} ms: the probe failed",
                    self.place(attempt.endpoint)
                );
            }
        }
    }

    /// How long the n-th opening in a row lasts.
    fn open_for(&self, streak: u8) -> Millis {
        let doublings = u32::from(streak.clamp(1, 32) - 1);
        let time = self.rules.open_for.saturating_mul(1 << doublings);
        // At most 24 hours (settings).
        time.min(self.rules.max_open_for).as_millis() as u64
    }

    /// The longest time for which an endpoint may be out of use.
    pub(crate) fn longest(&self) -> Millis {
        // At most 24 hours (settings).
        self.rules.max_open_for.as_millis() as u64
    }

    /// Opens an endpoint until then, if its lane can spare it.
    pub(crate) fn eject_until(&self, id: EndpointId, until: Millis) -> Ejection {
        let lane = self.topology.endpoint(id).lane;
        self.lanes[lane.0 as usize].eject(&self.endpoint(id).endpoint, until)
    }

    pub(crate) fn window_millis(&self) -> Millis {
        // At most an hour (settings).
        self.rules.window.as_millis() as u64
    }

    fn place(&self, id: EndpointId) -> impl std::fmt::Display + '_ {
        let endpoint = self.topology.endpoint(id);
        let lane = self.topology.lane(endpoint.lane);
        std::fmt::from_fn(move |f| write!(f, "{} of {}/{}", endpoint.address, lane.service, lane.lane))
    }
}

impl Instance for Breaker {
    fn name(&self) -> &'static str {
        crate::NAME
    }

    fn phases(&self) -> Phases {
        Phases::FORWARD
    }

    #[inline]
    fn admit(&self, attempt: &Attempt) -> bool {
        graylane_note::emitted!("breaker");
        // A last resort takes no permit of a probe, and so is none.
        self.endpoint(attempt.endpoint).gate.is_closed() || attempt.last_resort || self.admit_probe(attempt)
    }

    #[inline]
    fn settle(&self, attempt: &Attempt, outcome: Outcome) {
        let verdict = Verdict::from(outcome);
        if self.endpoint(attempt.endpoint).gate.is_closed() {
            self.settle_closed(attempt, verdict);
        } else if !attempt.last_resort {
            self.settle_probe(attempt, verdict);
        }
    }

    fn health(&self) -> Health {
        report::health(self)
    }

    fn metrics(&self, out: &mut MetricsText) {
        report::metrics(self, out);
    }

    fn pages(&self) -> &'static [&'static str] {
        &[report::PAGE]
    }

    fn page(&self, request: &PageRequest<'_>) -> Option<Page> {
        (request.path == report::PAGE).then(|| report::page(self))
    }

    fn offer(&self) -> Option<Vec<u8>> {
        heritage::offer(self)
    }

    fn adopt(&self, offered: &[u8]) {
        heritage::adopt(self, offered);
    }

    fn renew(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        Ok(Arc::new(self.next(Rules::read(settings)?, Arc::clone(topology))))
    }

    /// From here the lanes are those of this configuration; one that shrank may have to take endpoints back.
    fn take_over(&self) {
        for (number, (info, lane)) in (0..).zip(self.topology.lanes.iter().zip(&self.lanes)) {
            let endpoints = info.endpoints.clone();
            let of_lane = endpoints
                .clone()
                .map(|id| Arc::clone(&self.endpoint(EndpointId(id)).endpoint));
            lane.become_of(of_lane.collect(), self.limit(LaneId(number)), |back| {
                // An index into the lane's own endpoints, which are numbered with 32 bits.
                let id = EndpointId(endpoints.start + back as u32);
                self.endpoint(id).window.clear();
                log::warn!(
                    "{} is closed again: its lane has fewer endpoints now and cannot spare it",
                    self.place(id)
                );
            });
        }
    }
}
