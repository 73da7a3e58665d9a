use graylane_core::Channel;

use crate::{Cell, InspectError, State, Witness};

/// Something that must not be in a release. Any one of them fails the proof.
#[derive(Debug, thiserror::Error)]
pub enum Surprise {
    /// An artifact cannot be read, or has no notes.
    #[error("{channel}: the artifact {why}")]
    Unread {
        /// The folder it lies in.
        channel: Channel,
        /// What is wrong with it.
        why: InspectError,
    },
    /// The artifact is not of the channel whose folder it lies in.
    #[error("{channel}: the artifact says that it is of channel {says}")]
    WrongChannel {
        /// The folder it lies in.
        channel: Channel,
        /// What its note says.
        says: String,
    },
    /// Several channel features were on.
    #[error("{channel}: built with several channels at once: {}", says.join(", "))]
    SeveralChannels {
        /// The folder it lies in.
        channel: Channel,
        /// What its notes say.
        says: Vec<String>,
    },
    /// The tree that it was built from is not known.
    #[error("{channel}: built from an unknown commit")]
    UnknownCommit {
        /// The folder it lies in.
        channel: Channel,
    },
    /// Two channels have the same bytes.
    #[error("{one} and {other} are the same file, byte for byte")]
    Identical {
        /// The one.
        one: Channel,
        /// The other.
        other: Channel,
    },
    /// A second witness does not speak of this build.
    #[error("{channel}: a witness is missing: {what}")]
    NoWitness {
        /// The channel.
        channel: Channel,
        /// What is wrong.
        what: &'static str,
    },
    /// The debug file is of another link.
    #[error("{channel}: the debug file has another build id than the artifact")]
    OtherLink {
        /// The channel.
        channel: Channel,
    },
    /// Marker and witness contradict each other.
    #[error("{channel}: {module} is {state} by its markers, but {witness} {}", saw(*in_sources))]
    Disagree {
        /// The channel.
        channel: Channel,
        /// The module.
        module: String,
        /// What the markers say.
        state: State,
        /// Who contradicts.
        witness: Witness,
        /// Whether the witness saw its sources.
        in_sources: bool,
    },
    /// Absent everywhere: nothing shows that the reader would find it.
    #[error("{module} is in no artifact, so its absence is not proven")]
    NotProven {
        /// The module.
        module: String,
    },
    /// There is no committed expectation for this channel.
    #[error("{channel}: no expectation is committed")]
    NoExpectation {
        /// The channel.
        channel: Channel,
    },
    /// It differs from the committed expectation.
    #[error("{channel}: {module} is {found}, expected {}", expected.map_or("nothing of that name", State::as_str))]
    Unexpected {
        /// The channel.
        channel: Channel,
        /// The module.
        module: String,
        /// What was found.
        found: Cell,
        /// What was expected; nothing where the module is not listed.
        expected: Option<State>,
    },
}

const fn saw(in_sources: bool) -> &'static str {
    if in_sources {
        "shows its sources"
    } else {
        "does not show its sources"
    }
}

impl Surprise {
    /// The short word for it, stable for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unread { .. } => "unread",
            Self::WrongChannel { .. } => "wrong-channel",
            Self::SeveralChannels { .. } => "several-channels",
            Self::UnknownCommit { .. } => "unknown-commit",
            Self::Identical { .. } => "identical",
            Self::NoWitness { .. } => "no-witness",
            Self::OtherLink { .. } => "other-link",
            Self::Disagree { .. } => "disagree",
            Self::NotProven { .. } => "not-proven",
            Self::NoExpectation { .. } => "no-expectation",
            Self::Unexpected { .. } => "unexpected",
        }
    }

    /// Whether writing a new expectation may settle it.
    pub const fn is_blessable(&self) -> bool {
        matches!(self, Self::NoExpectation { .. } | Self::Unexpected { .. })
    }
}
