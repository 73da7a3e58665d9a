//! Who changed what, when, from what to what: an append-only, hash-chained log of JSON lines.
//!
//! Constraints: an entry is on disk before the change that it tells takes effect, so [`Log::append`] returns only after
//! the write was synced, and its entries are in the log all or none. Nothing that was accepted is ever changed, moved to
//! another line or deleted by this crate. A full disk fails the append and nothing else. Reading is streaming, with
//! bounded memory, and no bytes make it panic. The crate reads no clock: times are arguments.
//!
//! What comes in must already be redacted: a secret that is handed over as text is written as text, for good. Values
//! longer than [`VALUE_LIMIT`] are shown as digest and length.
//!
//! Mechanism: one entry is one line, a JSON object whose last members are `prev`, the hash of the entry before, and
//! `hash`, the SHA-256 over the exact bytes of the line without that last member. What a newer version adds to a line is
//! therefore verified without being understood, and so is this, without any program of ours:
//!
//! ```text
//! tail -n 1 audit.jsonl | sed 's/,"hash":"[0-9a-f]*"}$/}/' | tr -d '\n' | sha256sum
//! ```
//!
//! `seq` counts from 1 without gaps over all files. Entries of one call say which `part` of how many `parts` they are, so
//! that a call of which a crash left a piece is recognised.
//!
//! | file | what |
//! |---|---|
//! | `audit.jsonl` | the current file |
//! | `audit.<first seq>.jsonl` | a full one; the file after it begins with an entry that names it and its last hash |
//! | `audit.<next seq>.torn` | what a crash left of a call that was never acknowledged; the next entry names it |
//! | `audit.jsonl.lock` | locked while somebody may write; holds the process id |
//!
//! What the chain shows and what it does not: [`verify`] finds an entry that was changed, removed, inserted or moved, a
//! missing file and a torn tail. It cannot see from the files alone that the *end* was cut off, nor that somebody who may
//! write the files computed the whole chain anew. Against both helps a head (`seq:hash`) that is noted elsewhere, such as
//! in the log collector: [`verify`] takes it as an expectation.
//!
//! An append that fails promises nothing. Its entries are taken back, but where the disk also refuses that, and the
//! machine then dies, they may be found in the log at the next start.

mod chain;
mod disk;
mod entry;
mod files;
mod follow;
mod hash;
mod line;
mod lines;
mod lock;
mod log;
mod read;
mod scan;
mod verify;
mod walk;

#[cfg(test)]
mod tests;

pub use chain::Fault;
pub use entry::{Actor, Entry, VALUE_LIMIT};
pub use follow::Follow;
pub use hash::{Hash, Head, HeadError};
pub use line::{LINE_LIMIT, Record};
pub use lock::LockError;
pub use log::{AppendError, CALL_LIMIT, Log, OpenError, Options, RECOVERED, ROTATED};
pub use read::{Filter, Item, ReadError, Reader, last};
pub use verify::{Broken, Verified, VerifyError, verify, verify_at_rest};
