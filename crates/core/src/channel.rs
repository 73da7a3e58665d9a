use std::fmt;
use std::str::FromStr;

/// The release channel of a build: which optional modules it carries.
///
/// A property of the binary, never of its version number. The order is from the most open to the strictest; where a
/// build was made with several channel features, the strictest one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// No channel feature: for work on a developer's machine, never published.
    Dev,
    /// A small share of production traffic, with the modules that watch it.
    Canary,
    /// The environment before production, with everything that helps to find a fault.
    Staging,
    /// Production.
    Prod,
}

impl Channel {
    /// Every channel, in the order in which tables and reports list them.
    pub const ALL: [Self; 4] = [Self::Dev, Self::Prod, Self::Staging, Self::Canary];

    /// The name, as it stands in Cargo features, file names and notes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Canary => "canary",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no channel is called `{0}`: dev, prod, staging and canary are")]
pub struct UnknownChannel(String);

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(word: &str) -> Result<Self, UnknownChannel> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == word)
            .ok_or_else(|| UnknownChannel(word.to_owned()))
    }
}
