//! Where changes are told: the audit log on disk, or in dev without a state folder, the log of the process.

use std::path::Path;
use std::time::SystemTime;

use graylane_audit::{Actor, AppendError, Entry, Log, OpenError, Options};

use super::Trigger;

/// The current file of the audit log in the state folder.
const FILE: &str = "audit.jsonl";

/// Where changes are told.
#[derive(Debug)]
pub(crate) enum Journal {
    /// On disk, before they take effect.
    Kept(Log),
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
            Some(folder) => Log::open(&folder.join(FILE), Options::default()).map(Self::Kept),
            None => Ok(Self::Logged),
        }
    }

    /// Whether nothing was ever told.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Kept(log) => log.head().seq == 0,
            Self::Logged => true,
        }
    }

    /// Tells what is about to happen. What cannot be told must not happen.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError> {
        match self {
            Self::Kept(log) => log.append(entries).map(|_| ()),
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
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}
