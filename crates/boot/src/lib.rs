//! Ordered start: units come up after what they require, each within its limit, and stop in reverse.
//!
//! Constraints:
//! - A unit begins when the last unit that it requires is up, never earlier, and never waits for anything else: there
//!   are no levels. Where times do not decide, the order of declaration does.
//! - Whatever a unit does (fail, panic, wait for ever, block its thread), the step ends within the unit's limit, and
//!   the error names the unit. Nothing that it does keeps the others from being stopped.
//! - A start is all or nothing: after the first failure nothing begins any more, and what was up is stopped in reverse.
//! - Units hand values to each other through cells of their own (`OnceLock`, channels): this crate moves no values.
//!
//! Mechanism: every `init`, `health` and `stop` runs on a plain thread of its own that enters the caller's runtime with
//! `Handle::block_on`. Sockets, timers and tasks therefore belong to the caller's runtime and outlive the step, while a
//! step that blocks only blocks itself: the gateway's runtime has one thread, and a task on it could not be timed out
//! by that same thread. The blocking pool was rejected because a runtime waits for it when dropped: one blocked unit
//! would keep the process from exiting. An overrun step that waits is cancelled, one that blocks is abandoned with its
//! thread.
//!
//! What follows from that: the caller's runtime must have its time driver, it must not be blocked by tasks that a unit
//! spawned on it (they are beyond any limit kept here), and panics must unwind (not `panic = "abort"`).
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use graylane_boot::{Graph, Unit};
//!
//! let graph = Graph::new([
//!     Unit::new("listeners").requires(["routing"]).init(async || Ok(())).stop(async || Ok(())),
//!     Unit::new("routing").requires(["configuration"]).init(async || Ok(())),
//!     Unit::new("configuration").init(async || Ok(())),
//! ])?;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # runtime.block_on(async {
//! let running = graph.start().await?;
//! assert_eq!(running.report().critical_path(), ["configuration", "routing", "listeners"]);
//! assert!(running.stop().await.all_good());
//! # Ok(())
//! # })
//! # }
//! ```

mod dot;
mod graph;
mod job;
mod outcome;
mod report;
mod running;
mod start;
mod unit;

#[cfg(test)]
mod tests;

pub use graph::{Graph, GraphError};
pub use outcome::{Cause, Outcome, Outcomes, Stuck};
pub use report::{Report, Timing};
pub use running::{Probes, Running};
pub use start::StartError;
pub use unit::{BoxError, DEFAULT_LIMIT, Unit};
