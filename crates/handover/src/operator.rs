use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The switch that an operator asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The binary that shall take over, an absolute path.
    pub binary: String,
    /// How long its probation lasts, in milliseconds; what the configuration says if none is given.
    #[serde(default)]
    pub probation_millis: Option<u64>,
}

/// A step of a switch, for people and machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// A word for machines: `started`, `ready`, `accepting`, ...
    pub step: String,
    /// A sentence for people.
    #[serde(default)]
    pub text: String,
    /// The new process.
    #[serde(default)]
    pub pid: Option<u32>,
}

/// How a switch ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which way.
    pub fate: Fate,
    /// Why, where it did not succeed.
    #[serde(default)]
    pub reason: Option<String>,
    /// The process that was there.
    #[serde(default)]
    pub old: Option<u32>,
    /// The one that came.
    #[serde(default)]
    pub new: Option<u32>,
    /// Listeners that the new process did not claim, and that were closed.
    #[serde(default)]
    pub unclaimed: Vec<String>,
    /// Connections that the new process held by its last sign of life, where it did not stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// What became of each connection of the process that leaves, by its own count: the old one's, or, where everything was taken
    /// back, the new one's. `None` where it could not tell: it died or hangs, and what it held is lost with it, or is of a
    /// build that says nothing, or nobody could wait for it.
    #[serde(default)]
    pub ledger: Option<Value>,
}

/// Which way a switch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// The new process serves, and nothing was lost.
    Committed,
    /// The new process serves; some exchange was cut.
    Lossy,
    /// Nothing was begun.
    Refused,
    /// The new process did not come as far as serving.
    Failed,
    /// It served, and the old one took everything back.
    Returned,
    /// One that this build does not know.
    #[serde(other)]
    Unknown,
}
