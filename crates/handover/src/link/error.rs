use std::io;
use std::time::Duration;

/// Why a conversation cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The other side closed the connection between two messages.
    #[error("the other side hung up")]
    HungUp,
    /// It closed the connection within a message.
    #[error("the other side hung up within a message")]
    Truncated,
    /// A message did not come, or did not go out, in time.
    #[error("nothing for {limit:?}")]
    TooSlow {
        /// What the limit was.
        limit: Duration,
    },
    /// What came does not start like a message.
    #[error("this is no message of a handover")]
    Garbage,
    /// A message of another version of the protocol than agreed.
    #[error("a message of protocol version {found} instead of {agreed}")]
    Protocol {
        /// The version that the message names.
        found: u16,
        /// The one that was agreed upon.
        agreed: u16,
    },
    /// A message is larger than any may be.
    #[error("a message of {size} bytes is too large")]
    TooLarge {
        /// The size that it claims.
        size: usize,
    },
    /// A message of another step.
    #[error("{found} came out of its turn")]
    OutOfTurn {
        /// The word for the message.
        found: &'static str,
    },
    /// A message of a kind that this version does not know.
    #[error("a message of the unknown kind {kind}")]
    UnknownKind {
        /// The number that it names.
        kind: u16,
    },
    /// The body of a message cannot be read.
    #[error("{kind} cannot be read: {why}")]
    Malformed {
        /// The word for the message.
        kind: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A message brought other descriptors than it announced; all were closed.
    #[error("{found} descriptors came with {kind} instead of {announced}")]
    Descriptors {
        /// The word for the message.
        kind: &'static str,
        /// How many it announced.
        announced: usize,
        /// How many came.
        found: usize,
    },
    /// The kernel cut descriptors off: this process may open no more files.
    #[error("descriptors were cut off; the limit of open files may be reached")]
    CutOff,
    /// The socket failed.
    #[error("the socket failed")]
    Io(#[from] io::Error),
}
