//! A module that checks that an exchange stays with one generation.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, OnceLock};

use graylane_pipeline::{Attempt, Exchange, Instance, Outcome, Phases, Settings, StartError, Topology};

/// What all instances saw together.
#[derive(Default)]
pub(crate) struct Seen {
    /// Instances that were not dropped.
    pub(crate) alive: AtomicU64,
    /// Instances that took over.
    pub(crate) used: AtomicU64,
    pub(crate) admitted: AtomicU64,
    pub(crate) observed: AtomicU64,
    /// What must never be.
    pub(crate) wrong: Mutex<Vec<String>>,
}

/// The instance of one generation.
pub(crate) struct Witness {
    seen: Arc<Seen>,
    topology: Arc<Topology>,
    /// That of every decision that it is shown.
    revision: OnceLock<u64>,
    under_way: AtomicU64,
}

impl Witness {
    pub(crate) fn new(seen: &Arc<Seen>, topology: &Arc<Topology>) -> Arc<Self> {
        seen.alive.fetch_add(1, SeqCst);
        Arc::new(Self {
            seen: Arc::clone(seen),
            topology: Arc::clone(topology),
            revision: OnceLock::new(),
            under_way: AtomicU64::new(0),
        })
    }

    fn check(&self, what: &str, is_right: bool) {
        if !is_right {
            self.seen.wrong.lock().unwrap().push(what.to_owned());
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.check(
            "an instance went before its exchanges",
            self.under_way.load(SeqCst) == 0,
        );
        self.seen.alive.fetch_sub(1, SeqCst);
    }
}

impl Instance for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    fn phases(&self) -> Phases {
        Phases::FORWARD.and(Phases::OBSERVE)
    }

    fn admit(&self, attempt: &Attempt) -> bool {
        self.check(
            "an endpoint is of another lane",
            self.topology
                .endpoints
                .get(attempt.endpoint.0 as usize)
                .is_some_and(|endpoint| endpoint.lane == attempt.lane),
        );
        self.under_way.fetch_add(1, SeqCst);
        self.seen.admitted.fetch_add(1, SeqCst);
        true
    }

    fn settle(&self, _attempt: &Attempt, _outcome: Outcome) {
        self.check(
            "an attempt was settled by who did not admit it",
            self.under_way.load(SeqCst) > 0,
        );
        self.under_way.fetch_sub(1, SeqCst);
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        self.seen.observed.fetch_add(1, SeqCst);
        let Some(decision) = exchange.decision else { return };
        let revision = *self.revision.get_or_init(|| decision.revision);
        self.check(
            "an exchange was decided by another generation",
            decision.revision == revision,
        );
        let lane_of = |id| self.topology.endpoint(id).lane;
        self.check(
            "an exchange was answered from another lane",
            exchange.endpoint.is_none_or(|id| lane_of(id) == decision.lane),
        );
    }

    fn renew(
        &self,
        _settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        Ok(Self::new(&self.seen, topology))
    }

    fn take_over(&self) {
        self.seen.used.fetch_add(1, SeqCst);
    }
}
