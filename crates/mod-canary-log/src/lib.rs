//! A structured, sampled and redacted log of the exchanges of lanes other than baseline, one JSON object a line.
//!
//! Constraints:
//! - An exchange never waits for the log: a line goes into a bounded queue, and where that is full it is dropped and
//!   counted. Exchanges that are not sampled cost one hash of their trace id.
//! - The trace id alone decides what is sampled, so every hop that an exchange passes logs it, or none does.
//! - What is redacted appears nowhere in a line: not in the header, not in the query whatever way its name is encoded,
//!   not in a URL within another header, not as the user information of a URL. Where it is not clear how far a secret
//!   goes, more is redacted rather than less. The lists of the settings add to the built-in ones and never replace them.
//! - Whatever a client sends, a line stays one line, and one JSON object. Nothing is lost by it: see `json`.
//! - A file that cannot be written is no reason to stop: the lines are counted as dropped, and the file is opened again
//!   after a while.
//!
//! A line has, in this order: `time` (when the exchange ended, RFC 3339, UTC, milliseconds), `trace`, `service`, `lane`,
//! `reason`, `bucket`, `revision`, where a flag chose the lane `flag` and `variant`, `method`, `target`, `status` (null
//! where the client left before one), `fault` (a word or null), `duration_ms`, `received` and `sent` (bytes of body),
//! `retries`, `endpoint` (`host:port` or null), `complete` and, unless switched off, `headers` (an object; a header that
//! came several times is an array).
//!
//! The file is opened for appending, created with mode 0600, and kept open: rotate it by copying and truncating.
//!
//! - `recorder`: which exchanges, and the hooks.
//! - `line`: an exchange as a line; `json`: texts in it; `redact`: what must not be in it.
//! - `queue`: from the threads that serve to the one that writes; `writer`: that one.
//! - `settings`: the section `[modules.canary-log]`.

mod json;
mod line;
mod queue;
mod recorder;
mod redact;
mod settings;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use graylane_pipeline::{Instance, Module, Settings, SettingsError, StartError, Topology};

use crate::recorder::Recorder;
use crate::settings::Plan;

graylane_note::linked!("canary-log");

/// The module.
pub fn module() -> impl Module {
    CanaryLog
}

const NAME: &str = "canary-log";

struct CanaryLog;

impl Module for CanaryLog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "sampled and redacted JSON lines of the exchanges of lanes other than baseline"
    }

    fn check(&self, settings: Settings<'_>) -> Result<(), SettingsError> {
        Plan::read(settings).map(drop)
    }

    fn start(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        let plan = Plan::read(settings)?;
        Ok(Arc::new(Recorder::start(plan, Arc::clone(topology))?))
    }
}
