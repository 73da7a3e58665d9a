//! How the program ends: each expected failure, its exit code and its hint.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use graylane_inspect::{ArtifactError, ExpectationError, InspectError, Refusal};

/// Done.
pub(crate) const OK: u8 = 0;
/// Output cannot be written.
pub(crate) const INTERNAL: u8 = 1;
/// A file cannot be read or written.
pub(crate) const UNREADABLE: u8 = 10;
/// Not a graylane binary.
pub(crate) const NOT_GRAYLANE: u8 = 11;
/// A committed expectation cannot be read.
pub(crate) const BAD_EXPECTATION: u8 = 12;
/// The proof has at least one surprise.
pub(crate) const SURPRISE: u8 = 20;
/// The artifacts are not of one release.
pub(crate) const REFUSED: u8 = 21;

/// Why the program ends without success. The usage code 2 is clap's own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
    #[error("the result cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    #[error("{} {}", path.display(), why)]
    Inspect { path: PathBuf, why: InspectError },
    #[error("an artifact is missing")]
    Artifact(#[from] ArtifactError),
    #[error("{} cannot be {verb}", path.display())]
    Expected {
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{}", path.display())]
    Expectation { path: PathBuf, source: ExpectationError },
    #[error("the artifacts cannot be judged together")]
    Refused(#[from] Refusal),
    #[error("{0} surprise(s): not proven")]
    Surprises(usize),
}

impl Failure {
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Output(_) | Self::Json(_) => INTERNAL,
            Self::Inspect { why, .. } => match why {
                InspectError::Unreadable(_) | InspectError::NotAFile | InspectError::TooLarge { .. } => {
                    UNREADABLE
                }
                _ => NOT_GRAYLANE,
            },
            Self::Artifact(_) | Self::Expected { .. } => UNREADABLE,
            Self::Expectation { .. } => BAD_EXPECTATION,
            Self::Refused(_) => REFUSED,
            Self::Surprises(_) => SURPRISE,
        }
    }

    const fn hint(&self) -> &'static str {
        match self {
            Self::Output(_) | Self::Json(_) => "is the disk full, or the terminal gone?",
            Self::Inspect { why, .. } => match why {
                InspectError::NoNotes => {
                    "nothing is known about this file. Take it from `ci/channel` or a release, and do not publish it"
                }
                InspectError::NotElf | InspectError::Damaged => {
                    "unpack the archive first, or download it again and compare its SHA-256"
                }
                InspectError::BadNotes => {
                    "it may be of a newer graylane: use the grayctl of the same release"
                }
                _ => "give the path of a graylane binary, such as dist/prod/graylane",
            },
            Self::Artifact(_) => "build every channel first: `ci/prove`, or `ci/channel NAME` for each",
            Self::Expected { .. } => "give the folder by --expected; --bless writes into it",
            Self::Expectation { .. } => "repair the line, or let `ci/prove --bless` write the file",
            Self::Refused(_) => "build all channels from one commit: `ci/prove`",
            Self::Surprises(_) => {
                "do not publish. If the change to a channel is meant, `ci/prove --bless` writes the new expectation; \
                 everything else has to be mended"
            }
        }
    }

    /// Prints the failure, its causes and its hint.
    pub(crate) fn explain(&self, out: &mut impl Write) {
        let mut text = format!("error: {self}");
        let mut cause = match self {
            // Its words end the message already.
            Self::Inspect { why, .. } => why.source(),
            other => other.source(),
        };
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        // There is nobody left to tell if stderr is gone.
        _ = writeln!(out, "{text}\nhint: {}", self.hint());
    }
}
