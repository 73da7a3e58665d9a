use std::fmt;
use std::io;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The endpoint is well.
    Passed,
    /// It takes no connection, or cannot prove who it is.
    Unreachable(Box<str>),
    /// It was not done in time.
    TimedOut,
    /// It answered with a status that no endpoint has that is well.
    Status(u16),
    /// It answered a call of gRPC with this status, which is not OK.
    GrpcStatus(u32),
    /// It says itself, by gRPC, that it is not serving; a number of `ServingStatus`.
    NotServing(u64),
    /// What it said is not the protocol that is spoken with it.
    Broken(Box<str>),
}

/// Bytes of a reason that are kept.
const MAX_REASON: usize = 200;

impl Finding {
    /// The words of metrics, in the order of [`Finding::index`].
    pub(crate) const LABELS: [&'static str; 6] = [
        "passed",
        "unreachable",
        "timeout",
        "status",
        "not-serving",
        "broken",
    ];

    /// Whether the endpoint is well.
    pub fn passed(&self) -> bool {
        *self == Self::Passed
    }

    /// The place of its word in the table.
    pub(crate) fn index(&self) -> usize {
        match self {
            Self::Passed => 0,
            Self::Unreachable(_) => 1,
            Self::TimedOut => 2,
            Self::Status(_) | Self::GrpcStatus(_) => 3,
            Self::NotServing(_) => 4,
            Self::Broken(_) => 5,
        }
    }

    pub(super) fn unreachable(error: &io::Error) -> Self {
        Self::Unreachable(reason(error))
    }

    pub(super) fn broken(why: impl fmt::Display) -> Self {
        Self::Broken(reason(why))
    }
}

/// What is said of an error, of which an endpoint may have chosen some.
fn reason(why: impl fmt::Display) -> Box<str> {
    let mut text = why.to_string();
    text.truncate(text.floor_char_boundary(MAX_REASON));
    text.into()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("well"),
            Self::Unreachable(why) => write!(f, "unreachable: {why}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::GrpcStatus(code) => match GRPC.get(*code as usize) {
                Some(name) => write!(f, "grpc-status {code}, {name}"),
                None => write!(f, "grpc-status {code}"),
            },
            // The numbers of `ServingStatus` in grpc.health.v1.
            Self::NotServing(0) => f.write_str("it says UNKNOWN, not SERVING"),
            Self::NotServing(2) => f.write_str("it says NOT_SERVING"),
            Self::NotServing(3) => f.write_str("it says SERVICE_UNKNOWN: it has no such service"),
            Self::NotServing(other) => write!(f, "it says {other}, not SERVING"),
            Self::Broken(why) => write!(f, "broken: {why}"),
        }
    }
}

/// The names of the codes of gRPC, with what the usual ones mean here.
const GRPC: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND: it has no such service",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED: it does not serve grpc.health.v1.Health",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_in_words() {
        let words = [
            Finding::Status(503),
            Finding::GrpcStatus(12),
            Finding::GrpcStatus(99),
            Finding::NotServing(2),
        ]
        .map(|finding| finding.to_string());

        assert_eq!(
            words,
            [
                "status 503",
                "grpc-status 12, UNIMPLEMENTED: it does not serve grpc.health.v1.Health",
                "grpc-status 99",
                "it says NOT_SERVING",
            ]
        );
    }

    #[test]
    fn a_reason_has_an_end() {
        let Finding::Broken(why) = Finding::broken("ä".repeat(500)) else {
            panic!("another finding");
        };

        assert_eq!(why.len(), MAX_REASON);
    }
}
