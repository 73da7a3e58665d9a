use std::fmt;
use std::str::FromStr;

use graylane_core::Channel;

use crate::Guard;

/// What a process runs for: which layer it reads, and what may override its files.
///
/// A property of the process, chosen by `--env`; the [`Channel`] of the binary is only what it is where nobody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// A developer's machine: everything may be overridden.
    Dev,
    /// The environment before production: everything but sensitive keys.
    Staging,
    /// A small share of production: everything but sensitive keys.
    Canary,
    /// Production: nothing may be overridden, and files need a signature.
    Prod,
}

impl Environment {
    /// Every environment, from the most open to the strictest.
    pub const ALL: [Self; 4] = [Self::Dev, Self::Staging, Self::Canary, Self::Prod];

    /// The word of `--env`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Canary => "canary",
            Self::Prod => "prod",
        }
    }

    /// Whether environment variables and `--set` may set a key.
    pub const fn may_override(self, guard: Guard) -> bool {
        match self {
            Self::Dev => true,
            Self::Staging | Self::Canary => matches!(guard, Guard::Open),
            Self::Prod => false,
        }
    }

    /// Whether files count only with a valid signature and a revision.
    pub const fn is_locked(self) -> bool {
        matches!(self, Self::Prod)
    }
}

impl From<Channel> for Environment {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Dev => Self::Dev,
            Channel::Staging => Self::Staging,
            Channel::Canary => Self::Canary,
            Channel::Prod => Self::Prod,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no environment is called `{0}`: dev, staging, canary and prod are")]
pub struct UnknownEnvironment(String);

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    fn from_str(word: &str) -> Result<Self, UnknownEnvironment> {
        Self::ALL
            .into_iter()
            .find(|environment| environment.as_str() == word)
            .ok_or_else(|| UnknownEnvironment(word.to_owned()))
    }
}
