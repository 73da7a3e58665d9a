use std::path::PathBuf;
use std::time::Duration;

use crate::Config;

/// `[handover]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The private folder in which a running process can be met, relative to the configuration's folder; `None`: `run` in
    /// `server.state`, or nowhere where that is not set either.
    pub folder: Option<Box<str>>,
    /// From the new process's first word until it says that it is ready; default 60 s.
    pub ready_within: Duration,
    /// How long the old process watches the new one serve before it leaves; default 30 s.
    pub probation: Duration,
    /// How often the new process tells how it serves; default 500 ms.
    pub beat: Duration,
}

impl Config {
    /// Where a process of this configuration is met, relative to the configuration's folder; `None`: nowhere.
    pub fn handover_folder(&self) -> Option<PathBuf> {
        let named = self.handover.folder.as_deref().map(PathBuf::from);
        let state = self.server.state.as_deref().map(PathBuf::from);
        named.or_else(|| Some(state?.join("run")))
    }
}

impl Default for Handover {
    fn default() -> Self {
        Self {
            folder: None,
            ready_within: Duration::from_secs(60),
            probation: Duration::from_secs(30),
            beat: Duration::from_millis(500),
        }
    }
}
