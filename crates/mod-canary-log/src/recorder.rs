//! Which exchanges are logged, and the hooks.

use std::cell::RefCell;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use graylane_core::{Salt, Weight};
use graylane_pipeline::{
    Decision, Exchange, Health, Instance, MetricsText, Phases, Settings, StartError, Topology, TraceId,
};

use crate::line::{Format, Scratch};
use crate::queue::Queue;
use crate::settings::{Fixed, Plan, Target};
use crate::writer::{self, Open, Pace};

/// The running module.
#[derive(Debug)]
pub(crate) struct Recorder {
    topology: Arc<Topology>,
    sample: Weight,
    salt: Salt,
    format: Format,
    /// What the queue and its thread were made from.
    fixed: Fixed,
    /// One for all configurations of the process.
    pub(crate) queue: Arc<Queue>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Recorder {
    /// Opens the target and starts the thread that writes.
    pub(crate) fn start(plan: Plan, topology: Arc<Topology>) -> Result<Self, StartError> {
        let what = match &plan.fixed.target {
            Target::Stderr => "start the canary log".to_owned(),
            Target::File(path) => format!("open the canary log {}", path.display()),
        };
        let open = writer::opener(plan.fixed.target.clone());
        Self::over(plan, topology, open, Pace::USUAL).map_err(|source| StartError::Failed { what, source })
    }

    /// The same over any target.
    pub(crate) fn over(plan: Plan, topology: Arc<Topology>, open: Open, pace: Pace) -> std::io::Result<Self> {
        let queue = Queue::start(plan.fixed.queue, open, pace)?;
        Ok(Self::with(plan, topology, Arc::new(queue)))
    }

    fn with(plan: Plan, topology: Arc<Topology>, queue: Arc<Queue>) -> Self {
        Self {
            topology,
            sample: plan.sample,
            // Fixed: every gateway that an exchange passes must come to the same answer.
            salt: Salt::new(crate::NAME),
            format: Format {
                redaction: plan.redaction,
                max_value: plan.max_value,
                headers: plan.headers,
            },
            fixed: plan.fixed,
            queue,
        }
    }

    /// Trace ids are hashed, since not everyone who makes them fills them with random bits.
    fn wants(&self, decision: &Decision, trace: TraceId) -> bool {
        !decision.baseline && self.salt.bucket(&trace.0).index() < self.sample.steps()
    }
}

impl Instance for Recorder {
    fn name(&self) -> &'static str {
        crate::NAME
    }

    fn phases(&self) -> Phases {
        Phases::OBSERVE
    }

    fn wants_head(&self, decision: &Decision, trace: TraceId) -> bool {
        self.wants(decision, trace)
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        graylane_note::emitted!("canary-log");
        let Some(decision) = exchange
            .decision
            .filter(|decision| self.wants(decision, exchange.trace))
        else {
            return;
        };
        SCRATCH.with_borrow_mut(|scratch| {
            let ended = SystemTime::now();
            self.queue.put(
                self.format
                    .line(exchange, decision, &self.topology, ended, scratch),
            );
        });
    }

    /// Degraded while lines cannot be written. A full queue alone is no reason: the counter shows it, and exchanges are
    /// served all the same.
    fn health(&self) -> Health {
        let trouble = self
            .queue
            .tally
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*trouble {
            Some(error) => Health::Degraded(format!("the canary log cannot be written: {error}")),
            None => Health::Good,
        }
    }

    fn metrics(&self, out: &mut MetricsText) {
        const LINES: &str = "graylane_canary_log_lines_total";
        const DROPPED: &str = "graylane_canary_log_dropped_total";
        let tally = &self.queue.tally;
        out.family(LINES, "counter", "Lines of the canary log that were written.");
        out.sample(LINES, &[], tally.lines.load(Relaxed));
        out.family(
            DROPPED,
            "counter",
            "Lines of the canary log that were dropped: the queue was full, or the write failed.",
        );
        for (reason, count) in [
            ("queue", &tally.dropped_by_queue),
            ("write", &tally.dropped_by_write),
        ] {
            out.sample(DROPPED, &[("reason", reason)], count.load(Relaxed));
        }
    }

    /// The lines of both configurations go through the same queue, so none is lost and none is written twice.
    fn renew(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        let plan = Plan::read(settings)?;
        plan.keeps(&self.fixed)?;
        Ok(Arc::new(Self::with(
            plan,
            Arc::clone(topology),
            Arc::clone(&self.queue),
        )))
    }

    fn stop(&self) {
        self.queue.stop();
    }
}
