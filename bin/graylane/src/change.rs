//! The life of a change: bytes -> size limit -> signature and revision -> layers folded -> validated -> compiled ->
//! compared with what runs -> audit entry on disk -> swapped -> modules told.
//!
//! One thread, the engine, makes all changes, one after the other; everybody else sends it orders. A failure anywhere
//! leaves in use what is in use, is told in the audit log, and shows in `/readyz` and in the metrics.

mod accepted;
mod beginning;
mod difference;
mod draft;
mod engine;
mod handle;
mod journal;
mod status;
mod suspension;
mod told;
mod watching;

pub(crate) use accepted::{Accepted, AcceptedFile};
pub(crate) use beginning::Beginning;
pub(crate) use draft::Draft;
pub(crate) use engine::{Engine, Tell};
pub(crate) use handle::{Handle, NoAnswer};
pub(crate) use journal::{Journal, Origin, chain};
pub(crate) use status::{Ending, Status, Trigger};

use arc_swap::ArcSwap;
use graylane_load::Instead;
use graylane_proxy::Ledger;

use crate::exit::Failure;
use crate::load::Loaded;

/// The configuration in use: whoever looks sees one, whole.
pub(crate) type InUse = ArcSwap<Loaded>;

/// Somebody wants a change.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) origin: Origin,
    /// A text to be used in place of a file's, and to be written to that file; `None`: read the files again.
    pub(crate) put: Option<Instead>,
}

impl Order {
    /// That the files be read again.
    pub(crate) fn reload(trigger: Trigger) -> Self {
        Self {
            origin: Origin::of(trigger),
            put: None,
        }
    }
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is in use.
    Accepted(Done, Ledger),
    /// It is what is in use already.
    Unchanged(Done),
    /// What was in use stays in use.
    Rejected(Failure),
}

/// What is in use after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) revision: u64,
    pub(crate) digest: String,
    /// How many keys and flags differ from before.
    pub(crate) changes: usize,
}
