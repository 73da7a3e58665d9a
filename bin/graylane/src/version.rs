//! Who this binary is.

use graylane_note::Notes;

use crate::channel::CHANNEL;

/// Version, channel, commit and build id, as the running binary's own notes have them.
pub(crate) struct Version {
    pub(crate) commit: &'static str,
    pub(crate) build_id: String,
}

impl Version {
    pub(crate) const NUMBER: &'static str = env!("CARGO_PKG_VERSION");

    pub(crate) fn new(notes: &Notes) -> Self {
        Self {
            commit: env!("GRAYLANE_BUILT_FROM"),
            build_id: notes.build_id.clone().unwrap_or_else(|| "none".to_owned()),
        }
    }

    /// `0.1.0 canary ab12cd34 build-id 0123...`
    pub(crate) fn line(&self) -> String {
        let commit = self.commit.get(..8).unwrap_or(self.commit);
        format!("{} {CHANNEL} {commit} build-id {}", Self::NUMBER, self.build_id)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "version": Self::NUMBER,
            "channel": CHANNEL.as_str(),
            "commit": self.commit,
            "build_id": self.build_id,
        })
    }
}
