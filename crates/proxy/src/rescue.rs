//! *answer*, where a module gives one in place of a failure.
//!
//! An exchange that goes well costs the test of a status; one that fails, where no module rescues, the test of an empty slice.

use graylane_pipeline::{Fault, Reply, Rescue, Trouble};
use graylane_wire::{self as wire, Limits, Table};

use crate::prepare::Call;
use crate::record::Record;

/// The answer in place of a fault, where a module has one.
#[inline]
pub(crate) fn of_fault(fault: Fault, call: &Call, record: &Record) -> Option<Box<Reply>> {
    if !fault.is_rescuable() || !record.generation.hooks().rescues() {
        return None;
    }
    ask(Trouble::Fault(fault), call, record)
}

/// The answer in place of an endpoint's with this status, where a module has one.
#[inline]
pub(crate) fn of_status(status: u16, call: &Call, record: &Record) -> Option<Box<Reply>> {
    if !record.generation.hooks().rescues_status(status) {
        return None;
    }
    ask(Trouble::Status(status), call, record)
}

/// Nothing of the request was kept for this case but the head that goes to an endpoint, so that is parsed again.
#[cold]
fn ask(trouble: Trouble, call: &Call, record: &Record) -> Option<Box<Reply>> {
    if call.grpc || call.wish.is_some() {
        return None;
    }
    let limits = Limits {
        head: call.head.len(),
        // The limit of fields was kept when the request came; what was added are our own.
        fields: usize::from(u16::MAX),
    };
    // Not the thread's own table, which is lent while an endpoint's head is looked at.
    let mut table = Table::new();
    let request = wire::parse_request(&call.head, limits, &mut 0, &mut table).ok()??;
    let header = |name: &str| request.fields.get(name);
    let rescue = Rescue {
        decision: record.decision.as_ref()?,
        trouble,
        trace: record.trace,
        method: request.method,
        path: request.path,
        query: request.query,
        header: &header,
    };
    record.generation.hooks().rescue(&rescue).map(Box::new)
}
