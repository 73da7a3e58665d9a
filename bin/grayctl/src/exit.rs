//! How the program ends: each expected failure, its exit code and its hint.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use graylane_audit::{Broken, ReadError, VerifyError};
use graylane_inspect::{ArtifactError, ExpectationError, InspectError, Refusal};
use graylane_load::LoadError;

use crate::command::config::KeyError;
use crate::command::switch::SwitchError;

/// Done.
pub(crate) const OK: u8 = 0;
/// The command line asks for something that there is not.
pub(crate) const USAGE: u8 = 2;
/// Output cannot be written.
pub(crate) const INTERNAL: u8 = 1;
/// A file cannot be read or written.
pub(crate) const UNREADABLE: u8 = 10;
/// Not a graylane binary.
pub(crate) const NOT_GRAYLANE: u8 = 11;
/// A committed expectation cannot be read.
pub(crate) const BAD_EXPECTATION: u8 = 12;
/// A configuration or a file of flags is wrong.
pub(crate) const INVALID: u8 = 13;
/// A file does not count: nobody who is trusted signed it.
pub(crate) const NOT_TRUSTED: u8 = 14;
/// A key cannot be made or used.
pub(crate) const KEY: u8 = 15;
/// A signature over a gray lane does not hold.
pub(crate) const NOT_SIGNED: u8 = 16;
/// The proof has at least one surprise.
pub(crate) const SURPRISE: u8 = 20;
/// The artifacts are not of one release.
pub(crate) const REFUSED: u8 = 21;
/// The configurations differ.
pub(crate) const DIFFERENT: u8 = 22;
/// A gate of `flags diff` does not hold.
pub(crate) const GATE: u8 = 23;
/// `flags lint --strict` has a warning.
pub(crate) const WARNED: u8 = 24;
/// The audit log is not what was written.
pub(crate) const BROKEN_LOG: u8 = 30;
/// The audit log has no such entry.
pub(crate) const NO_ENTRY: u8 = 31;
/// No flag has that key.
pub(crate) const NO_FLAG: u8 = 32;
/// The gateway cannot be reached, or is none.
pub(crate) const UNREACHABLE: u8 = 40;
/// The gateway refused what was asked.
pub(crate) const GATEWAY: u8 = 41;
/// A change of a running gateway has cut connections.
pub(crate) const CHANGE_LOST: u8 = 42;

/// `switch`: nothing was begun.
pub(crate) const NOT_SWITCHED: u8 = 50;
/// `switch`: the new process did not come as far as serving.
pub(crate) const SWITCH_FAILED: u8 = 51;
/// `switch`: the old process took everything back.
pub(crate) const SWITCHED_BACK: u8 = 52;
/// `switch`: connections were cut.
pub(crate) const SWITCH_LOST: u8 = 53;
/// `switch`: the old process died in the middle, or the switch was left to itself.
pub(crate) const SWITCH_UNKNOWN: u8 = 54;

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
    #[error("the audit log cannot be read")]
    Log(#[from] ReadError),
    #[error("the audit log cannot be verified")]
    Unverified(#[source] VerifyError),
    #[error("the audit log is not what was written")]
    BrokenLog(#[source] Box<Broken>),
    #[error("the audit log has no entry {0}")]
    NoEntry(u64),
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Every mistake with its place and its hint, ready to be shown.
    #[error("{0}")]
    Invalid(String),
    #[error("{} of {all} signatures do not count", .wrong)]
    NotTrusted { wrong: usize, all: usize },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("{0}")]
    NotSigned(String),
    #[error("the configurations differ")]
    Different,
    #[error("{} cannot be {verb}", path.display())]
    File {
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("there is no flag {}", graylane_diagnostic::quote(key))]
    NoFlag { key: String, near: Option<String> },
    #[error("{0}")]
    Context(String),
    #[error("{0} warning(s)")]
    Warnings(usize),
    #[error("{}", .0.join("\nerror: "))]
    Gates(Vec<String>),
    #[error(
        "{what} of {} has no place that can be changed",
        graylane_diagnostic::quote(key)
    )]
    NotChanged { what: &'static str, key: String },
    #[error("the token is empty or has characters that no token has")]
    Token,
    #[error("a change needs a token")]
    NoToken,
    #[error("{url} does not answer")]
    Unreachable { url: String, source: Box<ureq::Error> },
    #[error("what answers at {0} is no gateway")]
    NotAGateway(String),
    #[error(transparent)]
    Switch(#[from] SwitchError),
    #[error("the gateway refuses ({status}): {}", graylane_diagnostic::printable(message))]
    Gateway {
        status: u16,
        message: String,
        hint: Option<String>,
    },
    #[error("revision {revision} is in use, but {cut} connections were cut over it")]
    Lossy { revision: u64, cut: u64 },
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
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
            Self::Log(_) | Self::Unverified(_) => UNREADABLE,
            Self::BrokenLog(_) => BROKEN_LOG,
            Self::NoEntry(_) => NO_ENTRY,
            Self::Load(error) if error.is_refusal() => NOT_TRUSTED,
            Self::Load(_) => UNREADABLE,
            Self::Invalid(_) => INVALID,
            Self::NotTrusted { .. } => NOT_TRUSTED,
            Self::Key(_) => KEY,
            Self::NotSigned(_) => NOT_SIGNED,
            Self::Different => DIFFERENT,
            Self::File { .. } => UNREADABLE,
            Self::NoFlag { .. } => NO_FLAG,
            Self::Context(_) | Self::Token | Self::NoToken | Self::NotChanged { .. } => USAGE,
            Self::Warnings(_) => WARNED,
            Self::Gates(_) => GATE,
            Self::Unreachable { .. } | Self::NotAGateway(_) => UNREACHABLE,
            Self::Gateway { .. } => GATEWAY,
            Self::Lossy { .. } => CHANGE_LOST,
            Self::Switch(error) => error.code(),
        }
    }

    fn hint(&self) -> String {
        let hint = match self {
            Self::Load(error) => return error.hint(),
            Self::NoFlag { near: Some(near), .. } => {
                return format!("did you mean {}?", graylane_diagnostic::quote(near));
            }
            Self::Gateway {
                hint: Some(hint),
                message,
                ..
            } if !wants_signature(message) => {
                return graylane_diagnostic::printable(hint);
            }
            Self::Key(error) => error.hint(),
            Self::NotSigned(_) => "make another one: `grayctl context sign`",
            Self::Switch(error) => return error.hint(),
            Self::NotTrusted { .. } => "sign the files again with a trusted key: grayctl config sign FILE",
            // They say all there is to say.
            Self::Invalid(_) | Self::Different => "",
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
            Self::Log(_) | Self::Unverified(_) => {
                "give the folder `server.state`, or a file of the log in it"
            }
            Self::BrokenLog(_) => {
                "keep the files as they are and compare them with a copy; entries before that place are as they were \
                 written"
            }
            Self::NoEntry(_) => "`grayctl audit tail` shows the last ones; it may be in another file",
            Self::File { .. } => "check path and rights",
            Self::NoFlag { .. } => "`grayctl flags list` shows them",
            Self::Context(_) => r#"such as --context '{"targetingKey": "42", "country": "DE"}'"#,
            Self::Warnings(_) => "mend them, or leave --strict out",
            Self::Gates(_) => "mend the new file, or loosen the gate where the move is meant",
            Self::NotChanged { .. } => "change the file in an editor",
            Self::Token => "the file, or the variable GRAYLANE_TOKEN, has the token and nothing else",
            Self::NoToken => {
                "give it by --token-file FILE or the variable GRAYLANE_TOKEN, never as an argument"
            }
            Self::Unreachable { .. } => "is the gateway running, and is this its `admin.address`?",
            Self::NotAGateway(_) => {
                "give the address of the admin port, `admin.address`, of a graylane of this release"
            }
            Self::Gateway { message, .. } if wants_signature(message) => {
                "this gateway takes signed files only: change the file, sign it with `grayctl config sign` or minisign, \
                 and PUT signature and file, one after the other, to /flags"
            }
            Self::Gateway { .. } => "the gateway's log may say more",
            Self::Lossy { .. } => "a mistake in Graylane: please report it, with the log of the gateway",
        };
        hint.to_owned()
    }

    /// Prints the failure, its causes and its hint.
    pub(crate) fn explain(&self, out: &mut impl Write) {
        match self {
            // What differs was printed: that is the answer, and no error.
            Self::Different => return,
            Self::Invalid(text) => {
                _ = writeln!(out, "{}", text.trim_end());
                return;
            }
            _ => {}
        }
        let mut text = format!("error: {self}");
        let mut cause = match self {
            // Its words end the message already.
            Self::Inspect { why, .. } => why.source(),
            Self::Load(_) => None,
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

/// Whether a gateway refused a change for want of a signature.
fn wants_signature(message: &str) -> bool {
    message.contains("signature") || message.contains("signed")
}
