use std::fmt;

use crate::{Decision, Fault, TraceId};

/// What went wrong with the lane of an exchange, before anything of an answer went to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No endpoint answered: one of the faults for which [`Fault::is_rescuable`] holds.
    Fault(Fault),
    /// An endpoint answered with this status, 500 to 599, and [`crate::Instance::rescues_status`] holds for it.
    Status(u16),
}

/// An exchange that is about to fail: what a module needs to answer in place of the endpoint.
///
/// Never a call of gRPC, whose answers are not to be had from a text, nor one that switches protocols.
#[derive(Clone, Copy)]
pub struct Rescue<'a> {
    /// The lane decision.
    pub decision: &'a Decision,
    /// What went wrong.
    pub trouble: Trouble,
    /// The trace id, found or made.
    pub trace: TraceId,
    /// The method. To `HEAD` an answer is made as to `GET`, and its body is left out by the gateway.
    pub method: &'a str,
    /// The path as it was received, with its percent-encoding.
    pub path: &'a str,
    /// What is behind the `?`, as it was received.
    pub query: Option<&'a str>,
    /// The value of a field, by its name in lower case, as the endpoint would have got it; the first where there are
    /// several.
    pub header: &'a dyn Fn(&str) -> Option<&'a [u8]>,
}

impl fmt::Debug for Rescue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rescue")
            .field("decision", self.decision)
            .field("trouble", &self.trouble)
            .field("trace", &self.trace)
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// An answer in place of an endpoint's. The gateway adds the fields of the connection, `Content-Length`, `Date`, and
/// `X-Graylane-Fault` where there was a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub status: u16,
    /// Field lines: names are tokens in lower case, values have no control character.
    pub fields: Vec<(Box<str>, Box<str>)>,
    /// Empty where the status allows none.
    pub body: Vec<u8>,
}
