use std::fmt;
use std::sync::Arc;

use crate::{
    Attempt, Decision, Exchange, Instance, Outcome, Phases, Reply, Rescue, Settings, StartError, Topology,
    TraceId,
};

/// The started modules, sorted by phase: a phase that no module wants costs the test of an empty slice.
#[derive(Clone, Default)]
pub struct Hooks {
    all: Box<[Arc<dyn Instance>]>,
    forward: Box<[Arc<dyn Instance>]>,
    answer: Box<[Arc<dyn Instance>]>,
    observe: Box<[Arc<dyn Instance>]>,
}

/// A module cannot go on under the next configuration.
#[derive(Debug, thiserror::Error)]
#[error("module `{module}` cannot take the new configuration")]
pub struct NotRenewed {
    /// Its name.
    pub module: &'static str,
    /// Why not.
    #[source]
    pub source: StartError,
}

impl Hooks {
    /// Sorts the modules, keeping table order within each phase.
    pub fn new(modules: Vec<Arc<dyn Instance>>) -> Self {
        let of = |phase: Phases| {
            modules
                .iter()
                .filter(|m| m.phases().contains(phase))
                .cloned()
                .collect()
        };
        Self {
            forward: of(Phases::FORWARD),
            answer: of(Phases::ANSWER),
            observe: of(Phases::OBSERVE),
            all: modules.into(),
        }
    }

    /// Renews every module for the next configuration; these go on, and nothing has happened where it fails.
    ///
    /// # Errors
    /// The first module that cannot be renewed.
    pub fn renew<'s>(
        &self,
        settings: impl Fn(&str) -> Settings<'s>,
        topology: &Arc<Topology>,
    ) -> Result<Self, NotRenewed> {
        let renewed: Result<Vec<_>, _> = self
            .all
            .iter()
            .map(|module| {
                let name = module.name();
                let renewed = module.renew(settings(name), topology);
                renewed.map_err(|source| NotRenewed { module: name, source })
            })
            .collect();
        renewed.map(Self::new)
    }

    /// Tells every module that its configuration is now the one in use.
    pub fn take_over(&self) {
        for module in &self.all {
            module.take_over();
        }
    }

    /// Every started module, in table order.
    pub fn modules(&self) -> &[Arc<dyn Instance>] {
        &self.all
    }

    /// Whether every module lets the attempt go ahead. A module that had said yes before another said no is told that
    /// the attempt was abandoned, so each yes is followed by exactly one `settle`.
    #[inline]
    pub fn admit(&self, attempt: &Attempt) -> bool {
        for (i, module) in self.forward.iter().enumerate() {
            if !module.admit(attempt) {
                for earlier in &self.forward[..i] {
                    earlier.settle(attempt, Outcome::Abandoned);
                }
                return false;
            }
        }
        true
    }

    /// Tells every module how an admitted attempt ended.
    #[inline]
    pub fn settle(&self, attempt: &Attempt, outcome: Outcome) {
        for module in &self.forward {
            module.settle(attempt, outcome);
        }
    }

    /// Whether some module may answer in place of a fault.
    #[inline]
    pub fn rescues(&self) -> bool {
        !self.answer.is_empty()
    }

    /// Whether some module may answer in place of an endpoint's answer with this status.
    #[inline]
    pub fn rescues_status(&self, status: u16) -> bool {
        status >= 500 && self.answer.iter().any(|module| module.rescues_status(status))
    }

    /// The first answer that a module gives.
    pub fn rescue(&self, rescue: &Rescue<'_>) -> Option<Reply> {
        self.answer.iter().find_map(|module| module.rescue(rescue))
    }

    /// Whether some module wants a copy of the request's head.
    #[inline]
    pub fn wants_head(&self, decision: &Decision, trace: TraceId) -> bool {
        self.observe
            .iter()
            .any(|module| module.wants_head(decision, trace))
    }

    /// Shows the ended exchange to every module that observes.
    #[inline]
    pub fn observe(&self, exchange: &Exchange<'_>) {
        for module in &self.observe {
            module.observe(exchange);
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.all.iter().map(|module| module.name()))
            .finish()
    }
}
