use std::borrow::Cow;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// The longest text that an entry shows as it is, in bytes. A longer value becomes `sha256:<hex> (<n> bytes)`, a longer
/// reason is cut.
pub const VALUE_LIMIT: usize = 4096;

/// What happened, without number and hash, which the log adds.
///
/// Every text must already be redacted: the log shows what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, written in UTC with milliseconds.
    pub time: SystemTime,
    /// Who.
    pub actor: Actor,
    /// What was done: one word of the caller's, such as `reload`. Those that begin with `log.` are the log's own.
    pub action: Cow<'static, str>,
    /// Where it came from: a file, a variable, an option, an address.
    pub source: Option<String>,
    /// The key that changed.
    pub key: Option<String>,
    /// Its value before.
    pub old: Option<String>,
    /// Its value after.
    pub new: Option<String>,
    /// The revision that the change led to, or would have.
    pub revision: Option<u64>,
    /// The digest of what was read.
    pub digest: Option<String>,
    /// The id of the trace of which the change is a part.
    pub trace: Option<String>,
    /// Why, such as the mistake for which it was refused.
    pub reason: Option<String>,
}

impl Entry {
    /// An entry that says no more than what was done and when.
    pub fn new(time: SystemTime, action: impl Into<Cow<'static, str>>) -> Self {
        Self {
            time,
            actor: Actor::default(),
            action: action.into(),
            source: None,
            key: None,
            old: None,
            new: None,
            revision: None,
            digest: None,
            trace: None,
            reason: None,
        }
    }
}

/// Who did it, as far as known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The user that the process runs as, or who called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name of the token, never the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The id of the key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// A value as the log shows it.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= VALUE_LIMIT {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!(
        "sha256:{} ({} bytes)",
        Hash::of(&[text.as_bytes()]),
        text.len()
    ))
}

/// A reason as the log shows it: its beginning says more than a digest.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= VALUE_LIMIT {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(VALUE_LIMIT);
    Cow::Owned(format!("{}… ({} bytes)", &text[..end], text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_becomes_digest_and_length_and_a_long_reason_is_cut_between_characters() {
        let long = "é".repeat(VALUE_LIMIT);

        let (value, reason) = (shown(&long), cut(&long));

        assert!(
            value.starts_with("sha256:") && value.ends_with(" (8192 bytes)"),
            "{value}"
        );
        assert!(value.len() < 100);
        assert!(reason.starts_with("éé") && reason.ends_with("é… (8192 bytes)"));
        assert_eq!(shown("short"), "short");
        assert_eq!(cut("short"), "short");
    }
}
