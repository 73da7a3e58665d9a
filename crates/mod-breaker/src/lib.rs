//! Circuit breaker and outlier ejection per endpoint.
//!
//! Constraints:
//! - An endpoint that answers costs one relaxed load per attempt ([`Instance::admit`](graylane_pipeline::Instance)) and
//!   a few relaxed operations when the attempt ends; no lock, no allocation, no clock.
//! - The state of an endpoint is shared by all worker threads: each learns at once what one of them found out.
//! - A lane is never emptied: at most `max_ejected` percent of its endpoints, rounded down, and never all of them, are
//!   out of use at one time. A lane with one endpoint keeps it, whatever it does.
//! - A change of the configuration changes nothing for an endpoint that stays, known by service, lane and address: its state,
//!   its counts and its times go on.
//! - What says nothing about the endpoint changes nothing: an abandoned attempt is neutral, it only gives back the
//!   half-open permit that it may hold.
//!
//! Mechanism: `closed` counts failures, in a row and in a sliding window. Too many of either open the endpoint for
//! `open_for`, twice as long with each opening in a row, at most `max_open_for`. After that it is `half-open`: at most
//! `half_open_probes` attempts at a time may try it. The first that succeeds closes it, the first that fails opens it
//! again. A failure is an attempt that was unreachable, timed out, broke, or was answered with 500 to 599.
//!
//! - `gate`: the state of one endpoint as one atomic word.
//! - `endpoint`: what of an endpoint one configuration leaves to the next.
//! - `window`: the sliding count of attempts and failures.
//! - `lane`: the ejection limit.
//! - `breaker`: what ties them together on an attempt.
//! - `heritage`: what the next process is told when it takes over.
//! - `report`: metrics, the page `/breaker` and health.
//! - `settings`: the section `[modules.breaker]`.

mod breaker;
mod endpoint;
mod gate;
mod heritage;
mod lane;
mod report;
mod settings;
mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use graylane_pipeline::{Instance, Module, Settings, SettingsError, StartError, Topology};

use crate::breaker::Breaker;
use crate::settings::Rules;

graylane_note::linked!("breaker");

/// The module.
pub fn module() -> impl Module {
    BreakerModule
}

const NAME: &str = "breaker";

struct BreakerModule;

impl Module for BreakerModule {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "circuit breaker and outlier ejection per endpoint"
    }

    fn check(&self, settings: Settings<'_>) -> Result<(), SettingsError> {
        Rules::read(settings).map(drop)
    }

    fn start(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        let rules = Rules::read(settings)?;
        Ok(Arc::new(Breaker::new(rules, Arc::clone(topology), Instant::now)))
    }
}
