use serde::{Deserialize, Serialize};

use crate::limits::WORD;

/// Who a process is, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The newest version of the protocol that it speaks; in the answer, the one that both will speak.
    pub protocol: u16,
    /// The oldest one.
    #[serde(default)]
    pub oldest: u16,
    /// Its process id. The one in [`Peer`](crate::Peer) is the kernel's word.
    pub pid: u32,
    /// The build id of its binary.
    #[serde(default)]
    pub build: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// Its channel.
    #[serde(default)]
    pub channel: String,
    /// The digest of the configuration that it runs, or would run.
    #[serde(default)]
    pub configuration: String,
}

impl Hello {
    /// This process, in the protocol of this build.
    #[must_use]
    pub fn of_this_process(build: &str, version: &str, channel: &str, configuration: &str) -> Self {
        Self {
            protocol: crate::PROTOCOL,
            oldest: crate::OLDEST_PROTOCOL,
            pid: std::process::id(),
            build: build.to_owned(),
            version: version.to_owned(),
            channel: channel.to_owned(),
            configuration: configuration.to_owned(),
        }
    }
}

impl Hello {
    /// The same with words that fit a line of a log.
    pub(crate) fn plain(self) -> Self {
        Self {
            build: plain(&self.build, WORD),
            version: plain(&self.version, WORD),
            channel: plain(&self.channel, WORD),
            configuration: plain(&self.configuration, WORD),
            ..self
        }
    }
}

/// Words of the other side, fit for a line of a log.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let fit = |c: char| if c.is_control() { ' ' } else { c };
    let plain = text.chars().take(most).map(fit).collect::<String>();
    plain.trim().to_owned()
}

/// Why the old process does not hand over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Refusal {
    /// Somebody else takes over just now.
    #[error("process {pid} takes over already")]
    Busy {
        /// Its process id.
        pid: u32,
    },
    /// The visitor speaks older versions of the protocol only.
    #[error("its protocol is too old: version {oldest} is the oldest that is understood")]
    ProtocolTooOld {
        /// The oldest version that is understood.
        oldest: u16,
    },
    /// The visitor speaks newer versions of the protocol only.
    #[error("its protocol is too new: version {newest} is the newest that is understood")]
    ProtocolTooNew {
        /// The newest version that is understood.
        newest: u16,
    },
    /// The old process does not want to, by what it knows of both.
    #[error("{text}")]
    Policy {
        /// Why, for people.
        text: String,
    },
    /// A reason that this build does not know.
    #[error("for a reason that this version does not know")]
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_other_side_cannot_begin_a_line_or_fill_a_log() {
        let words = Hello::of_this_process(&"b".repeat(1000), "1\nerror: on fire", "dev", "");

        let plain = words.plain();

        assert_eq!(plain.version, "1 error: on fire");
        assert_eq!(plain.build.len(), WORD);
    }
}
