use std::fmt;
use std::time::{Duration, Instant};

use crate::{Decision, EndpointId, LaneId};

/// The trace id of an exchange: 16 bytes, not all zero (W3C Trace Context, section 3.2.2.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceId(pub [u8; 16]);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One try to have an endpoint answer.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// Who was asked.
    pub endpoint: EndpointId,
    /// In which lane.
    pub lane: LaneId,
    /// When: taken before [`crate::Instance::admit`] is asked, and anew for each attempt.
    pub started: Instant,
    /// Everybody else in the lane has failed, and without this attempt the client gets an error: whom a module would pass over
    /// is still better than nobody.
    pub last_resort: bool,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint answered with this status.
    Answered(u16),
    /// No connection could be made.
    Unreachable,
    /// The endpoint took too long.
    TimedOut,
    /// The connection broke, or what came was not HTTP.
    Broken,
    /// The client went away first, or sent something wrong: this says nothing about the endpoint.
    Abandoned,
}

/// Where a fault arose, and what it was. The word of each is in metrics, logs and the `X-Graylane-Fault` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Downstream: the request cannot be understood or is ambiguous.
    BadRequest,
    /// Downstream: the target is longer than the limit.
    TargetTooLong,
    /// Downstream: the head is larger than the limit, or has more fields.
    HeadTooLarge,
    /// Downstream: a version of HTTP that is not spoken here.
    VersionNotServed,
    /// Downstream: the body is larger than the limit.
    BodyTooLarge,
    /// Downstream: an expectation other than `100-continue`.
    Expectation,
    /// Downstream: the head or the body came too slowly, or not at all.
    RequestTimeout,
    /// Here: `CONNECT` is not served.
    MethodNotServed,
    /// Here: no service matches host and path.
    NoService,
    /// Here: the lane has no endpoint that may be asked now.
    NoEndpoint,
    /// Upstream: no endpoint of the lane accepted a connection.
    Unreachable,
    /// Upstream: no answer within the limit.
    UpstreamTimeout,
    /// Downstream: the time is up that the client gave for the whole exchange (`grpc-timeout`).
    DeadlineExceeded,
    /// Upstream: the connection broke before the head of the answer.
    UpstreamBroken,
}

impl Fault {
    /// Every fault, for tables of counters.
    pub const ALL: [Self; 14] = [
        Self::BadRequest,
        Self::TargetTooLong,
        Self::HeadTooLarge,
        Self::VersionNotServed,
        Self::BodyTooLarge,
        Self::Expectation,
        Self::RequestTimeout,
        Self::MethodNotServed,
        Self::NoService,
        Self::NoEndpoint,
        Self::Unreachable,
        Self::UpstreamTimeout,
        Self::DeadlineExceeded,
        Self::UpstreamBroken,
    ];

    /// The word for it in metrics, logs and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::TargetTooLong => "target-too-long",
            Self::HeadTooLarge => "head-too-large",
            Self::VersionNotServed => "version-not-served",
            Self::BodyTooLarge => "body-too-large",
            Self::Expectation => "expectation",
            Self::RequestTimeout => "request-timeout",
            Self::MethodNotServed => "method-not-served",
            Self::NoService => "no-service",
            Self::NoEndpoint => "no-endpoint",
            Self::Unreachable => "unreachable",
            Self::UpstreamTimeout => "upstream-timeout",
            Self::DeadlineExceeded => "deadline-exceeded",
            Self::UpstreamBroken => "upstream-broken",
        }
    }

    /// Whether another answer may take its place: no endpoint answered, and it was not the client's doing.
    pub const fn is_rescuable(self) -> bool {
        matches!(
            self,
            Self::NoEndpoint | Self::Unreachable | Self::UpstreamTimeout | Self::UpstreamBroken
        )
    }

    /// The status with which the client is answered.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::TargetTooLong => 414,
            Self::HeadTooLarge => 431,
            Self::VersionNotServed => 505,
            Self::RequestTimeout => 408,
            Self::BodyTooLarge => 413,
            Self::Expectation => 417,
            Self::MethodNotServed => 501,
            Self::NoService => 404,
            Self::NoEndpoint => 503,
            Self::Unreachable | Self::UpstreamBroken => 502,
            Self::UpstreamTimeout | Self::DeadlineExceeded => 504,
        }
    }
}

/// A copy of a request's head, made only where a module asked for it ([`crate::Instance::wants_head`]).
#[derive(Debug, Clone)]
pub struct Head {
    /// The method.
    pub method: Box<str>,
    /// Path and query, as received.
    pub target: Box<str>,
    /// The host asked for.
    pub host: Box<str>,
    /// Names in lower case, values as received; in order.
    pub headers: Vec<(Box<str>, Box<[u8]>)>,
}

/// The flag that chose a lane, in words: a [`crate::FlagChoice`] as the snapshot that decided calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagNames<'a> {
    /// The key of the flag.
    pub flag: &'a str,
    /// The name of the variant.
    pub variant: &'a str,
}

/// An exchange that ended, as modules see it.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The lane decision; `None` where no service matched.
    pub decision: Option<&'a Decision>,
    /// The flag that chose the lane, where one did.
    pub flag: Option<FlagNames<'a>>,
    /// The endpoint that answered, if one did.
    pub endpoint: Option<EndpointId>,
    /// The status sent to the client; 0 where the client went away before one.
    pub status: u16,
    /// What went wrong, if anything.
    pub fault: Option<Fault>,
    /// The baseline lane, where that answered in place of the decided one.
    pub fallback: Option<LaneId>,
    /// How often another endpoint or connection was tried.
    pub retries: u8,
    /// From the head of the request to the end of the answer's body.
    pub duration: Duration,
    /// Bytes of body received from the client.
    pub received: u64,
    /// Bytes of body sent to the client.
    pub sent: u64,
    /// Whether the answer's body reached its end.
    pub complete: bool,
    /// The trace id, found or made.
    pub trace: TraceId,
    /// The request's head, where a module asked for it.
    pub head: Option<&'a Head>,
}
