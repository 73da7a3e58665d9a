//! Whole exchanges over pipes in memory: a client and endpoints that follow scripts, and a judge of what each of them saw.
//!
//! The judge reads with a small strict reader of its own: what it accepts has one meaning.

pub(crate) mod judge;
pub(crate) mod pipes;
mod reader;
mod scene;
pub(crate) mod script;

use judge::judge;
use pipes::run;
use script::Plan;

/// Plays an input to its end.
///
/// # Panics
/// Where anything is not as it must be.
pub(crate) fn play(input: &[u8]) {
    let plan = Plan::read(input);
    // Another protocol: its tasks need a runtime, and its frames another judge.
    if plan.speaks_http2() {
        return;
    }
    let played = run(&plan);
    judge(&plan, &played);
}
