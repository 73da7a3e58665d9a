//! Where changes are told: the audit log on disk, or in dev without a state folder, the log of the process.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use graylane_audit::{Actor, AppendError, Entry, Log, OpenError, Options};

use super::Trigger;

/// The current file of the audit log in the state folder.
const FILE: &str = "audit.jsonl";

/// Where changes are told.
#[derive(Debug)]
pub(crate) enum Journal {
    /// On disk, before they take effect.
    Kept { log: Box<Log>, folder: PathBuf },
    /// In the same place, which is another process's to write now.
    GivenUp { folder: PathBuf },
    /// In the log of the process only.
    Logged,
}

/// Who wants a change, and in what connection.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) trigger: Trigger,
    /// The name of the token that was shown.
    pub(crate) token: Option<String>,
    /// The trace of the request that brought it.
    pub(crate) trace: Option<String>,
}

impl Journal {
    /// The audit log of a state folder.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, OpenError> {
        match folder {
            Some(folder) => Ok(Self::Kept {
                log: Box::new(Log::open(&folder.join(FILE), Options::default())?),
                folder: folder.to_owned(),
            }),
            None => Ok(Self::Logged),
        }
    }

    /// The audit log of a state folder that another process writes still: to be taken up when that one gave it up.
    pub(crate) fn given_up(folder: Option<&Path>) -> Self {
        match folder {
            Some(folder) => Self::GivenUp {
                folder: folder.to_owned(),
            },
            None => Self::Logged,
        }
    }

    /// Lets another process write. What it adds is not known here until [`Journal::take_up`].
    pub(crate) fn give_up(&mut self) {
        if let Self::Kept { folder, .. } = self {
            *self = Self::GivenUp {
                folder: std::mem::take(folder),
            };
        }
    }

    /// Takes the right to write, and learns how the log ends now; nothing where this process has it.
    pub(crate) fn take_up(&mut self) -> Result<(), OpenError> {
        if let Self::GivenUp { folder } = self {
            *self = Self::open(Some(folder))?;
        }
        Ok(())
    }

    /// Whether nothing was ever told.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Kept { log, .. } => log.head().seq == 0,
            Self::GivenUp { folder } => is_empty(folder),
            Self::Logged => true,
        }
    }

    /// Tells what is about to happen. What cannot be told must not happen.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError> {
        match self {
            Self::Kept { log, .. } => log.append(entries).map(|_| ()),
            Self::GivenUp { .. } => Err(AppendError::Write(io::Error::other(
                "another process has the right to write",
            ))),
            Self::Logged => {
                for entry in entries {
                    log::info!("change: {}", line(entry));
                }
                Ok(())
            }
        }
    }
}

impl Origin {
    /// A change that the process makes of its own accord.
    pub(crate) fn of(trigger: Trigger) -> Self {
        Self {
            trigger,
            token: None,
            trace: None,
        }
    }

    /// An entry about a change of this origin.
    pub(crate) fn entry(&self, action: &'static str, signer: Option<&str>) -> Entry {
        Entry {
            actor: Actor {
                user: Some(process_user()),
                token: self.token.clone(),
                signer: signer.map(str::to_owned),
            },
            source: Some(self.trigger.as_str().to_owned()),
            trace: self.trace.clone(),
            ..Entry::new(SystemTime::now(), action)
        }
    }
}

/// Whether a log that is not open has no entry. One that cannot be read is taken for one that has.
fn is_empty(folder: &Path) -> bool {
    let all = graylane_audit::Filter::default();
    graylane_audit::last(folder, 1, &all).is_ok_and(|found| found.is_empty())
}

/// The user that the process runs as: a name would need a lookup that can block, and says no more.
fn process_user() -> String {
    format!("uid {}", rustix::process::geteuid().as_raw())
}

fn line(entry: &Entry) -> String {
    let mut text = entry.action.to_string();
    let digest = entry
        .digest
        .as_ref()
        .map(|digest| digest.get(..16).unwrap_or(digest).to_owned());
    for (name, value) in [
        ("source", &entry.source),
        ("key", &entry.key),
        ("old", &entry.old),
        ("new", &entry.new),
        ("revision", &entry.revision.map(|revision| revision.to_string())),
        ("digest", &digest),
        ("reason", &entry.reason),
    ] {
        if let Some(value) = value {
            text += &format!(" {name}={}", graylane_diagnostic::cut(value));
        }
    }
    text
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}
