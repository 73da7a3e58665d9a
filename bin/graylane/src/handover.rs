//! The live switch from one process to another: what this process gives to the next, and what it takes from the one before.
//!
//! Constraints
//! - Whatever happens before the commit, this process goes on: it accepts again at once, and changes are made again.
//! - Blocking work is done in threads of its own; the main task is told only what changes its course ([`Word`]).
//! - One handover at a time. Who comes second is refused, and named.
//!
//! Mechanism: [`House`] is what the threads need of the running process: to stop accepting, to accept again, to count.
//! `doorman` lets visitors in, `giving` talks to the next process, `taking` to the one before, `switch` starts the next
//! process for an operator. `awaited` is where their threads and the main task, which drains, wait for one another, and
//! `record` is what the pages show of all this.

mod awaited;
mod doorman;
mod giving;
mod house;
mod probe;
mod record;
mod switch;
mod taking;

pub(crate) use doorman::Doorman;
pub(crate) use house::{House, Leaving, Returned, Word, folder, hello};
pub(crate) use probe::probe;
pub(crate) use record::{Phase, Record};
pub(crate) use taking::{NotInherited, Taking, Turn};

/// The names under which sockets are handed over. Those of the configuration have a prefix, so that none of them can be
/// taken for one of these.
pub(crate) const ADMIN: &str = "admin";
/// The flag server's.
pub(crate) const OFREP: &str = "ofrep";
/// Before the name of a listener of the configuration.
pub(crate) const LISTENER: &str = "listener:";

/// The step in which this process goes on, and the next one is sent back.
const BACK: &str = "back";

/// Entries of the state: what was accepted, which generation of process this is, and before the name of a module.
const ACCEPTED: &str = "accepted";
const GENERATION: &str = "generation";
const MODULE: &str = "module:";
