//! The bodies of messages that nobody else needs a type for.

use serde::{Deserialize, Serialize};

use crate::Handing;

/// Some of the listeners; as many descriptors come along.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// How many are still to come.
    pub(crate) left: usize,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: String,
}

impl From<&Handing<'_>> for Entry {
    fn from(listener: &Handing<'_>) -> Self {
        Self {
            name: listener.name.to_owned(),
            kind: listener.kind.to_owned(),
        }
    }
}

/// The listeners that the new process will serve.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claimed {
    pub(crate) claimed: Vec<String>,
}

/// A connection that moves; its descriptor comes along.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(crate) listener: String,
}
